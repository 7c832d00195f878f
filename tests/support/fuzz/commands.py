"""More command lines at random: calls and their timing, regions that are pinned, reports of others, ONNX models."""

from __future__ import annotations

import random

from tests.support.fuzz.damage import NUMBERS, WORDS, damage_bytes, damage_json
from tests.support.fuzz.forms import BACKEND, Built, Case, W, X
from tests.support.fuzz.seeds import CALIBRATION, HARDWARE_REPORT, TWO_CONVS


def odd_call(draw: random.Random, built: Built) -> Case:
    """`run` and `bench` of a good artifact with a count, a length, an expected value or a device at random."""
    command = draw.choice(("run", "run", "bench"))
    odd = ("0", "-1", "1.5", "x", "", "nan", "9" * 5000, draw.choice(WORDS))
    count = draw.choice(("1", "2", "3")) if draw.random() < 0.6 else draw.choice(odd)
    value = draw.choice((f"1x8x8x32xi32={draw.choice(('144', '0', 'x', '1e400'))}", "1x8x8x32xi8=1", "@y.bin", "@x.npy",
                         "output_0=@x.npy", "1x8x8x32xi32=@x.npy", "144", draw.choice(WORDS)))  # fmt: skip
    device = draw.choice(
        ("sim", "sim", "sim", "cpu", "xrt", "hrx", "null", "npu4", "", draw.choice(WORDS))
    )
    options = {
        "run": [f"--repeat={count}", f"--expected_output={value}", f"--expected-output={value}", f"--device={device}",
                "--amd-aie-stats=d", "--amd-aie-trace=t.json"],
        "bench": [f"--repetitions={count}", f"--device={device}", "--json", "--repetitions=2", f"--min_time={count}x",
                  f"--min_time={draw.choice(('0.01s', '1ms', '-1s', 'infs', 'nans', '5', 'x', ''))}"],
    }[command]  # fmt: skip
    chosen = draw.sample(options, draw.choice((1, 1, 2, 3)))
    if command == "bench" and not any(each.startswith("--min_time") for each in chosen):
        chosen.append("--min_time=2x")
    inputs = [f"--input={X}=1", f"--input={W}=1"]
    if draw.random() < 0.2:
        inputs[draw.randrange(2)] = f"--input={draw.choice(WORDS)}"
    files = {"m.vmfb": draw.choice(built.artifacts), "x.npy": built.npy}
    return Case("call", (command, "--module=m.vmfb", *inputs, *chosen), files, ("d",))


def damaged_regions(draw: random.Random, built: Built) -> Case:
    """A report with regions as route file, damaged or for flags that speak against it."""
    data = built.regions if draw.random() < 0.3 else damage_json(draw, built.regions)
    flags = [
        f"--amd-aie-regions={draw.choice(('auto', 'large', 'single', 'none'))}",
        f"--amd-aie-route={draw.choice(('auto', 'direct', 'im2col', 'cpu'))}",
        f"--amd-aie-device={draw.choice(('npu1_4col', 'npu1_4col', 'npu4'))}",
        "--amd-aie-only",
        "--amd-aie-report=r.json",
    ]
    words = ("compile", "m.mlir", "-o", "m.vmfb", BACKEND, "--amd-aie-route-file=f.json")
    arguments = (*words, *draw.sample(flags, draw.randrange(3)))
    return Case("regions", arguments, {"m.mlir": TWO_CONVS.encode(), "f.json": data})


def odd_timing(draw: random.Random, built: Built) -> Case:
    """Reports of hardware tests and tables of measurements, damaged."""
    if draw.random() < 0.6:
        data = damage_json(draw, HARDWARE_REPORT.encode())
        return Case("timing", ("timing", "compare", "f.json"), {"f.json": data})
    rows = [line.split(",") for line in CALIBRATION.splitlines()]
    for _ in range(draw.choice((0, 1, 1, 3))):
        row = draw.choice(rows)
        row[draw.randrange(len(row))] = draw.choice((*NUMBERS, *WORDS, '"'))
    text = "\n".join(map(",".join, rows)).encode(errors="surrogateescape")
    data = text if draw.random() < 0.8 else damage_bytes(draw, text)
    options = draw.choice(([], ["-o", "t.csv"], ["-o", "d"], ["--profile", draw.choice(WORDS)]))
    return Case("timing", ("timing", "predict", "t.in", *options), {"t.in": data}, ("d",))


def damaged_onnx(draw: random.Random, built: Built) -> Case:
    """An ONNX model with bytes changed, or with sizes at random."""
    size = draw.choice(("1", "2", "0", "-1", "x", *NUMBERS, *WORDS))
    shape = draw.choice(
        ("x:1x4x8x8", f"x:{size}x4x8x8", f"y:{size}", f"x:1x4x8x{size}", size, f"x:{size}")
    )
    data = built.onnx
    if draw.random() < 0.6:
        data, shape = damage_bytes(draw, data), "x:1x4x8x8"
    words = draw.choice((("compile", "m.onnx", "-o", "m.vmfb"), ("compile", "m.onnx", "-o", "m.vmfb"),
                         ("explain", "m.onnx"), ("tune", "m.onnx", "-o", "p.json", "--search=fast")))  # fmt: skip
    arguments = (*words, *([f"--input-shape={shape}"] if draw.random() < 0.9 else []))
    return Case("onnx", arguments, {"m.onnx": data})
