"""What the rewriting puts around a call: host copies, initialisers, shared programs, values."""

from dataclasses import dataclass, replace

import numpy as np

from aie_conv.layout.hostcopy import HostCopy
from aie_conv.partitioner.interface import Argument
from tests.bridge import modules
from tests.bridge.modules import Conv
from tests.bridge.reference import PassPlan, assert_same, on_cpu, route_all, small_integers


@dataclass(frozen=True)
class CopyPlan(PassPlan):
    """Hands over a copy of the filter, made from two halves, and takes a copy of the result."""

    def __post_init__(self) -> None:
        rhs, out = self.problem.rhs, self.problem.out
        shape, flat = (2, rhs.elements // 2), (out.elements,)
        packing = tuple(
            HostCopy(
                "rhs", shape, rhs.dtype, (half, 0), (1, shape[1]), (0, 1), "packed", shape,
                rhs.dtype, (half, 0),
            )
            for half in (0, 1)
        )  # fmt: skip
        last = HostCopy(
            "result", flat, out.dtype, (0,), flat, (0,), "out", flat, out.dtype, (0,)
        )  # fmt: skip
        object.__setattr__(self, "prologue", packing)
        object.__setattr__(self, "finish", (last,))

    @property
    def arguments(self) -> tuple[Argument, ...]:
        plain = super().arguments
        packed = Argument("packed", plain[1].dtype, plain[1].elements)
        return (plain[0], packed, *plain[2:])


def test_copies_around_the_call() -> None:
    text = modules.plain(Conv(padding=1))
    routed = route_all(text, CopyPlan)
    inputs = small_integers(routed.program.main)
    expected = np.asarray(on_cpu(text).main(*inputs))
    for _ in range(2):
        np.testing.assert_array_equal(np.asarray(routed.program.main(*inputs)), expected)


def test_a_constant_filter_is_copied_at_load() -> None:
    conv = Conv(c=2, oc=2, kh=1, kw=1)
    shape, _, filters, out = conv.shapes()
    body = "\n    %f = arith.constant dense<[[[[1.0, -2.0], [3.0, 0.5]]]]> : "
    body += modules.tensor(*filters, "bf16") + modules.conv_op("y", conv, "x", "f")
    text = modules.function(
        [("x", modules.tensor(*shape, "bf16"))], body, "y", modules.tensor(*out, "f32")
    )
    routed = assert_same(text)
    assert b"AIECONV" in routed.compiled.vmfb


def test_equal_calls_share_one_program() -> None:
    conv = Conv(c=8, oc=8, kh=1, kw=1)
    shape, _, filters, out = conv.shapes()
    cut = "%t = arith.truncf %a0 : f32 to bf16\n      linalg.yield %t : bf16"
    acc = modules.tensor(*out, "f32")
    body = modules.conv_op("c", conv, "x", "f")
    body += modules.elementwise("v", out, "bf16", [("c", acc, "d0, d1, d2, d3")], cut)
    body += modules.conv_op("d", conv, "v", "g")
    body += modules.elementwise("u", out, "bf16", [("d", acc, "d0, d1, d2, d3")], cut)
    arguments = [("x", modules.tensor(*shape, "bf16"))]
    arguments += [(name, modules.tensor(*filters, "bf16")) for name in "fg"]
    text = modules.function(arguments, body, "u", modules.tensor(*out, "bf16"))
    routed = assert_same(text)
    names = [d.name for d in routed.compiled.dispatches if d.contraction]
    assert len(set(names)) == 2
    assert routed.compiled.vmfb.count(b"AIECONV\0") == 1


def test_every_call_is_recorded_by_name() -> None:
    routed = route_all(modules.plain(replace(Conv(), oc=4)))
    inputs = small_integers(routed.program.main)
    routed.program.main(*inputs)
    routed.program.main(*inputs)
    names = [d.name for d in routed.compiled.dispatches if d.contraction]
    assert [record["name"] for record in routed.program.records] == names
