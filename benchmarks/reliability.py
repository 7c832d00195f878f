"""Random command lines and files for `aie-conv`: what was refused and what was wrong.

Each run must end in status 0, 1 or 2, with a line on stderr where it was refused, and leave no file that it
was not asked for. A traceback, a signal, a hang or a wrong result is a fault, and is printed with how to
repeat it: `--seed S --only N`. `--write` writes the figures of docs/reliability.md.
"""

import argparse
import collections
import os
import pickle
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.fuzz.cases import case  # noqa: E402
from tests.support.fuzz.forms import Built  # noqa: E402
from tests.support.fuzz.judge import Ending, build, perform, preload  # noqa: E402

DOCUMENT = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- figures of the command line -->\n", "<!-- end of the command line -->\n"


def figures(endings: list[Ending]) -> str:
    """The table of docs/reliability.md."""
    rows = ["| what was damaged | runs | succeeded | refused | IREE died, told in a line | wrong | faults |",
            "|---|---|---|---|---|---|---|"]  # fmt: skip
    kinds = sorted({ending.case.kind for ending in endings})
    for kind in [*kinds, "all"]:
        some = [e for e in endings if kind in (e.case.kind, "all")]
        wrong = sum("a wrong result" in e.faults for e in some)
        faults = sum(bool(e.faults) for e in some)
        succeeded = sum(e.status == 0 for e in some)
        died = sum(e.iree_died for e in some)
        refused = len(some) - succeeded - died
        rows.append(
            f"| {kind} | {len(some)} | {succeeded} | {refused} | {died} | {wrong} | {faults} |"
        )
    return "\n".join(rows) + "\n"


def show(number: int, ending: Ending) -> None:
    """Print a run that ended badly."""
    words = " ".join(map(repr, ending.case.arguments))
    print(
        f"case {number} ({ending.case.kind}): {'; '.join(ending.faults)}\n  aie-conv {words[:600]}"
    )
    tail = ending.errors.strip().splitlines()[-6:]
    print("\n".join(f"  | {line[:300]}" for line in tail), flush=True)


def run_some(
    options: argparse.Namespace, numbers: list[int], built: Built, top: Path
) -> list[Ending]:
    """Run the cases of these numbers one after the other."""
    endings: list[Ending] = []
    for number in numbers:
        chosen = case(options.seed, number, built)
        if options.kind not in (None, chosen.kind):
            continue
        if options.only is not None:
            for file, data in chosen.files.items():
                print(f"-- {file}\n{data[:4000].decode(errors='replace')}")
        endings.append(perform(chosen, top / str(number)))
        if endings[-1].faults or options.only is not None:
            show(number, endings[-1])
    return endings


def run_all(
    options: argparse.Namespace, numbers: list[int], built: Built, top: Path
) -> list[Ending]:
    """Run the cases in as many processes as were asked for, forked: they begin with the imports done."""
    parts = [numbers[job :: options.jobs] for job in range(options.jobs)]
    pids: list[int] = []
    for job, part in enumerate(parts):
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                endings = run_some(options, part, built, top)
                (top / f"endings{job}").write_bytes(pickle.dumps(endings))
                status = 0
            finally:
                sys.stdout.flush()
                os._exit(status)
        pids.append(pid)
    if any([os.waitpid(pid, 0)[1] for pid in pids]):
        raise RuntimeError("a process of the fuzzer failed")
    return [
        e for job in range(options.jobs) for e in pickle.loads((top / f"endings{job}").read_bytes())
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="as many processes")
    parser.add_argument("--only", type=int, help="the case of this number, in full")
    parser.add_argument("--kind", help="cases of this kind alone")
    parser.add_argument(
        "--write", action="store_true", help="write the figures to docs/reliability.md"
    )
    options = parser.parse_args()
    preload()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        built = build(top)
        numbers = list(range(options.runs)) if options.only is None else [options.only]
        endings = run_all(options, numbers, built, top)
    table = figures(endings)
    print(table)
    print(f"seed {options.seed}: {len(endings)} runs in {time.monotonic() - start:.0f} s")
    slowest = max(endings, key=lambda ending: ending.seconds)
    print(f"slowest: {slowest.seconds:.1f} s: {' '.join(slowest.case.arguments)[:200]!r}")
    kinds = collections.Counter(fault for ending in endings for fault in ending.faults)
    for fault, count in kinds.most_common():
        print(f"{count} x {fault}")
    if options.write:
        text = DOCUMENT.read_text()
        head, _, rest = text.partition(BEGIN)
        tail = rest.partition(END)[2]
        DOCUMENT.write_text(f"{head}{BEGIN}{table}{END}{tail}")
    return int(any(ending.faults for ending in endings))


if __name__ == "__main__":
    sys.exit(main())
