"""A driver command: `convbfp16 -n 16 -c 64 …` to signatures, and back.

Every option has a long and a short form, as MIOpen's driver has them: ``--batchsize 16``,
``--batchsize=16``, ``-n 16`` and ``-n16`` are the same.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from aie_conv.errors import UsageError
from aie_conv.frontends.miopen.layouts import check_layout, default_layout
from aie_conv.frontends.miopen.shape import Direction
from aie_conv.frontends.miopen.signature import ConvSignature
from aie_conv.suggest import closest

WORDS = {"conv": "f32", "convbfp16": "bf16", "convfp16": "f16", "convint8": "i8"}
"""First word of a command -> type of its operands."""

OTHERS = (
    "activ", "addlayernorm", "bnorm", "CBAInfer", "cat", "dropout", "gemm", "groupnorm", "layernorm",
    "lrn", "norm", "pool", "reduce", "rnn", "rnn_seq", "softmax", "sum", "t5layernorm", "tensorop",
    "batchnorm", "aten",
)  # fmt: skip
"""Words of other operations of MIOpen's driver and of its relatives."""

OPTIONS: tuple[tuple[str, str, str | int], ...] = (
    ("spatial_dim", "_", 2), ("batchsize", "n", 100), ("in_channels", "c", 3), ("in_d", "!", 32),
    ("in_h", "H", 32), ("in_w", "W", 32), ("in_layout", "I", ""), ("out_channels", "k", 32),
    ("fil_d", "@", 3), ("fil_h", "y", 3), ("fil_w", "x", 3), ("fil_layout", "f", ""),
    ("out_layout", "O", ""), ("conv_stride_d", "#", 1), ("conv_stride_h", "u", 1),
    ("conv_stride_w", "v", 1), ("pad_d", "$", 0), ("pad_h", "p", 0), ("pad_w", "q", 0),
    ("dilation_d", "^", 1), ("dilation_h", "l", 1), ("dilation_w", "j", 1),
    ("trans_output_pad_d", "%", 0), ("trans_output_pad_h", "Y", 0), ("trans_output_pad_w", "X", 0),
    ("group_count", "g", 1), ("bias", "b", 0), ("mode", "m", "conv"), ("forw", "F", 1),
    ("iter", "i", 0), ("time", "t", 0), ("verify", "V", 0),
)  # fmt: skip
"""Long form, short form, default; a layout's default depends on the number of dims."""

_LONG = {long: default for long, _, default in OPTIONS}
_SHORT = {short: long for long, short, _ in OPTIONS}
_TRIVIAL = {"in": 1, "fil": 1, "conv_stride": 1, "pad": 0, "dilation": 1, "trans_output_pad": 0}

FORW: dict[int, tuple[Direction, ...]] = {
    0: ("fwd", "bwd", "wrw"),
    1: ("fwd",),
    2: ("bwd",),
    3: ("fwd", "bwd"),
    4: ("wrw",),
    5: ("fwd", "wrw"),
    6: ("bwd", "wrw"),
    7: ("bias",),
    8: ("bwd", "bias"),
    9: ("wrw", "bias"),
    10: ("bwd", "wrw", "bias"),
}
"""-F -> what is run, in turn: 0 to 6 are MIOpen's bit mask (0 is all), 7 to 10 add the bias gradient."""

_FORW_OF: dict[Direction, int] = {"fwd": 1, "bwd": 2, "wrw": 4, "bias": 7}


@dataclass(frozen=True)
class DriverCommand:
    """One line.

    Attributes:
        text: the line as it was given.
        signatures: what -F asks for, in turn.
        time: whether -t 1 asks for times.
        verify: whether -V 1 asks for a comparison.
        iterations: what --iter says; 0 where it is not given.
    """

    text: str
    signatures: tuple[ConvSignature, ...]
    time: bool
    verify: bool
    iterations: int


def _words(line: str | Sequence[str]) -> list[str]:
    if not isinstance(line, str):
        return list(line)
    # '#' is a short form, so shlex must not take it for a comment; nor is a quote needed around $ or !.
    return shlex.split(line, comments=False)


def _read_option(word: str) -> tuple[str, str | None]:
    """The long name of an option's word, and the value that stands in it."""
    if word.startswith("--"):
        name, equals, value = word[2:].partition("=")
        if name in _LONG:
            return name, value if equals else None
    elif word.startswith("-") and len(word) > 1 and word[1] in _SHORT:
        value = word[2:].removeprefix("=")
        return _SHORT[word[1]], value or None
    if word.startswith("-"):
        hint = closest(word.partition("=")[0], [f"--{name}" for name in _LONG])
        raise UsageError(f"{word}: unknown option{hint}: `aie-conv driver --help` lists them")
    raise UsageError(f"'{word}': neither an option nor the value of one")


def _values(words: Sequence[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        name, value = _read_option(word)
        if value is None:
            if not waiting:
                raise UsageError(f"{word}: needs a value")
            value = waiting.pop(0)
        if name in values and values[name] != value:
            raise UsageError(f"--{name}: given twice, as {values[name]} and {value}")
        values[name] = value
    return values


def _number(name: str, value: str) -> int:
    if not re.fullmatch(r"[+-]?\d+", value):
        raise UsageError(f"--{name} {value}: no whole number")
    return int(value)


class _Given:
    """The values of one command, with their defaults."""

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values
        self.rank = self.number("spatial_dim")
        if self.rank not in (1, 2, 3):
            raise UsageError(f"--spatial_dim {self.rank}: use 1, 2 or 3")
        self.axes = "dhw"[3 - self.rank :]
        for axis in "dhw"[: 3 - self.rank]:
            for name, nothing in _TRIVIAL.items():
                value = values.get(f"{name}_{axis}")
                if value is not None and _number(f"{name}_{axis}", value) != nothing:
                    raise UsageError(
                        f"--{name}_{axis} {value}: a {self.rank}-D convolution has no such dim:"
                        " remove it, or set --spatial_dim (-_)"
                    )

    def number(self, name: str) -> int:
        """A whole number."""
        return _number(name, self._values.get(name, str(_LONG[name])))

    def spatial(self, name: str) -> tuple[int, ...]:
        """One number for each spatial dim."""
        return tuple(self.number(f"{name}_{axis}") for axis in self.axes)

    def layout(self, name: str) -> str:
        """A layout."""
        letters = self._values.get(name) or default_layout(self.rank)
        return check_layout(letters, self.rank, f"--{name}")

    def choice(self, name: str, known: Sequence[str]) -> str:
        """One of a few words."""
        value = self._values.get(name, str(_LONG[name]))
        if value not in known:
            raise UsageError(f"--{name} {value}: unknown: use one of {', '.join(known)}")
        return value


def parse(line: str | Sequence[str]) -> DriverCommand:
    """A command's signatures.

    Args:
        line: the command, as one line or as words; a path of MIOpenDriver before it is passed over.

    Raises:
        UsageError: it is no convolution, or an option or value of it is unknown or impossible.
    """
    try:
        words = _words(line)
    except ValueError as error:
        raise UsageError(f"command: {error}: {line}") from None
    if words and words[0].rpartition("/")[2] == "MIOpenDriver":
        words = words[1:]
    if not words:
        raise UsageError(f"command: empty: begin with one of {', '.join(WORDS)}")
    word, *rest = words
    if word not in WORDS:
        base = re.sub(r"(bfp16|bf16|fp16|f16|int8|fp64|fp8|bfp8|v2)$", "", word)
        known = base in OTHERS or word.startswith("aten::")
        what = "not a convolution" if known else "unknown command"
        hint = "" if known else closest(word, WORDS)
        raise UsageError(f"'{word}': {what}{hint}: use one of {', '.join(WORDS)}")
    options = _Given(_values(rest))
    forw = options.choice("forw", [str(f) for f in FORW])
    flags = {name: options.choice(name, ("0", "1")) == "1" for name in ("bias", "time", "verify")}
    iterations = options.number("iter")
    if iterations < 0:
        raise UsageError(f"--iter {iterations}: give at least 1")
    signatures = tuple(
        _signature(options, WORDS[word], flags["bias"], mode) for mode in FORW[int(forw)]
    )
    text = line if isinstance(line, str) else shlex.join(line)
    return DriverCommand(text.strip(), signatures, flags["time"], flags["verify"], iterations)


def _signature(options: _Given, dtype: str, bias: bool, mode: Direction) -> ConvSignature:
    transposed = options.choice("mode", ("conv", "trans")) == "trans"
    channels, outputs, groups = (
        options.number(name) for name in ("in_channels", "out_channels", "group_count")
    )
    if groups < 1 or channels < 1 or outputs < 1 or channels % groups or outputs % groups:
        raise UsageError(
            f"--group_count {groups}: must divide {channels} input and {outputs} output channels"
        )
    pair = (channels, outputs // groups) if transposed else (outputs, channels // groups)

    def shape(layout: str, outer: int, inner: int, sizes: Sequence[int]) -> tuple[int, ...]:
        dims = {"N": outer, "C": inner, **dict(zip(options.axes.upper(), sizes, strict=True))}
        return tuple(dims[letter] for letter in layout)

    input_layout, kernel_layout = options.layout("in_layout"), options.layout("fil_layout")
    return ConvSignature(
        input_shape=shape(
            input_layout, options.number("batchsize"), channels, options.spatial("in")
        ),
        kernel_shape=shape(kernel_layout, *pair, options.spatial("fil")),
        dtype=dtype,
        input_layout=input_layout,
        kernel_layout=kernel_layout,
        output_layout=options.layout("out_layout"),
        bias=bias,
        stride=options.spatial("conv_stride"),
        padding=options.spatial("pad"),
        dilation=options.spatial("dilation"),
        output_padding=options.spatial("trans_output_pad"),
        groups=groups,
        transposed=transposed,
        mode=mode,
    )


def to_command(s: ConvSignature) -> str:
    """The command of a signature; parsing it gives the signature again."""
    short = {long: key for long, key, _ in OPTIONS}
    dims, kernel, axes = s.input_dims, s.kernel_dims, s.letters.lower()
    values: dict[str, object] = {
        "spatial_dim": s.rank,
        "batchsize": dims["N"],
        "in_channels": dims["C"],
        "out_channels": s.out_channels,
    }
    for axis, size, fil in zip(
        axes, (dims[x] for x in s.letters), (kernel[x] for x in s.letters), strict=True
    ):
        values |= {f"in_{axis}": size, f"fil_{axis}": fil}
    for name, numbers in (
        ("conv_stride", s.stride),
        ("pad", s.padding),
        ("dilation", s.dilation),
        ("trans_output_pad", s.output_padding),
    ):
        values |= {f"{name}_{axis}": number for axis, number in zip(axes, numbers, strict=True)}
    values |= {
        "in_layout": s.input_layout,
        "fil_layout": s.kernel_layout,
        "out_layout": s.output_layout,
        "group_count": s.groups,
        "bias": int(s.bias),
        "mode": "trans" if s.transposed else "conv",
        "forw": _FORW_OF[s.mode],
    }
    plain = default_layout(s.rank)
    kept = {
        name: value
        for name, value in values.items()
        if str(value) != str(_LONG[name]) and not (name.endswith("layout") and value == plain)
    }
    word = next(word for word, dtype in WORDS.items() if dtype == s.dtype)
    # The short forms of depth are characters that a shell takes for itself.
    options = (
        f"-{short[n]} {v}" if short[n].isalpha() or short[n] == "_" else f"--{n} {v}"
        for n, v in kept.items()
    )
    return " ".join([word, *options])


def read_commands(text: str) -> list[tuple[int, str]]:
    """The commands of a file with their line numbers; blank lines and # comments are left out."""
    lines = ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1))
    return [(number, line) for number, line in lines if line and not line.startswith("#")]
