"""Reads a line of text: two convolutions, quantised by onnxruntime, compiled for the NPU.

python examples/read_text.py "2024 WEEK 7" --device npu4 --route im2col

The picture is drawn from a bitmap font, with noise. The filters are the font's own glyphs, so the network
needs no training: a glyph's score is the greatest where it stands. What is read is printed, what
onnxruntime reads of the same model on the CPU, and where each operation went. A line is little work, which
is cheaper on the CPU; --route has the NPU do it nevertheless.
"""

import argparse
import time

import numpy as np
import torch
from networks.quantise import quantise, reference, to_onnx
from torch import nn

import aie_conv

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


def read(scores: np.ndarray) -> str:
    """The text of scores [1, columns, glyphs]."""
    glyphs = list(FONT)
    return "".join(glyphs[number] for number in scores[0].argmax(1))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("text", nargs="?", default="NPU READS THIS LINE 1984")
    parser.add_argument("--device", default="npu4", help="the NPU (default npu4)")
    parser.add_argument("--run-on", default="sim", help="sim or xrt (default sim)")
    parser.add_argument("--route", default="auto", help="auto, im2col or direct (default auto)")
    parser.add_argument("--noise", type=float, default=0.5, help="of the picture (default 0.5)")
    args = parser.parse_args()
    text = args.text.upper()
    unknown = sorted(set(text) - set(FONT))
    if unknown or not text:
        parser.error(f"characters of {''.join(FONT)!r} are drawn, not {''.join(unknown)!r}")
    picture = draw(text, args.noise, 1)
    for row in picture[0, 0, 2::SCALE, 1::2].numpy():
        print("".join(" .:*#"[int(np.clip(value * 4, 0, 4))] for value in row))
    ranges = [draw(text, args.noise, seed).numpy() for seed in (1, 2, 3)]
    model = quantise(to_onnx(Reader().eval(), picture), ranges)
    session = aie_conv.Session(
        model, device=args.run_on, compile_options={"device": args.device, "route": args.route}
    )
    start = time.perf_counter()
    scores = session.run(None, {"x": picture.numpy()})[0]
    print(f"read:        {read(scores)}   ({time.perf_counter() - start:.2f} s, {args.run_on})")
    print(f"onnxruntime: {read(reference(model, picture.numpy()))}")
    print(session)


if __name__ == "__main__":
    main()
