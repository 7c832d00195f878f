"""Reads a line of text: a network, quantised by onnxruntime, compiled for the NPU.

python examples/read_text.py "2024 WEEK 7" --device npu4 --route im2col
python examples/read_text.py --onnx ch_PP-OCRv4_rec_infer.onnx --image line.png

Without a network of your own, the picture is drawn from a bitmap font, with noise. The filters are the
font's glyphs, so the network needs no training: a glyph's score is the greatest where it stands. Printed
are what is read, what onnxruntime reads of the same model on the CPU, where each operation went and why,
and the predicted time. A line is little work, which is cheaper on the CPU; --route has the NPU do it
nevertheless.
"""

import argparse
from pathlib import Path

from extras import imports

with imports():
    import onnx
    import torch
    from answers import (
        Array,
        class_names,
        load_theirs,
        parser_of,
        run_both,
        run_main,
        show,
        size_of,
    )
    from image_files import read_image
    from networks.quantise import behind_convolutions, to_onnx
    from torch import Tensor, nn

FONT = {
    "0": "0E11131519110E", "1": "040C040404040E", "2": "0E11010204081F", "3": "1F02040201110E",
    "4": "02060A121F0202", "5": "1F101E0101110E", "6": "0608101E11110E", "7": "1F010204080808",
    "8": "0E11110E11110E", "9": "0E11110F01020C", "A": "0E11111F111111", "B": "1E11111E11111E",
    "C": "0E11101010110E", "D": "1C12111111121C", "E": "1F10101E10101F", "F": "1F10101E101010",
    "G": "0E11101711110F", "H": "1111111F111111", "I": "0E04040404040E", "K": "11121418141211",
    "L": "1010101010101F", "M": "111B1515111111", "N": "11191513111111", "O": "0E11111111110E",
    "P": "1E11111E101010", "R": "1E11111E141211", "S": "0F10100E01011E", "T": "1F040404040404",
    "U": "1111111111110E", "W": "1111111515150A", "Y": "11110A04040404", " ": "00000000000000",
}  # fmt: skip
"""Seven rows of five pixels, two hexadecimal digits a row."""
WIDE, HIGH, SCALE = 6, 7, 4
"""Pixels of a column of text and its height, and how large each is drawn."""


def glyph(character: str) -> torch.Tensor:
    """[7, 6] of 0 and 1."""
    rows = bytes.fromhex(FONT[character])
    return torch.tensor([[row >> (4 - x) & 1 if x < 5 else 0 for x in range(WIDE)] for row in rows])


def draw(text: str, noise: float, seed: int) -> torch.Tensor:
    """[1, 1, 28, 24 * characters], ink 1 on 0, with noise."""
    line = torch.cat([glyph(c) for c in text], 1).float()
    picture = line.repeat_interleave(SCALE, 0).repeat_interleave(SCALE, 1)[None, None]
    generator = torch.Generator().manual_seed(seed)
    return picture + noise * torch.randn(picture.shape, generator=generator)


class Reader(nn.Module):
    """A picture to a score for each column of text and glyph."""

    def __init__(self) -> None:
        super().__init__()
        shapes = torch.stack([glyph(c) for c in FONT]).float()[:, None] * 2 - 1
        large = shapes.repeat_interleave(SCALE, 2).repeat_interleave(SCALE, 3)
        self.coarse = nn.Conv2d(1, 32, SCALE, SCALE, bias=False)
        self.fine = nn.Conv2d(32, len(FONT), (HIGH, WIDE), (HIGH, WIDE), bias=False)
        with torch.no_grad():
            # Each of 16 pixels has a channel; the other 16 are what is left of it below zero.
            pixels = torch.eye(SCALE * SCALE).reshape(-1, 1, SCALE, SCALE)
            self.coarse.weight.copy_(torch.cat([pixels, -pixels]))
            parts = nn.functional.unfold(large, SCALE, stride=SCALE).reshape(-1, 16, HIGH, WIDE)
            self.fine.weight.copy_(torch.cat([parts, -parts], 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fine(self.coarse(x - 0.5).relu())[:, :, 0].transpose(1, 2)


def read(scores: Array) -> str:
    """The text of scores [1, columns, glyphs]."""
    glyphs = list(FONT)
    return "".join(glyphs[number] for number in scores[0].argmax(1))


def read_ctc(scores: Array, characters: list[str]) -> str:
    """The text of scores [1, steps, characters]: what repeats counts once, character 0 is none."""
    best = scores[0].argmax(1).tolist()
    before = [0, *best[:-1]]
    return "".join(
        characters[now] for now, last in zip(best, before, strict=True) if now and now != last
    )


def _drawn(
    args: argparse.Namespace, parser: argparse.ArgumentParser
) -> tuple[onnx.ModelProto, Tensor]:
    """The font's network and a line."""
    text = args.text.upper()
    unknown = sorted(set(text) - set(FONT))
    if unknown or not text:
        parser.error(f"characters of {''.join(FONT)!r} are drawn, not {''.join(unknown)!r}")
    picture = draw(text, args.noise, 1)
    return to_onnx(Reader().eval(), picture), picture


def _theirs(args: argparse.Namespace) -> tuple[onnx.ModelProto, Tensor, list[str]]:
    """The user's network, line and characters."""
    if args.image is None:
        raise ValueError("--onnx needs --image, the line to read")
    line = read_image(args.image)
    wide = max(round(line.shape[3] * 48 / line.shape[2] / 8), 1) * 8
    model = load_theirs(args.onnx, (1, 3, 48, wide))
    x = nn.functional.interpolate(line, size_of(model), mode="bilinear", antialias=True) * 2 - 1
    count = model.graph.output[0].type.tensor_type.shape.dim[-1].dim_value
    # The converters keep neither the blank nor the space behind all others.
    characters = ["", *class_names(args.characters, model, 0), " "]
    if len(characters) < count:
        raise ValueError(
            f"--characters: {len(characters) - 2} for {count - 2} that the network knows"
        )
    return model, x, characters


def main() -> None:
    parser = parser_of(
        __doc__, "a line 1x3xHxW between -1 and 1 to scores [1, steps, characters], CTC"
    )
    add = parser.add_argument
    add("text", nargs="?", default="NPU READS THIS LINE 1984")
    add("--noise", type=float, default=0.5, help="of the picture (default 0.5)")
    add("--characters", metavar="FILE", type=Path, help="with --onnx: a character a line")
    args = parser.parse_args()
    if args.onnx is not None:
        model, x, characters = _theirs(args)
        print(show(x[0] / 2 + 0.5, 160))
        result = run_both(args, model, x, [x], nodes_to_exclude=behind_convolutions(model))
        texts = [read_ctc(scores, characters) for scores in (result.npu, result.cpu)]
    else:
        model, x = _drawn(args, parser)
        print(show(x[0], 160))
        ranges = [draw(args.text.upper(), args.noise, seed) for seed in (1, 2, 3)]
        result = run_both(args, model, x, ranges)
        texts = [read(scores) for scores in (result.npu, result.cpu)]
    print(f"NPU:         {texts[0]}")
    print(f"onnxruntime: {texts[1]}")
    print(result.explain())


if __name__ == "__main__":
    run_main(main)
