"""Entry point of `aie-conv-opt`: the dialects on xDSL's driver, where xDSL is installed."""

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run xDSL's driver; returns the exit status, 2 where xDSL is missing."""
    try:
        from aie_conv.ir.xdsl.opt import run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "xdsl":
            raise
        print("aie-conv-opt: xDSL is not installed: pip install 'aie_conv[xdsl]'", file=sys.stderr)
        return 2
    return run(list(sys.argv[1:] if argv is None else argv))
