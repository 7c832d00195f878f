"""Random int8 graphs of convolutions with residuals, as MLIR and in torch's exact arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray


@dataclass(frozen=True)
class Step:
    """One convolution: y = clamp((sum + bias + (residual << 2)) >> shift), in NHWC.

    Attributes:
        source: the value that it reads: 0 is the input, i the i-th step's.
        residual: the value that is added; -1 for none.
        channels: of its output.
        window, stride: of both axes; padded so that stride 1 keeps the size.
        low: the least result, 0 for a ReLU.
        beside: the value whose channels are joined behind the source's; -1 for none.
        half: which half of the channels is read; -1 for all.
    """

    source: int
    residual: int
    channels: int
    window: int
    stride: int
    low: int
    beside: int = -1
    half: int = -1


@dataclass(frozen=True)
class Network:
    """A graph.

    Attributes:
        size: (height, width, channels) of the input.
        steps: in program order.
        results: the values that the function returns.
        seed: of its weights.
        batch: images of a call.
    """

    size: tuple[int, int, int]
    steps: tuple[Step, ...]
    results: tuple[int, ...]
    seed: int
    batch: int = 1

    def channels_of(self, step: Step) -> int:
        """The channels that a step reads."""
        shapes = self.shapes
        read = shapes[step.source][2] + (shapes[step.beside][2] if step.beside >= 0 else 0)
        return read // 2 if step.half >= 0 else read

    def kind(self, shape: tuple[int, int, int], dtype: str = "i8") -> str:
        """The type of a value, as MLIR."""
        return f"tensor<{self.batch}x{'x'.join(map(str, shape))}x{dtype}>"

    @property
    def shapes(self) -> list[tuple[int, int, int]]:
        """(height, width, channels) of every value."""
        shapes = [self.size]
        for step in self.steps:
            h, w, _ = shapes[step.source]
            shapes.append((-(-h // step.stride), -(-w // step.stride), step.channels))
        return shapes

    @property
    def weights(self) -> list[tuple[NDArray[np.int8], NDArray[np.int32]]]:
        """Filter (HWIO) and bias of each step."""
        rng = np.random.default_rng(self.seed)
        arrays: list[tuple[NDArray[np.int8], NDArray[np.int32]]] = []
        for step in self.steps:
            c = self.channels_of(step)
            shape = (step.window, step.window, c, step.channels)
            filter_ = rng.integers(-100, 101, shape, np.int8)
            arrays.append((filter_, rng.integers(-999, 1000, step.channels, np.int32)))
        return arrays

    def shift(self, step: Step) -> int:
        """Of the sums, so that results spread over int8."""
        terms = step.window**2 * self.channels_of(step)
        return 7 + int(np.log2(terms) / 2)


def random_network(
    seed: int, steps: int, size: int = 16, channels: Sequence[int] = (64, 128)
) -> Network:
    """Chains and residuals, values read twice, results needed inside and outside."""
    random = Random(seed)
    made: list[Step] = []
    network = Network((size, size, random.choice(channels)), (), (), seed)
    for _ in range(steps):
        shapes = network.shapes
        # Mostly the value before, sometimes an older one.
        source = len(made) if random.random() < 0.75 else random.randrange(len(made) + 1)
        stride = 2 if random.random() < 0.15 and shapes[source][0] >= size else 1
        h, w, _ = shapes[source]
        wanted = random.choice(channels)
        shape = (-(-h // stride), -(-w // stride), wanted)
        able = [i for i, known in enumerate(shapes) if known == shape]
        residual = random.choice(able) if able and random.random() < 0.5 else -1
        step = Step(
            source, residual, wanted, random.choice((1, 1, 3)), stride, random.choice((0, -128))
        )
        made.append(step)
        network = Network(network.size, tuple(made), (), seed)
    others = [i for i in range(1, steps) if random.random() < 0.15][:2]
    unread = (
        {i for i in range(1, steps + 1)} - {s.source for s in made} - {s.residual for s in made}
    )
    # What nobody reads is no part of the program, so the last few unread values are results.
    results = sorted({*others, *sorted(unread)[-2:], steps})
    return Network(network.size, tuple(made), tuple(results), seed)


def random_joins(seed: int, steps: int, size: int = 16) -> Network:
    """The same with values joined and halved; several of them are results."""
    random = Random(seed)
    plain = random_network(seed, steps, size)
    made: list[Step] = []
    for number, step in enumerate(plain.steps):
        shapes = plain.shapes
        h, w, _ = shapes[step.source]
        able = [i for i in range(number + 1) if shapes[i][:2] == (h, w)]
        beside = random.choice(able) if random.random() < 0.5 else -1
        half = random.randrange(2) if random.random() < 0.3 else -1
        made.append(replace(step, beside=beside, half=half))
    results = {*plain.results, *random.sample(range(1, steps + 1), min(steps, 3))}
    return replace(plain, steps=tuple(made), results=tuple(sorted(results)))


def reference(network: Network, image: NDArray[np.int8]) -> list[NDArray[np.int8]]:
    """The results in exact arithmetic; image [batch, h, w, c]."""
    values = [torch.from_numpy(image.astype(np.float64)).permute(0, 3, 1, 2)]
    for step, (filter_, bias) in zip(network.steps, network.weights, strict=True):
        kernel = torch.from_numpy(filter_.astype(np.float64)).permute(3, 2, 0, 1)
        read = values[step.source]
        if step.beside >= 0:
            read = torch.cat([read, values[step.beside]], 1)
        if step.half >= 0:
            read = read.chunk(2, 1)[step.half]
        sums = torch.nn.functional.conv2d(
            read, kernel, torch.from_numpy(bias.astype(np.float64)), step.stride,
            step.window // 2,
        ).long()  # fmt: skip
        if step.residual >= 0:
            sums += values[step.residual].long() << 2
        clamped = (sums >> network.shift(step)).clamp(step.low, 127)
        values.append(clamped.double())
    return [
        values[i].permute(0, 2, 3, 1).to(torch.int8).contiguous().numpy() for i in network.results
    ]


def _dense(array: NDArray[np.generic]) -> str:
    kind = f"tensor<{'x'.join(map(str, array.shape))}xi{8 * array.itemsize}>"
    return f'arith.constant dense<"0x{array.tobytes().hex().upper()}"> : {kind}'


_MAPS = {
    "out": "affine_map<(n, h, w, c) -> (n, h, w, c)>",
    "channel": "affine_map<(n, h, w, c) -> (c)>",
}


def _read_text(network: Network, number: int) -> tuple[list[str], str]:
    """What a step reads, joined and cut; its name."""
    step, shapes, y = network.steps[number], network.shapes, f"%v{number + 1}"
    h, w, c = shapes[step.source]
    source, kind = f"%v{step.source}", network.kind((h, w, c))
    lines: list[str] = []
    if step.beside >= 0:
        other = shapes[step.beside]
        c += other[2]
        joined = network.kind((h, w, c))
        lines.append(
            f"{y}_j = tensor.concat dim(3) {source}, %v{step.beside}"
            f" : ({kind}, {network.kind(other)}) -> {joined}"
        )
        source, kind = f"{y}_j", joined
    if step.half >= 0:
        c //= 2
        lines.append(
            f"{y}_h = tensor.extract_slice {source}[0, 0, 0, {step.half * c}]"
            f" [{network.batch}, {h}, {w}, {c}] [1, 1, 1, 1] : {kind} to {network.kind((h, w, c))}"
        )
        source = f"{y}_h"
    return lines, source


def _step_text(network: Network, number: int) -> list[str]:
    step = network.steps[number]
    filter_, bias = network.weights[number]
    shapes = network.shapes
    (h, w, _), out, y = shapes[step.source], shapes[number + 1], f"%v{number + 1}"
    c, by = network.channels_of(step), step.window // 2
    lines, source = _read_text(network, number)
    kind = network.kind((h, w, c))
    if by:
        padded = network.kind((h + 2 * by, w + 2 * by, c))
        lines += [
            f"{y}_z = arith.constant 0 : i8",
            f"{y}_p = tensor.pad {source} low[0, {by}, {by}, 0] high[0, {by}, {by}, 0] {{",
            f"^bb0(%i: index, %j: index, %k: index, %l: index): tensor.yield {y}_z : i8",
            f"}} : {kind} to {padded}",
        ]
        source, kind = f"{y}_p", padded
    k = f"tensor<{'x'.join(map(str, filter_.shape))}xi8>"
    acc = network.kind(out, "i32")
    lines += [
        f"{y}_f = {_dense(filter_)}",
        f"{y}_b = {_dense(bias)}",
        f"{y}_c0 = arith.constant 0 : i32",
        f"{y}_s = arith.constant {network.shift(step)} : i32",
        f"{y}_l = arith.constant {step.low} : i32",
        f"{y}_m = arith.constant 127 : i32",
        f"{y}_t = arith.constant 2 : i32",
        f"{y}_e = tensor.empty() : {acc}",
        f"{y}_0 = linalg.fill ins({y}_c0 : i32) outs({y}_e : {acc}) -> {acc}",
        f"{y}_a = linalg.conv_2d_nhwc_hwcf {{dilations = dense<1> : vector<2xi64>,"
        f" strides = dense<{step.stride}> : vector<2xi64>}} ins({source}, {y}_f : {kind}, {k})"
        f" outs({y}_0 : {acc}) -> {acc}",
        f"{y}_o = tensor.empty() : {network.kind(out)}",
    ]
    ins = [(f"{y}_a", acc, "i32", "out"), (f"{y}_b", f"tensor<{out[2]}xi32>", "i32", "channel")]
    if step.residual >= 0:
        ins.append((f"%v{step.residual}", network.kind(shapes[step.residual]), "i8", "out"))
    maps = ", ".join(_MAPS[each[3]] for each in ins) + f", {_MAPS['out']}"
    names, kinds = (", ".join(each[i] for each in ins) for i in (0, 1))
    args = ", ".join(f"%x{i}: {each[2]}" for i, each in enumerate(ins))
    body = ["%q = arith.addi %x0, %x1 : i32"]
    last = "%q"
    if step.residual >= 0:
        body += [
            "%r = arith.extsi %x2 : i8 to i32",
            f"%t = arith.shli %r, {y}_t : i32",
            "%u = arith.addi %q, %t : i32",
        ]
        last = "%u"
    body += [
        f"%g = arith.shrsi {last}, {y}_s : i32",
        f"%h = arith.maxsi %g, {y}_l : i32",
        f"%i = arith.minsi %h, {y}_m : i32",
        "%j = arith.trunci %i : i32 to i8",
        "linalg.yield %j : i8",
    ]
    parallel = ", ".join(['"parallel"'] * 4)
    lines += [
        f"{y} = linalg.generic {{indexing_maps = [{maps}], iterator_types = [{parallel}]}}"
        f" ins({names} : {kinds}) outs({y}_o : {network.kind(out)}) {{",
        f"^bb0({args}, %out: i8):",
        *body,
        f"}} -> {network.kind(out)}",
    ]
    return lines


def module_text(network: Network, name: str = "main") -> str:
    """The network as a function of one tensor."""
    shapes = network.shapes
    kinds = ", ".join(network.kind(shapes[i]) for i in network.results)
    lines = [line for number in range(len(network.steps)) for line in _step_text(network, number)]
    values = ", ".join(f"%v{i}" for i in network.results)
    head = f"func.func @{name}(%v0: {network.kind(network.size)}) -> ({kinds}) {{"
    return "\n".join(["module {", head, *lines, f"return {values} : {kinds}", "}", "}"])
