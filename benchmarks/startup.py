"""How long `import aie_conv` and `aie-conv --help` take, beside an empty Python."""

import sys

from common import BIN, best, run


def main() -> int:
    empty = best(5, lambda: run([sys.executable, "-c", "pass"]))
    imported = best(5, lambda: run([sys.executable, "-c", "import aie_conv"]))
    helped = best(5, lambda: run([BIN / "aie-conv", "--help"]))
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
    return status


if __name__ == "__main__":
    sys.exit(main())
