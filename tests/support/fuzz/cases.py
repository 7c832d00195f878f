"""Random command lines and files for `aie-conv`: good ones, and ones that are damaged in a way of their own."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from tests.support.fuzz.commands import damaged_onnx, damaged_regions, odd_call, odd_timing
from tests.support.fuzz.damage import NUMBERS, TYPES, WORDS, damage_bytes, damage_json, damage_text
from tests.support.fuzz.forms import BACKEND, Built, Case, W, X
from tests.support.fuzz.seeds import COMMANDS, LINALG_I8, MATMUL, MODULES


def _module(draw: random.Random) -> str:
    return MODULES[draw.choice(sorted(MODULES))]


def damaged_module(draw: random.Random, built: Built) -> Case:
    """MLIR text with words changed."""
    text = damage_text(draw, _module(draw))
    flags = draw.choice(
        ([], ["--amd-aie-route=direct"], ["--amd-aie-f32=bf16"], ["--amd-aie-route=cpu"])
    )
    arguments = ("compile", "m.mlir", "-o", "m.vmfb", BACKEND, *flags)
    return Case("module", arguments, {"m.mlir": text.encode(errors="surrogateescape")})


def damaged_bytes(draw: random.Random, built: Built) -> Case:
    """MLIR bytecode or text with bytes changed, from a file or stdin."""
    data = damage_bytes(draw, draw.choice((*built.bytecode, _module(draw).encode())))
    if draw.random() < 0.3:
        return Case("bytes", ("compile", "-", "-o", "m.vmfb", BACKEND), stdin=data)
    return Case("bytes", ("compile", "m.mlirbc", "-o", "m.vmfb", BACKEND), {"m.mlirbc": data})


def odd_module(draw: random.Random, built: Built) -> Case:
    """Files with nothing, or nothing much, in them."""
    text = draw.choice((
        "", " \n", "module {}", "module {\n}\n", "// only a comment\n", "module { module {} }", "\0", "\0" * 99,
        "func.func private @f()", "func.func @f() { return }", "#map = affine_map<(a) -> (a)>\n", "[" * 9999,
        "func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> { return %x : tensor<?xf32> }", "ML\xefR", "PK\3\4",
        "module @m attributes {a = 1} {}", "func.func @main(%x: i32) -> i32 { return %x : i32 }",
        "util.global private @g = 1 : i32\n", "(" * 100000,
    ))  # fmt: skip
    name = draw.choice(("m.mlir", "func.mlir", "é.mlir", "a b.mlir", "m", "n" * 250))
    command = draw.choice(("compile", "explain", "tune", "offload"))
    arguments = {
        "compile": ("compile", name, "-o", "m.vmfb", BACKEND),
        "explain": ("explain", name),
        "tune": ("tune", name, "-o", "p.json"),
        "offload": ("explain", "--pipeline=offload", name),
    }[command]
    return Case("odd module", arguments, {name: text.encode("latin-1")})


def damaged_artifact(draw: random.Random, built: Built) -> Case:
    """An artifact with bytes changed; should it run, the result must be right."""
    data = damage_bytes(draw, draw.choice(built.artifacts))
    inputs = (f"--input={X}=1", f"--input={W}=1", "--output=@y.bin")
    return Case(
        "artifact", ("run", "--module=m.vmfb", *inputs), {"m.vmfb": data}, good=built.result
    )


def odd_inputs(draw: random.Random, built: Built) -> Case:
    """A good artifact with an input, a function or an output at random, or several."""

    def value() -> str:
        shape = "x".join(draw.choice(NUMBERS) for _ in range(draw.randrange(5)))
        kind = draw.choice((*TYPES, "i8", "i8"))
        filled = draw.choice(
            ("", "=1", "=1,2", "=@x.npy", "=@x.bin", "=@none", f"={draw.choice(NUMBERS)}")
        )
        return draw.choice((f"{shape}x{kind}{filled}", f"{X}={draw.choice(NUMBERS)}", f"{X}{filled}", "@x.npy",
                            "@", draw.choice(NUMBERS), draw.choice(WORDS)))  # fmt: skip

    inputs, outputs, others = [f"{X}=1", f"{W}=1"], ["y.npy"], list[str]()
    for _ in range(draw.choice((1, 1, 2))):
        how = draw.randrange(7)
        if how < 3:
            inputs[draw.randrange(len(inputs))] = value()
        elif how == 3:
            inputs = draw.choice(([f"{X}=1"], ["@x.npy", f"{W}=1"], [*inputs, "1"]))
        elif how == 4:
            names = (
                "y.bin",
                "z",
                "n" * 300,
                "n" * 255,
                "no/y",
                ".",
                "x.npy",
                "",
                "/dev/null",
                "/dev/full",
            )
            outputs = [draw.choice(names) for _ in range(draw.randrange(3))]
        elif how == 5:
            others.append(f"--function={draw.choice(('main', 'none', '', '__init', *WORDS))}")
        else:
            name = draw.choice(("s.json", "no/s", "y.npy", "d", "/dev/full"))
            others.append(f"--amd-aie-{draw.choice(('stats', 'trace'))}={name}")
    arguments = ["run", "--module=m.vmfb", *(f"--input={i}" for i in inputs)]
    arguments += [*(f"--output=@{o}" for o in outputs), *others]
    npy = built.npy if draw.random() < 0.3 else damage_bytes(draw, built.npy)
    binary = b"\1" * draw.choice((0, 1, 1600, 4608))
    files = {"m.vmfb": draw.choice(built.artifacts), "x.npy": npy, "x.bin": binary}
    return Case(
        "inputs", tuple(arguments), files, ("d",), disk=draw.choice((None, None, None, 100))
    )


_FLAGS = {
    "device": ("npu1_4col", "npu1_1col", "npu4", "npu1", "phoenix", "hawk point", "krackan"),
    "route": ("auto", "cpu", "im2col", "direct"),
    "direct": ("auto", "vector", "scalar", "sliding", "steered", "parametric"),
    "f32": ("cpu", "bf16", "bf16x3"),
    "bf16": ("exact", "bfp16"),
    "cpu-cost": ("fixed", "measured"),
    "regions": ("auto", "large", "single"),
    "binaries": ("auto", "off", "require"),
    "check": ("off", "tools"),
    "mlir-aie-dir": ("d", "none", "m.mlir"),
    "peano-dir": ("d", "none", "m.mlir"),
    "route-file": ("f.json", "d", "none"),
    "search": ("fast", "best"),
    "plan-db": ("f.json", "d", "none"),
    "plan-cache": ("on", "off"),
    "configurations": ("few", "each"),
    "report": ("r.json", "d", "no/r.json", "m.vmfb", "/dev/null", "/dev/full"),
    "emit": ("d", "d/e/f", "m.mlir", "n" * 300),
    "emit-level": ("aie", "air"),
    "air-version": ("august", "march"),
    "html": ("h.html", "r.json", "d"),
    "trace": ("t.json", "r.json", "no/t.json"),
    "trace-dispatch": ("*", "0", "none"),
    "only": ("", "1"),
    "none": ("x",),
}  # fmt: skip
_IREE_FLAGS = (
    "--iree-opt-level=O0", "--iree-opt-level=O3", "--iree-opt-level=O9", "--iree-input-type=torch",
    "--iree-input-type=none", "--iree-opt-data-tiling", "--iree-opt-data-tiling=false", "--iree-no-such-flag",
    "--iree-llvmcpu-target-cpu=generic", "--iree-llvmcpu-target-cpu=x", "--iree-llvmcpu-target-triple=x",
    "--iree-llvmcpu-target-triple=aarch64-linux-gnu", "--iree-hal-target-device=local", "--compile-to=flow",
    "--iree-hal-target-device=x", "--iree-vm-emit-polyglot-zip=false", "--iree-vm-bytecode-module-strip-source-map",
    "--iree-preprocessing-pass-pipeline=x", "--iree-preprocessing-pass-pipeline=builtin.module()",
    "--iree-opt-strip-assertions", "--verify=false", "--mlir-print-op-on-diagnostic", "--help-hidden", "--version",
    "--output-format=vm-asm", "--split-input-file", "--iree-vm-target-index-bits=32", "--iree-llvmcpu-keep-linker",
)  # fmt: skip


def odd_flags(draw: random.Random, built: Built) -> Case:
    """Flags of compile, ours and IREE's, one or two of them, now and then with values at random."""
    words: list[str] = ["m.mlir", "-o", "m.vmfb", BACKEND]
    for _ in range(draw.choice((1, 1, 2, 3))):
        name = draw.choice(sorted(_FLAGS))
        value = draw.choice(_FLAGS[name])
        if draw.random() < 0.15:
            value = draw.choice((*WORDS, *NUMBERS))
        how = draw.random()
        if name == "only" and how < 0.4:
            words.append("--amd-aie-only")
        elif how < 0.6:
            words.append(f"--amd-aie-{name}={value}")
        elif how < 0.9:
            words.append(draw.choice(_IREE_FLAGS))
        else:
            odd = (
                f"--amd-aie-{name}",
                value,
                f"--{value}",
                "-o",
                f"--machine={value}",
                "--machine=f.json",
            )
            words.insert(draw.randrange(len(words) + 1), draw.choice(odd))
    text = LINALG_I8 if draw.random() < 0.7 else _module(draw)
    files = {
        "m.mlir": text.encode(),
        "f.json": draw.choice((b"{}", b"[]", built.report, built.database)),
    }
    return Case("flags", ("compile", *words), files, ("d",))


def damaged_json(draw: random.Random, built: Built) -> Case:
    """A report as route file, a database of plans, or a machine file, damaged."""
    which = draw.choice(("route-file", "plan-db", "machine", "merge"))
    machine = {
        "shim": {"start_cycles": 10},
        "core": {},
        "soft": {"muli i64": 4},
        "host": {"launch": 1e-5},
    }
    data = {"route-file": built.report, "machine": json.dumps(machine).encode()}.get(
        which, built.database
    )
    files = {"m.mlir": LINALG_I8.encode(), "f.json": damage_json(draw, data)}
    if which == "merge":
        return Case("json", ("tune", "merge", "f.json", "f.json", "-o", "p.json"), files)
    flag = "--machine=f.json" if which == "machine" else f"--amd-aie-{which}=f.json"
    return Case("json", ("compile", "m.mlir", "-o", "m.vmfb", BACKEND, flag), files)


def odd_driver(draw: random.Random, built: Built) -> Case:
    """Commands of a driver with values at random; what runs is compared with torch."""
    words = draw.choice(COMMANDS).split()
    for _ in range(draw.randrange(3)):
        place = draw.randrange(1, len(words))
        small = ("0", "1", "2", "3", "5", "8", "16")
        words[place] = draw.choice((*small, *small, *NUMBERS, draw.choice(WORDS)))
    command = draw.choice(("driver", "driver", "generate", "explain", "tune", "file"))
    if command == "driver":
        return Case("driver", ("driver", "--verify-numerics", *words))
    if command == "generate":
        level = draw.choice(("linalg", "torch", "aie", "flow", "x"))
        return Case("driver", ("generate", f"--level={level}", "-c", " ".join(words)))
    if command == "explain":
        stage = draw.choice(([], ["--stage=candidates"], ["--full"], ["-o", "d"], ["--dispatch=0"]))
        return Case("driver", ("explain", *stage, "--", *words))
    lines = "\n".join((" ".join(words), "# a comment", draw.choice(COMMANDS)))
    files = {"c.txt": lines.encode(errors="surrogateescape")}
    if command == "tune":
        return Case("driver", ("tune", "c.txt", "-o", "p.json", "--search=fast"), files)
    return Case(
        "driver", ("driver", "--commands-file=c.txt", "--compile-only", "--csv=t.csv"), files
    )


def odd_files(draw: random.Random, built: Built) -> Case:
    """Outputs that cannot be: long names, folders, devices, a disk that is full."""
    name = draw.choice(("m.vmfb", "n" * 300, "n" * 255, "d", "d/x", "no/x", "m.mlir/x", "/dev/null", "/dev/full",
                        "", ".", "é", "\udcff", "a b"))  # fmt: skip
    extra = draw.choice(([], ["--amd-aie-emit=d/new"], ["--amd-aie-emit=e"], ["--amd-aie-report=r.json"],
                         ["--amd-aie-html=h.html", "--amd-aie-trace=t.json"], [f"--amd-aie-report={name}"]))  # fmt: skip
    disk = draw.choice((None, None, 0, 1000, 9000))
    text = LINALG_I8 if draw.random() < 0.7 else damage_text(draw, MATMUL)
    route = draw.choice(([], ["--amd-aie-route=direct"]))
    arguments = ("compile", "m.mlir", "-o", name, BACKEND, *extra, *route)
    return Case(
        "files", arguments, {"m.mlir": text.encode(errors="surrogateescape")}, ("d",), disk=disk
    )


def odd_command(draw: random.Random, built: Built) -> Case:
    """Words at random behind a command."""
    commands = (
        "compile",
        "explain",
        "run",
        "driver",
        "generate",
        "tune",
        "cpu-cost",
        "timing",
        "bench",
        "doctor",
        "none",
        "",
    )
    words = ["--help", "-o", "m.mlir", "predict", "table", "show", "merge", "--stage=core", "--jobs", "--module",
             "-c", "-f", "--full", "--machine", "f.json", "--csv=t.csv", "--device=sim", "--json", "compare", *WORDS, *NUMBERS]  # fmt: skip
    chosen = tuple(draw.choice(words) for _ in range(draw.randrange(5)))
    files = {"m.mlir": _module(draw).encode(), "f.json": b"{}"}
    return Case(
        "words", (draw.choice(commands), *chosen), files, stdin=damage_bytes(draw, b"module {}")
    )


KINDS: tuple[tuple[Callable[[random.Random, Built], Case], int], ...] = (
    (damaged_module, 6), (damaged_bytes, 3), (odd_module, 2), (damaged_artifact, 5), (odd_inputs, 4),
    (odd_flags, 4), (damaged_json, 3), (odd_driver, 4), (odd_files, 3), (odd_command, 2),
    (odd_call, 4), (damaged_regions, 2), (odd_timing, 2), (damaged_onnx, 3),
)  # fmt: skip
"""What makes cases, and how often of all it is asked."""


def case(seed: int, number: int, built: Built) -> Case:
    """The case of that number: the same for the same seed, whatever ran before."""
    draw = random.Random(f"{seed}/{number}")
    makers, weights = zip(*KINDS, strict=True)
    return draw.choices(makers, weights)[0](draw, built)
