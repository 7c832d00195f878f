"""MobileNetV2 in integers; what its numbers mean stands in int8_network.py."""

from int8_network import V, Walker
from mobilenet_v2_model import STAGES, blocks


def walk(net: Walker[V]) -> V:
    """The network, operation by operation."""
    x = net.conv("features.0.0", net.image(), activation="relu6")
    for name, cin, expansion, channels, stride in blocks():
        y, depthwise = x, 0
        if expansion > 1:
            y, depthwise = net.conv(f"{name}.conv.0.0", x, activation="relu6"), 1
        y = net.conv(f"{name}.conv.{depthwise}.0", y, activation="relu6")
        identity = x if stride == 1 and cin == channels else None
        x = net.conv(f"{name}.conv.{depthwise + 1}", y, identity)
    last = sum(stage[2] for stage in STAGES) + 1
    x = net.conv(f"features.{last}.0", x, activation="relu6")
    return net.classify("classifier.1", net.average(x))
