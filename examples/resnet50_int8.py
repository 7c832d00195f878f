"""ResNet-50 in integers; what its numbers mean stands in int8_network.py."""

from int8_network import V, Walker
from resnet50_model import STAGES


def walk(net: Walker[V]) -> V:
    """The network, operation by operation."""
    x = net.max_pool(net.conv("conv1", net.image(), activation="relu"))
    for stage, (_, blocks, _) in enumerate(STAGES, 1):
        for block in range(blocks):
            name = f"layer{stage}.{block}"
            identity = x if block else net.conv(f"{name}.downsample.0", x)
            y = net.conv(f"{name}.conv1", x, activation="relu")
            y = net.conv(f"{name}.conv2", y, activation="relu")
            x = net.conv(f"{name}.conv3", y, identity, activation="relu")
    return net.classify("fc", net.average(x))
