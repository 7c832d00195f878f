"""MobileNetV2 through the amd-aie target backend: exported, compiled, run on the (simulated) NPU.

Depthwise and pointwise convolutions, ReLU6; `--help` lists the options.
"""

import sys

from extras import imports

with imports():
    import mobilenet_v2_int8
    import mobilenet_v2_model
    from network_run import Example, main

EXAMPLE = Example(
    name="mobilenet_v2",
    title=(__doc__ or "").splitlines()[0],
    build=mobilenet_v2_model.build,
    shapes=mobilenet_v2_model.conv_shapes,
    walk=mobilenet_v2_int8.walk,
)

if __name__ == "__main__":
    sys.exit(main(EXAMPLE))
