"""Pictures in files, and boxes drawn on them; no package beside numpy and torch is needed to write one."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn


def read_image(path: Path) -> Tensor:
    """A picture as [1, 3, height, width] between 0 and 1: an .npy array of bytes HxWx3, else through PIL.

    Raises:
        ValueError: the file cannot be used; the message says what to do.
    """
    if path.suffix == ".npy":
        pixels = np.load(path)
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
            raise ValueError(
                f"--image {path}: {pixels.dtype}{list(pixels.shape)}: uint8 HxWx3 is read"
            )
    else:
        try:
            from PIL import Image, UnidentifiedImageError
        except ImportError:
            raise ValueError(
                f"--image {path}: reading pictures needs pillow: install it or give an .npy file"
            ) from None
        try:
            pixels = np.array(Image.open(path).convert("RGB"))
        except UnidentifiedImageError:
            raise ValueError(f"--image {path}: no picture that pillow knows") from None
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255


def fit(picture: Tensor, high: int, wide: int) -> Tensor:
    """A picture scaled into a size, its proportions kept, grey at the right and below."""
    scale = min(high / picture.shape[2], wide / picture.shape[3])
    size = [max(round(side * scale), 1) for side in picture.shape[2:]]
    small = nn.functional.interpolate(picture, size, mode="bilinear", antialias=True)
    room = (0, wide - size[1], 0, high - size[0])
    return nn.functional.pad(small, room, value=0.5)


def crop(picture: Tensor, side: int) -> Tensor:
    """The middle of a picture, scaled to a square; what is cut is an eighth of the shorter side."""
    high, wide = picture.shape[2:]
    scale = side * 8 / 7 / min(high, wide)
    size = [max(round(length * scale), side) for length in (high, wide)]
    large = nn.functional.interpolate(picture, size, mode="bilinear", antialias=True)
    top, left = ((length - side) // 2 for length in size)
    return large[:, :, top : top + side, left : left + side]


def write_png(path: Path, picture: Tensor) -> None:
    """Write [3, height, width] between 0 and 1 as a PNG file."""
    pixels = (picture.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    high, wide = pixels.shape[:2]
    # Each row begins with its filter, 0 for none.
    rows = np.concatenate([np.zeros((high, 1), np.uint8), pixels.reshape(high, -1)], 1)
    header = struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes())), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)


def draw_box(picture: Tensor, box: tuple[float, float, float, float], colour: Tensor) -> None:
    """Draw a frame of one pixel into [3, height, width].

    Args:
        picture: changed in place.
        box: left, top, right and bottom in pixels; what lies outside is not drawn.
        colour: [3] between 0 and 1.
    """
    high, wide = picture.shape[1:]
    left, right = (min(max(round(x), 0), wide - 1) for x in (box[0], box[2]))
    top, bottom = (min(max(round(y), 0), high - 1) for y in (box[1], box[3]))
    for row in (top, bottom):
        picture[:, row, left : right + 1] = colour[:, None]
    for column in (left, right):
        picture[:, top : bottom + 1, column] = colour[:, None]
