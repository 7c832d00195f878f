"""Whether a change of the code changed what it makes: plans, reports and programs beside another commit's.

A fixed set of inputs (two networks in two types on two devices, and single convolutions on every route) is
compiled by this tree and by a commit's, without caches; what both emitted is compared. Programs are equal if
their text is, or their text with values renumbered, or their generic form as the xDSL dialects read it.
Reports are compared without seconds, in this tree's words (``tests/support/replay_words.json`` turns old
words into new ones).

    python benchmarks/replay.py --base HEAD~1          everything, about ten minutes
    python benchmarks/replay.py --base main --quick    the single convolutions alone
    python benchmarks/replay.py --base main --only "resnet50 int8 npu1"    cases of that name alone

A commit's results are kept in the user's cache folder. Exit status: 0 all equal, 1 something differs.
"""

import argparse
import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
WORDS = ROOT / "tests" / "support" / "replay_words.json"
KEPT = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aie_conv" / "replay"

_COMMANDS = (
    "convint8 -n 1 -c 64 -H 56 -W 56 -k 64 -y 3 -x 3 -p 1 -q 1 -I NHWC -f NHWC -O NHWC -F 1",
    "convint8 -n 1 -c 256 -H 14 -W 14 -k 512 -y 1 -x 1 -u 2 -v 2 -I NHWC -f NHWC -O NHWC -F 1",
    "convbfp16 -n 1 -c 128 -H 28 -W 28 -k 128 -y 3 -x 3 -p 1 -q 1 -I NHWC -f NHWC -O NHWC -F 1",
    "convbfp16 -n 1 -c 3 -H 37 -W 41 -k 32 -y 7 -x 7 -p 3 -q 3 -u 2 -v 2 -I NHWC -f NHWC -O NHWC -F 1",
    "convint8 -n 2 -c 37 -H 13 -W 11 -k 61 -y 3 -x 3 -l 2 -j 2 -p 2 -q 2 -I NHWC -f NHWC -O NHWC -F 1",
    "convbfp16 -n 1 -c 96 -H 28 -W 28 -k 96 -y 3 -x 3 -p 1 -q 1 -g 96 -I NHWC -f NHWC -O NHWC -F 1",
    "convint8 -n 1 -c 144 -H 28 -W 28 -k 144 -y 3 -x 3 -p 1 -q 1 -u 2 -v 2 -g 144 -I NHWC -F 1",
    "convint8 -n 1 -c 64 -H 14 -W 14 -k 64 -y 3 -x 3 -p 1 -q 1 -g 4 -I NHWC -f NHWC -O NHWC -F 1",
    "convbfp16 -n 1 -c 32 -H 20 -W 20 -k 48 -y 5 -x 5 -p 2 -q 2 -F 1",
    "convint8 -n 1 -c 4 -H 32 -W 32 -k 4 -y 3 -x 3 -p 1 -q 1 -g 4 -F 1",
)  # fmt: skip
"""Single convolutions in the words of MIOpen's driver."""
_ROUTES = (
    ("auto", "auto", "npu1_4col"),
    ("im2col", "auto", "npu1_4col"),
    ("direct", "vector", "npu4"),
    ("direct", "parametric", "npu1_4col"),
    ("direct", "sliding", "npu1_2col"),
    ("direct", "scalar", "npu1_1col"),
)
_F32 = (
    "conv -n 1 -c 32 -H 14 -W 14 -k 32 -y 3 -x 3 -p 1 -q 1 -I NHWC -f NHWC -O NHWC -F 1",
    "conv -n 1 -c 40 -H 9 -W 9 -k 24 -y 1 -x 1 -I NHWC -f NHWC -O NHWC -F 1",
)
OLD_STYLES = {"parametric": "steered"}
"""What an older tree calls a style of the direct route."""


@dataclass(frozen=True)
class Case:
    """One compilation: its name, the file of its input with a digest of it, and the options."""

    name: str
    source: str
    digest: str
    options: dict[str, str]

    @property
    def result(self) -> str:
        """The file of its result."""
        return f"{_digest(repr(asdict(self)).encode())}.json.gz"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


# -- inputs: made once by this tree, so that both trees compile the same bytes --------------------------
def _write_singles(folder: Path, only: str) -> Iterator[Case]:
    from aie_conv.frontends.miopen.command import parse
    from aie_conv.frontends.miopen.signature import generate_mlir

    def source(line: str) -> tuple[str, str]:
        (signature,) = parse(line).signatures
        data = generate_mlir(signature).encode()
        name = f"single-{_digest(line.encode())}.mlir"
        (folder / name).write_bytes(data)
        return name, _digest(data)

    for number, line in enumerate(_COMMANDS):
        file = source(line)
        for route, direct, device in _ROUTES:
            options = {"route": route, "direct": direct, "device": device}
            name = f"single {number} {route} {direct} {device}"
            if only in name:
                yield Case(name, *file, options)
    for number, line in enumerate(_F32):
        file = source(line)
        for f32 in ("cpu", "bf16", "bf16x3"):
            if only in f"f32 {number} {f32}":
                yield Case(f"f32 {number} {f32}", *file, {"f32": f32, "device": "npu1_4col"})


def _write_networks(folder: Path, only: str) -> Iterator[Case]:
    sys.path.insert(0, str(ROOT / "examples"))
    import mobilenet_v2
    import resnet50
    from network_run import module_of

    for example in (resnet50.EXAMPLE, mobilenet_v2.EXAMPLE):
        for dtype in ("int8", "bf16"):
            devices = ("npu1_4col", "npu4")
            named = {f"{example.name} {dtype} {device}": device for device in devices}
            wanted = {name: device for name, device in named.items() if only in name}
            if not wanted:
                continue
            file = folder / f"{example.name}-{dtype}.mlir"
            if not file.exists():
                file.write_bytes(module_of(example, dtype))
            digest = _digest(file.read_bytes())
            for name, device in wanted.items():
                yield Case(name, file.name, digest, {"device": device})


# -- one tree ---------------------------------------------------------------------------------------------
def record(folder: Path, out: Path) -> None:
    """Compile the cases of ``folder`` with whatever aie_conv is imported; a file for each into ``out``."""
    import aie_conv
    from aie_conv.errors import AieConvError

    for entry in json.loads((folder / "cases.json").read_text()):
        case = Case(**entry)
        target = out / case.result
        if target.exists():
            continue
        options = dict(case.options)
        source = (folder / case.source).read_bytes()
        try:
            try:
                artifact = aie_conv.compile(source, plan_cache=False, **options)
            except AieConvError:
                if options.get("direct") not in OLD_STYLES:
                    raise
                options["direct"] = OLD_STYLES[options["direct"]]
                artifact = aie_conv.compile(source, plan_cache=False, **options)
            result: dict[str, Any] = {"modules": artifact.modules, "report": artifact.report}
        except AieConvError as error:
            result = {"error": str(error)}
        target.write_bytes(gzip.compress(json.dumps({"name": case.name, **result}).encode()))


def _record_tree(tree: Path, folder: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONHASHSEED": "0"}
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import replay; from pathlib import Path; "
    )
    script += "replay.record(Path(sys.argv[2]), Path(sys.argv[3]))"
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-c",
        script,
        str(Path(__file__).parent),
        folder,
        out,
    ]
    subprocess.run(command, cwd=tree, env=environment, check=True)


# -- comparing ----------------------------------------------------------------------------------------------
def renumbered(text: str) -> str:
    """A module's text with values and blocks numbered in the order of their appearance, spaces folded."""
    names: dict[str, str] = {}

    def number(match: re.Match[str]) -> str:
        return names.setdefault(match[0], f"{match[0][0]}{len(names)}")

    lines = (" ".join(line.split("//")[0].split()) for line in text.splitlines())
    return re.sub(r"[%^][\w$.\-]+", number, "\n".join(line for line in lines if line))


@cache
def generic(text: str) -> str:
    """A module's generic form as xDSL prints it, attributes sorted and values renumbered."""
    from aie_conv.ir.xdsl.universe import parse_module, print_module

    module = parse_module(text)
    for op in module.walk():
        op.attributes = dict(sorted(op.attributes.items()))
        op.properties = dict(sorted(op.properties.items()))
        # Names are no meaning: two functions may call other values the same in one text alone.
        blocks = [block for region in op.regions for block in region.blocks]
        for value in (*op.results, *(a for block in blocks for a in block.args)):
            value.name_hint = None
    return renumbered(print_module(module, generic=True))


def compare_modules(old: str, new: str) -> str:
    """How two programs agree: "equal", "renumbered", "generic", or "DIFFERENT"."""
    if old == new:
        return "equal"
    if renumbered(old) == renumbered(new):
        return "renumbered"
    return "generic" if generic(old) == generic(new) else "DIFFERENT"


def _translate(value: Any, words: dict[str, dict[str, str]]) -> Any:
    """A report in this tree's words: names of parameters, and of styles in reasons."""
    if isinstance(value, dict):
        rest = {k: v for k, v in value.items() if k not in ("seconds", "run_time", "parameters")}
        translated = {k: _translate(v, words) for k, v in rest.items()}
        if "parameters" in value:
            names = words.get("parameters", {})
            translated["parameters"] = {names.get(k, k): v for k, v in value["parameters"].items()}
        return translated
    if isinstance(value, list):
        return [_translate(v, words) for v in value]
    if isinstance(value, str):
        for old, new in words.get("styles", {}).items():
            value = re.sub(rf"\b{re.escape(old)}\b", new, value)
    return value


def _differences(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Where two reports differ, a line each."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from _differences(old.get(key), new.get(key), f"{path}.{key}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (a, b) in enumerate(zip(old, new, strict=True)):
            yield from _differences(a, b, f"{path}[{number}]")
    elif old != new:
        yield f"{path}: {str(old)[:100]} -> {str(new)[:100]}"


def compare(old: Path, new: Path, names: Sequence[str]) -> int:
    """Print what differs between two folders of results; the number of cases that differ."""
    words = json.loads(WORDS.read_text()) if WORDS.exists() else {}
    kinds: Counter[str] = Counter()
    bad = 0
    for file in names:
        before, after = (json.loads(gzip.decompress((d / file).read_bytes())) for d in (old, new))
        lines: list[str] = []
        if "error" in before or "error" in after:
            if before.get("error") != after.get("error"):
                lines.append(f"error: {before.get('error')} -> {after.get('error')}")
        else:
            if list(before["modules"]) != list(after["modules"]):
                lines.append(f"programs: {list(before['modules'])} -> {list(after['modules'])}")
            for name in before["modules"].keys() & after["modules"].keys():
                how = compare_modules(before["modules"][name], after["modules"][name])
                kinds[how] += 1
                if how == "DIFFERENT":
                    lines.append(f"program of {name} differs")
            lines += _differences(
                _translate(before["report"], words), _translate(after["report"], {})
            )
        bad += bool(lines)
        if lines:
            print(f"{before['name']}:")
            print("\n".join(f"  {line}" for line in lines[:12]))
    summary = ", ".join(f"{count} {how}" for how, count in sorted(kinds.items()))
    print(f"{len(names)} cases, {bad} differ; programs: {summary}")
    return bad


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--base", default="HEAD", help="commit to compare with")
    parser.add_argument("--quick", action="store_true", help="single convolutions alone")
    parser.add_argument("--only", default="", help="cases whose names have this in them")
    parser.add_argument("--tree", type=Path, default=ROOT, help="the tree that is tried")
    args = parser.parse_args(argv)
    commit = subprocess.run(
        ["git", "rev-parse", args.base], cwd=args.tree, capture_output=True, text=True, check=True
    ).stdout.strip()
    folders = [KEPT / "cases-quick"] + [KEPT / "cases-networks"] * (not args.quick)
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(temporary) / "base"
        subprocess.run(
            ["git", "worktree", "add", "--detach", "-f", str(base), commit], cwd=args.tree,
            check=True, capture_output=True,
        )  # fmt: skip
        try:
            trees = (base, args.tree)
            return _replay(trees, commit, folders, Path(temporary) / "new", args.only)
        finally:
            subprocess.run(
                ["git", "worktree", "remove", "--force", str(base)], cwd=args.tree, check=True
            )


def _replay(
    trees: tuple[Path, Path], commit: str, folders: Sequence[Path], new: Path, only: str
) -> int:
    """Compile the cases with both trees, the base first; 1 if any differ."""
    (base, tree), bad = trees, 0
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        write = _write_singles if folder.name == "cases-quick" else _write_networks
        cases = list(write(folder, only))
        if not cases:
            continue
        (folder / "cases.json").write_text(json.dumps([asdict(case) for case in cases]))
        print(f"{len(cases)} compilations by {commit[:12]} and by this tree", flush=True)
        with ThreadPoolExecutor(2) as pool:
            jobs = [
                pool.submit(_record_tree, base, folder, KEPT / commit),
                pool.submit(_record_tree, tree, folder, new),
            ]
            for job in jobs:
                job.result()
        bad += compare(KEPT / commit, new, [case.result for case in cases])
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
