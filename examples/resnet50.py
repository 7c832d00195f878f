"""ResNet-50 through the amd-aie target backend: exported, compiled, run on the (simulated) NPU.

`make resnet50` runs this with its defaults; `--help` lists the options.
"""

import sys

from extras import imports

with imports():
    import resnet50_int8
    import resnet50_model
    from network_run import Example, main

EXAMPLE = Example(
    name="resnet50",
    title=(__doc__ or "").splitlines()[0],
    build=resnet50_model.build,
    shapes=resnet50_model.conv_shapes,
    walk=resnet50_int8.walk,
)

if __name__ == "__main__":
    sys.exit(main(EXAMPLE))
