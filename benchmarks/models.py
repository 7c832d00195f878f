"""The table of docs/models.md: networks as people use them, what of them the NPU does, and their answers.

.venv/bin/python benchmarks/models.py --write          all rows at full size (many minutes)
.venv/bin/python benchmarks/models.py --small NAME…    rows of these at the tests' small size

Each network is compiled with defaults for a device. Its share of multiply-accumulates, its calls and the
predicted time of a run (array, launches, changes of configuration, host copies, what stays on the CPU)
are the report's; the CPU's time is measured, of the same network compiled for the CPU alone. The answer is
the simulated NPU's, of the small input, beside torch's in f32 (bf16) or onnxruntime's of the same quantised
model (int8).
"""

import argparse
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import EXAMPLES, best

import aie_conv
from aie_conv.arch import get_device
from aie_conv.artifact import Artifact
from aie_conv.errors import AieConvError

sys.path.insert(0, str(EXAMPLES))
from networks import NETWORKS, Network
from networks.quantise import quantise, reference, to_onnx

DOC = Path(__file__).parent.parent / "docs" / "models.md"
DTYPES = ("bf16", "int8")
HEAD = "| network | type | input | MACs | on the NPU | calls | predicted, whole | whole on the CPU | answer |"
_MARKS = re.compile(r"(<!-- table -->\n)(.*?)(<!-- end of table -->)", re.DOTALL)


@dataclass(frozen=True)
class Row:
    """One line of the table; times in seconds."""

    network: str
    dtype: str
    shape: str
    macs: int
    share: float
    calls: int
    predicted: float
    measured: float
    answer: str

    def text(self) -> str:
        return (
            f"| {self.network} | {self.dtype} | {self.shape} | {self.macs / 1e6:,.0f} M | {self.share:.1%}"
            f" | {self.calls} | {1e3 * self.predicted:.3f} ms | {1e3 * self.measured:.1f} ms"
            f" | {self.answer} |"
        )


@dataclass(frozen=True)
class Case:
    """A network in one type and size: what is compiled, its input, and the reference's answer."""

    source: Any
    options: dict[str, Any]
    x: Any
    expected: np.ndarray

    def artifact(self, device: str, **options: Any) -> Artifact:
        """Compiled for a device."""
        return aie_conv.compile(self.source, device=device, **self.options, **options)


def case_of(network: Network, dtype: str, *, small: bool) -> Case:
    """A network as it is compiled."""
    model, x = network.build(), network.input(small=small)
    if dtype == "int8":
        inputs = [network.input(small=small, seed=seed).numpy() for seed in (1, 2, 3)]
        quantised = quantise(to_onnx(model, x), inputs)
        return Case(quantised, {}, x.numpy(), reference(quantised, x.numpy()))
    with torch.no_grad():
        expected = model(x).numpy()
    given = x.to(torch.bfloat16)
    return Case(model.to(torch.bfloat16), {"example_inputs": (given,)}, given, expected)


def answer_of(case: Case, artifact: Artifact) -> str:
    """The simulated NPU's answer beside the reference's."""
    result: Any = aie_conv.load(artifact, device="sim")(case.x)
    numbers = result.float().numpy() if isinstance(result, torch.Tensor) else np.asarray(result)
    numbers, expected = numbers.astype(np.float64), case.expected.astype(np.float64)
    error = np.linalg.norm(numbers - expected) / np.linalg.norm(expected)
    axis = 1 if expected.ndim != 3 or expected.shape[1] > expected.shape[2] else 2
    same = (numbers.argmax(axis) == expected.argmax(axis)).mean()
    return f"{same:.0%} of choices, error {error:.1e}"


def row_of(name: str, dtype: str, device: str, *, small: bool) -> Row:
    """A network compiled for the NPU and for the CPU, and run."""
    network = NETWORKS[name]
    tiny = case_of(network, dtype, small=True)
    short = tiny.artifact(device)
    answer = answer_of(tiny, short)
    case = tiny if small else case_of(network, dtype, small=False)
    artifact = short if small else case.artifact(device)
    cpu = aie_conv.load(case.artifact(device, route="cpu"), device="null")
    cpu(case.x)
    totals = artifact.report["totals"]
    run = totals["time"]
    clock = get_device(device).arch.clock_hz
    return Row(
        network.title,
        dtype,
        "x".join(map(str, case.x.shape[1:])),
        totals["macs"],
        totals["npu_macs"] / max(totals["macs"], 1),
        run["launches"],
        run["whole_cycles"] / clock,
        best(3, lambda: cpu(case.x)),
        answer,
    )


def write(rows: list[Row], device: str) -> None:
    """Put rows into the page; those of other networks that stand there stay."""
    page = DOC.read_text()
    match = _MARKS.search(page)
    if match is None:
        sys.exit(f"{DOC}: no place for the table")
    lines = {tuple(line.split(" | ")[:2]): line for line in match[2].splitlines()[2:]}
    lines |= {(f"| {row.network}", row.dtype): row.text() for row in rows}
    order = [(f"| {net.title}", dtype) for net in NETWORKS.values() for dtype in DTYPES]
    body = [HEAD, "|---|---|---|---|---|---|---|---|---|", *(lines[k] for k in order if k in lines)]
    page = _MARKS.sub(lambda m: f"{m[1]}{chr(10).join(body)}\n{m[3]}", page)
    DOC.write_text(re.sub(r"device `\w+`", f"device `{device}`", page))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NETWORKS)}")
    parser.add_argument("--device", default="npu4")
    parser.add_argument("--dtype", choices=DTYPES, action="append")
    parser.add_argument("--small", action="store_true", help="the tests' small inputs")
    parser.add_argument("--write", action="store_true", help=f"into {DOC.name}")
    args = parser.parse_args()
    for name in args.names:
        if name not in NETWORKS:
            parser.error(f"{name}: unknown: use some of {', '.join(NETWORKS)}")
    print(HEAD)
    rows: list[Row] = []
    refused: list[str] = []
    for name in args.names or NETWORKS:
        for dtype in args.dtype or DTYPES:
            start = time.perf_counter()
            try:
                rows.append(row_of(name, dtype, args.device, small=args.small))
            except AieConvError as error:
                refused.append(f"{name} {dtype}: {error}")
                print(refused[-1], flush=True)
                continue
            print(f"{rows[-1].text()} {time.perf_counter() - start:.0f} s", flush=True)
            if args.write:
                write(rows, args.device)
    if refused:
        sys.exit(f"not compiled: {len(refused)}")


if __name__ == "__main__":
    main()
