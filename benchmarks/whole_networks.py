"""The predicted time of whole networks for benchmarks/figures.py: planned, not emitted nor simulated."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from common import EXAMPLES, verdict

from aie_conv import pipeline
from aie_conv.arch import get_device
from aie_conv.frontends.onnx import import_with_flags
from aie_conv.options import Options
from aie_conv.report.json import make_report
from aie_conv.report.regions import describe_time, region_entries

sys.path.insert(0, str(EXAMPLES))

Source = tuple[bytes, tuple[str, ...]]
"""A module, and the flags that IREE needs for it."""


@dataclass(frozen=True)
class WholeNetwork:
    """A network in a type on a device.

    Attributes:
        title: what it is called.
        source: makes its module.
        device: the user's name of the device.
        limit: milliseconds of the whole, at most.
        bf16: what ``--amd-aie-bf16`` is.
    """

    title: str
    source: Callable[[], Source]
    device: str
    limit: float | None = None
    bf16: str = "exact"


def _example(name: str, dtype: str) -> Callable[[], Source]:
    """An example's network, quantised or cast as it does."""

    def make() -> Source:
        import importlib

        from network_run import module_of

        return module_of(importlib.import_module(name).EXAMPLE, dtype), ()

    return make


def _quantised(name: str, size: int) -> Source:
    """A network as onnxruntime quantises it, for images of so many pixels a side."""
    from networks import NETWORKS
    from networks.quantise import quantise, to_onnx

    network = replace(NETWORKS[name], shape=(1, 3, size, size))
    x = network.input()
    model = quantise(to_onnx(network.build(), x), [x.numpy()])
    module, flags = import_with_flags(model, None)
    return module, tuple(flags)


NETWORKS = (
    WholeNetwork("ResNet-50 int8", _example("resnet50", "int8"), "npu1_4col", 2.6),
    WholeNetwork("ResNet-50 int8", _example("resnet50", "int8"), "npu4", 1.6),
    WholeNetwork("ResNet-50 bf16", _example("resnet50", "bf16"), "npu1_4col"),
    WholeNetwork(
        "ResNet-50 bf16 through bfp16", _example("resnet50", "bf16"), "npu4", None, "bfp16"
    ),
    WholeNetwork("MobileNetV2 int8", _example("mobilenet_v2", "int8"), "npu1_4col", 1.5),
    WholeNetwork("YOLOv8n-like 320x320 int8", lambda: _quantised("yolov8n", 320), "npu1_4col"),
    WholeNetwork("YOLOv8n-like 640x640 int8", lambda: _quantised("yolov8n", 640), "npu1_4col", 5.0),
)
"""What is planned; the aims are of the whole."""


def plan_regions(network: WholeNetwork) -> pipeline.CompileState:
    """A network compiled as far as its regions: no program is emitted."""
    module, flags = network.source()
    options = Options(device=network.device, bf16=network.bf16, iree_flags=flags)
    last = pipeline.STAGES.index(pipeline.form_regions) + 1
    return pipeline.run(pipeline.start(module, options), pipeline.STAGES[:last])


def plan(network: WholeNetwork) -> dict[str, Any]:
    """The report of a network that is planned alone: its programs' words are not counted."""
    state = plan_regions(network)
    known = list(dict.fromkeys(p.configuration for p in state.plans.values()))
    numbers = {name: str(known.index(p.configuration)) for name, p in state.plans.items()}
    texts = {region.name: "" for region in state.regions}
    regions = region_entries(state.regions, texts, state.planning.host)
    return make_report(state.dispatches, network.device, {}, numbers, regions, state.npu_excess)


def times() -> bool:
    """The whole of each, and its parts."""
    print("predicted; dispatches on the CPU that have no price are in no sum")
    holds = True
    for network in NETWORKS:
        print(f"planning {network.title} on {network.device}", file=sys.stderr, flush=True)
        report = plan(network)
        totals = report["totals"]
        (_, whole), *parts = describe_time(report)
        print(
            f"{network.title} on {network.device}: {totals['npu'] - totals['npu_operations']} of"
            f" {totals['contractions']} convolutions and matmuls on the NPU, {totals['configurations']}"
            f" configurations, {totals['configuration_changes']} changes"
        )
        print(f"  {', '.join(f'{name} {time}' for name, time in parts)}")
        if network.limit is None:
            print(f"  whole {whole}")
            continue
        clock = get_device(network.device).arch.clock_hz
        met = 1e3 * totals["time"]["whole_cycles"] / clock <= network.limit
        holds &= verdict(f"  whole {whole}", met, f"at most {network.limit:g} ms")
    return holds
