"""Writes a small quantised ONNX model as onnxruntime quantises: seeded weights, a free batch.

python examples/small_onnx.py model.onnx
"""

import argparse

from extras import imports

with imports():
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper


def make_model() -> onnx.ModelProto:
    """An image of bytes to ten scores: two convolutions in int8 between scales, a mean, a product."""
    rng = np.random.default_rng(0)
    arrays: dict[str, np.ndarray] = {
        "pixel_scale": np.float32(1 / 255),
        "pixel_zero": np.uint8(0),
        "scale": np.float32(0.05),
        "zero": np.uint8(0),
    }
    nodes = [helper.make_node("DequantizeLinear", ["image", "pixel_scale", "pixel_zero"], ["x0"])]
    for number, (inputs, outputs) in enumerate([(3, 32), (32, 64)]):
        name = f"conv{number}"
        arrays[f"{name}_w"] = rng.integers(-127, 128, (outputs, inputs, 3, 3), np.int8)
        arrays[f"{name}_s"] = rng.uniform(0.001, 0.003, outputs).astype(np.float32)
        arrays[f"{name}_z"] = np.zeros(outputs, np.int8)
        nodes += [
            helper.make_node(
                "DequantizeLinear", [f"{name}_w", f"{name}_s", f"{name}_z"], [f"{name}_f"], axis=0
            ),
            helper.make_node(
                "Conv",
                [f"x{number}", f"{name}_f"],
                [f"{name}_y"],
                name=name,
                pads=[1] * 4,
                strides=[2, 2],
            ),
            helper.make_node("Relu", [f"{name}_y"], [f"{name}_r"]),
            helper.make_node("QuantizeLinear", [f"{name}_r", "scale", "zero"], [f"{name}_q"]),
            helper.make_node(
                "DequantizeLinear", [f"{name}_q", "scale", "zero"], [f"x{number + 1}"]
            ),
        ]
    arrays["classes"] = rng.standard_normal((64, 10)).astype(np.float32)
    nodes += [
        helper.make_node("GlobalAveragePool", ["x2"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["features"]),
        helper.make_node("MatMul", ["features", "classes"], ["scores"]),
    ]
    graph = helper.make_graph(
        nodes,
        "classifier",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["batch", 3, 64, 64])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["batch", 10])],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", help="the file to write")
    onnx.save(make_model(), parser.parse_args().file)


if __name__ == "__main__":
    main()
