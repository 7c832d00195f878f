"""The command `aie-conv`."""
