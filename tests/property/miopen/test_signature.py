"""Commands and signatures: what they say, what they refuse, and that they are the same thing."""

import re
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import aie_conv
from aie_conv.errors import UsageError
from aie_conv.frontends.miopen.command import FORW, OPTIONS, parse, read_commands, to_command
from aie_conv.frontends.miopen.signature import ConvSignature
from tests.support.miopen.strategies import refused, signatures


@settings(max_examples=settings.default.max_examples * 8)
@given(signatures())
def test_parsing_what_is_printed_gives_the_signature(s: ConvSignature) -> None:
    assert parse(to_command(s)).signatures == (s,)
    assert parse(to_command(s).split()).signatures == (s,)


@given(signatures(), signatures())
def test_names_differ_where_signatures_do(a: ConvSignature, b: ConvSignature) -> None:
    assert (a.name == b.name) == (a == b)
    other = replace(a, bias=not a.bias)
    assert other.name != a.name


VALUES = {"in_layout": "WHCN", "fil_layout": "HWNC", "out_layout": "CNWH", "mode": "trans", "bias": 1,
          "time": 1, "verify": 1, "spatial_dim": 2, "forw": 2, "group_count": 2, "in_channels": 4,
          "in_d": 6, "in_h": 6, "in_w": 6}  # fmt: skip


@pytest.mark.parametrize(("long", "short", "default"), OPTIONS)
def test_long_and_short_forms_are_one(long: str, short: str, default: object) -> None:
    three = "_3" if long.endswith("_d") and long != "spatial_dim" else ""
    value = VALUES.get(long, 2)
    base = ["conv", "-n", "2", "-c", "4", "-k", "4", *(["-_", "3"] if three else [])]
    if long.startswith("trans_output"):
        base += ["-m", "trans", f"--conv_stride_{long[-1]}", "3"]
    base = [*base[:1], *(w for a, b in zip(base[1::2], base[2::2], strict=True) for w in (a, b)
                         if a not in (f"-{short}", f"--{long}"))]  # fmt: skip
    forms = [
        [f"--{long}", str(value)],
        [f"--{long}={value}"],
        [f"-{short}", str(value)],
        [f"-{short}{value}"],
    ]
    found = {
        (c.signatures, c.time, c.verify, c.iterations) for c in (parse([*base, *f]) for f in forms)
    }
    assert len(found) == 1
    plain = parse(base)
    same = (plain.signatures, plain.time, plain.verify, plain.iterations) in found
    assert same == (long == "spatial_dim")


def test_defaults_are_miopens() -> None:
    (s,) = parse("conv").signatures
    assert s.input_shape == (100, 3, 32, 32)
    assert s.kernel_shape == (32, 3, 3, 3)
    assert (s.dtype, s.mode, s.groups, s.stride, s.padding) == ("f32", "fwd", 1, (1, 1), (0, 0))
    assert parse("conv -_ 1").signatures[0].input_layout == "NCW"
    assert parse("conv -_ 3").signatures[0].input_shape == (100, 3, 32, 32, 32)


@pytest.mark.parametrize(("forw", "modes"), FORW.items())
def test_forw_is_a_bit_mask(forw: int, modes: tuple[str, ...]) -> None:
    assert tuple(s.mode for s in parse(f"convbfp16 -F {forw}").signatures) == modes


def test_forw_zero_is_all_and_the_mask_adds() -> None:
    assert FORW[0] == ("fwd", "bwd", "wrw")
    bits = {1: "fwd", 2: "bwd", 4: "wrw"}
    for forw in range(1, 7):
        assert set(FORW[forw]) == {mode for bit, mode in bits.items() if forw & bit}


def test_a_transposed_filter_has_its_channels_swapped() -> None:
    (s,) = parse("conv -n 2 -c 6 -k 4 -H 5 -W 5 -g 2 -u 2 -v 2 -Y 1 -m trans").signatures
    assert s.kernel_shape == (6, 2, 3, 3)
    assert s.output_shape == (2, 4, 12, 11)
    x, w = s.get_sample_conv_args()
    wanted = torch.conv_transpose2d(x, w, None, (2, 2), (0, 0), (1, 0), 2)
    torch.testing.assert_close(s.get_nn_module()(x, w), wanted)


def test_a_path_of_miopen_and_one_dim_of_a_flat_height_are_taken() -> None:
    a = parse(
        "./bin/MIOpenDriver convbfp16 -_ 1 -n 2 -W 40 -H 1 -y 1 -p 0 -u 1 -l 1 -t 1 -V 1 -i 5"
    )
    b = parse("convbfp16 -_ 1 -n 2 -W 40")
    assert a.signatures == b.signatures
    assert (a.time, a.verify, a.iterations) == (True, True, 5)


MISTAKES = [
    ("gemm -m 4", "'gemm': not a convolution"),
    ("layernormbfp16 -t 1", "not a convolution"),
    ("aten::addmm 3", "not a convolution"),
    ("frob -n 3", "unknown command: use one of conv, convbfp16"),
    ("", "command: empty"),
    ("conv -z 3", "-z: unknown option"),
    ("conv --batch 3", "--batch: unknown option"),
    ("conv 3", "'3': neither an option"),
    ("conv -n", "-n: needs a value"),
    ("conv -n two", "--batchsize two: no whole number"),
    ("conv -n 0", "every size is at least 1"),
    ("conv -n 1 -n 2", "given twice, as 1 and 2"),
    ("conv -m foo", "--mode foo: unknown: use one of conv, trans"),
    ("conv -F 11", "--forw 11: unknown"),
    ("conv -b 2", "--bias 2: unknown"),
    ("conv -I NHWD", "--in_layout 'NHWD': no permutation of NCHW"),
    ("conv -O NCDHW", "--out_layout 'NCDHW': no permutation"),
    ("conv -_ 4", "--spatial_dim 4: use 1, 2 or 3"),
    ("conv -_ 1 -H 7", "a 1-D convolution has no such dim"),
    ("conv -g 2", "must divide 3 input"),
    ("conv -u 0", "stride 0: give at least 1"),
    ("conv -p -1", "padding -1: give at least 0"),
    ("conv -Y 1", "output padding: transposed convolutions alone"),
    ("conv -Y 2 -u 2 -m trans", "must be smaller than the stride"),
    ("conv -H 2", "empty convolution: the output's H would be 0"),
    ("convint8 -F 2", "integers have no gradients"),
    ("convfp8 -n 1", "unknown command"),
    ("conv -n '1", "No closing quotation"),
]


@pytest.mark.parametrize(("line", "message"), MISTAKES)
def test_a_command_says_what_is_wrong(line: str, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)) as error:
        parse(line)
    assert "\n" not in str(error.value)


def test_a_signature_says_what_is_wrong() -> None:
    shapes = {"input_shape": (1, 4, 8, 8), "kernel_shape": (4, 4, 3, 3)}
    assert "shared" not in refused(**shapes, shared_layout="NHWX")
    assert "no permutation of NCHW" in refused(**shapes, shared_layout="NHWX")
    assert "1, 2 or 3 spatial dims" in refused(input_shape=(1, 4), kernel_shape=(4, 4))
    assert "its input channels are 4" in refused(**shapes, groups=2)
    assert "mode 'forward': unknown" in refused(**shapes, mode="forward")
    assert "dtype float64: unknown" in refused(**shapes, dtype="float64")
    assert "give one number, or 2" in refused(**shapes, stride=(1, 2, 3))


def test_the_constructor_takes_what_people_give_it() -> None:
    shapes = {"input_shape": [1, 8, 8, 4], "kernel_shape": torch.Size((4, 3, 3, 4))}
    s = aie_conv.ConvSignature(**shapes, dtype=torch.bfloat16, shared_layout="nhwc", stride=2)
    assert s == ConvSignature(
        input_shape=(1, 8, 8, 4), kernel_shape=(4, 3, 3, 4), dtype="bf16", input_layout="NHWC",
        kernel_layout="NHWC", output_layout="NHWC", stride=(2, 2),
    )  # fmt: skip
    assert s.output_shape == (1, 3, 3, 4)
    assert s.with_batch(3) == s


@given(st.integers(0, 2**31))
def test_sample_arguments_are_the_seeds(seed: int) -> None:
    (s,) = parse("convint8 -n 1 -H 4 -W 4 -b 1").signatures
    first, again = s.get_sample_conv_args(seed=seed), s.get_sample_conv_args(seed=seed)
    assert [tuple(a.shape) for a in first] == [shape for _, shape, _ in s.argument_shapes]
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert all(bool((a == 3).all()) for a in s.get_sample_conv_args(splat_value=3))


def test_a_file_of_commands_may_have_blanks_and_comments() -> None:
    assert read_commands("# a\n\n  conv -n 1\n\t\n conv # 2\n\n") == [
        (3, "conv -n 1"),
        (5, "conv # 2"),
    ]
