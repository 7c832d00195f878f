"""How long `import aie_conv` and `aie-conv --help` take, beside an empty Python; what a child adds."""

import resource
import subprocess
import sys

from common import BIN, best, run

REFUSED = ["explain", "--stage=none", "none.mlir"]
"""A command that is refused as soon as its own imports are done."""

HERE = "import sys; from aie_conv.cli.main import main; sys.exit(main(sys.argv[1:]))"


def refuse(command: list[str]) -> float:
    """Run a command that is refused; the processor's seconds for it and its child."""

    def spent() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    before = spent()
    subprocess.run([*command, *REFUSED], capture_output=True, check=False)
    return spent() - before


def main() -> int:
    empty = best(5, lambda: run([sys.executable, "-c", "pass"]))
    imported = best(5, lambda: run([sys.executable, "-c", "import aie_conv"]))
    helped = best(5, lambda: run([BIN / "aie-conv", "--help"]))
    forked = min(refuse([sys.executable, "-m", "aie_conv.cli.main"]) for _ in range(9))
    here = min(refuse([sys.executable, "-c", HERE]) for _ in range(9))
    print(f"python, empty: {empty:.3f} s")
    status = 0
    for name, seconds, limit in (
        ("import aie_conv", imported, 0.3),
        ("aie-conv --help", helped, 0.5),
    ):
        holds = seconds < limit
        status |= not holds
        times = seconds / empty
        print(
            f"{name}: {seconds:.3f} s, {times:.1f} x empty (below {limit} s) "
            f"{'ok' if holds else 'MISSED'}"
        )
    added = forked - here
    holds = added < 0.05
    verdict = "ok" if holds else "MISSED"
    print(f"a command in its child: {added:+.3f} s of the processor (below 0.05 s) {verdict}")
    return status | (not holds)


if __name__ == "__main__":
    sys.exit(main())
