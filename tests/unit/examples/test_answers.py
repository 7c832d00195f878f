"""What the examples with an answer make of numbers and pictures, without a compiler."""

import ast
import struct
import zlib
from pathlib import Path

import answers
import classify
import detect
import image_files
import numpy as np
import onnx
import pytest
import read_text
import torch
from networks.quantise import behind_convolutions, input_of, to_onnx
from onnx import TensorProto, helper
from shapes import NAMES, SHAPES, Finder, Pen

from aie_conv.errors import UsageError


def read_png(path: Path) -> np.ndarray:
    """The bytes [h, w, 3] of a PNG file without filters."""
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    at, chunks = 8, {}
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        name, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", data, at + 8 + length)[0] == zlib.crc32(name + body)
        chunks[name] = body
        at += length + 12
    wide, high = struct.unpack_from(">II", chunks[b"IHDR"])
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(high, 1 + 3 * wide)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(high, wide, 3)


def test_a_box_is_drawn_and_the_picture_written(tmp_path: Path) -> None:
    picture = torch.zeros(3, 9, 12)
    image_files.draw_box(picture, (2, 1, 30, 6.4), torch.tensor([1.0, 0.0, 0.5]))
    image_files.write_png(tmp_path / "a.png", picture)
    pixels = read_png(tmp_path / "a.png")
    frame = np.zeros((9, 12), bool)
    frame[[1, 6], 2:] = frame[1:7, [2, 11]] = True
    assert (pixels[frame] == [255, 0, 128]).all()
    assert not pixels[~frame].any()


def test_things_are_found_once_and_the_surest_first() -> None:
    # Two boxes of one thing, one of another, one that is not sure.
    boxes = [[10, 10, 8, 8], [11, 10, 8, 8], [30, 20, 4, 10], [50, 50, 5, 5]]
    scores = [[0.1, 0.8], [0.0, 0.9], [0.6, 0.2], [0.3, 0.3]]
    output = np.array([np.concatenate([boxes, scores], 1).T], np.float32)
    things = detect.find(output, ["cup", "bowl"], 0.4)
    assert [str(thing) for thing in things] == [
        "bowl 90% at 7, 6, 15, 14",
        "cup 60% at 28, 15, 32, 25",
    ]
    assert not detect.find(output, ["cup", "bowl"], 0.95)


def test_the_likeliest_names_come_from_scores_and_from_shares() -> None:
    shares = np.array([[0.1, 0.6, 0.3]])
    text = "b 60.0%, c 30.0%, a 10.0%"
    assert classify.likeliest(shares, list("abc")) == text
    assert classify.likeliest(np.log(shares) + 5, list("abc")) == text


def test_what_repeats_is_read_once() -> None:
    steps = [0, 1, 1, 0, 1, 2, 2, 0, 0, 3]
    scores = np.eye(4)[None, steps]
    assert read_text.read_ctc(scores, ["", "a", "b", " "]) == "aab "


def test_names_are_the_files_or_the_models(tmp_path: Path) -> None:
    model = onnx.ModelProto()
    assert answers.class_names(None, model, 2) == ["0", "1"]
    helper.set_model_props(model, {"names": str({0: "cat", 1: "dog"})})
    assert ast.literal_eval(model.metadata_props[0].value)[1] == "dog"
    assert answers.class_names(None, model, 2) == ["cat", "dog"]
    helper.set_model_props(model, {"character": "0\n90"})
    assert answers.class_names(None, model, 2) == ["0", "90"]
    file = tmp_path / "names.txt"
    file.write_text("x\ny\nz\n")
    assert answers.class_names(file, model, 3) == ["x", "y", "z"]
    with pytest.raises(UsageError, match="3 names for 4 classes"):
        answers.class_names(file, model, 4)


def test_nothing_behind_the_last_convolution_is_quantised() -> None:
    model = to_onnx(Finder().eval(), torch.zeros(1, 3, 32, 32))
    behind = set(behind_convolutions(model))
    kinds = {node.op_type for node in model.graph.node if node.name in behind}
    assert "Sigmoid" in kinds
    assert not kinds & {"Conv", "Relu"}
    # f32 all through: constants of a picture's places are no doubles.
    assert model.graph.output[0].type.tensor_type.elem_type == TensorProto.FLOAT


def test_a_network_of_several_inputs_or_bytes_is_refused(tmp_path: Path) -> None:
    def save(*kinds: int) -> Path:
        inputs = [
            helper.make_tensor_value_info(f"x{i}", kind, [1, 3, 8, 8])
            for i, kind in enumerate(kinds)
        ]
        output = helper.make_tensor_value_info("y", kinds[0], [1, 3, 8, 8])
        graph = helper.make_graph(
            [helper.make_node("Identity", ["x0"], ["y"])], "g", inputs, [output]
        )
        onnx.save(helper.make_model(graph), tmp_path / "m.onnx")
        return tmp_path / "m.onnx"

    with pytest.raises(ValueError, match="2 inputs, x0, x1"):
        input_of(onnx.load(save(TensorProto.FLOAT, TensorProto.FLOAT)))
    with pytest.raises(UsageError, match="1x3xHxW in f32"):
        answers.load_theirs(save(TensorProto.UINT8), (1, 3, 8, 8))


def test_pictures_are_read_and_fitted(tmp_path: Path) -> None:
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[:, :, 1] = 255
    np.save(tmp_path / "a.npy", pixels)
    picture = image_files.read_image(tmp_path / "a.npy")
    assert picture.shape == (1, 3, 20, 40)
    assert picture[0, :, 0, 0].tolist() == [0, 1, 0]
    fitted = image_files.fit(picture, 30, 20)
    assert fitted[0, 1, :10].min() > 0.99
    assert (fitted[0, 1, 10:] == 0.5).all()
    assert image_files.crop(picture, 16).shape == (1, 3, 16, 16)
    np.save(tmp_path / "a.npy", pixels[:, :, 0])
    with pytest.raises(ValueError, match="uint8 HxWx3"):
        image_files.read_image(tmp_path / "a.npy")


def test_shapes_are_drawn_where_they_are_said_to_be() -> None:
    pictures, labels, boxes = Pen(3).several(8, 64, 4)
    assert set(SHAPES) == set(NAMES)
    for picture, kinds, places in zip(pictures, labels, boxes, strict=True):
        bright = picture.amax(0) > 0.5
        inside = torch.zeros_like(bright)
        for kind, (x, y, wide, high) in zip(kinds, places.tolist(), strict=True):
            if kind >= 0:
                rows = slice(max(int(y - high / 2) - 1, 0), int(y + high / 2) + 3)
                columns = slice(max(int(x - wide / 2) - 1, 0), int(x + wide / 2) + 3)
                assert bright[rows, columns].float().mean() > 0.15
                inside[rows, columns] = True
        # Noise alone is seldom that bright.
        assert bright[~inside].float().mean() < 0.15
