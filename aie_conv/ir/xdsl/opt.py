"""xDSL's own driver with the device side's dialects: reads, verifies, runs xDSL's passes, prints."""

import sys
from collections.abc import Callable, Sequence
from io import StringIO
from typing import IO

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Dialect
from xdsl.parser import Parser
from xdsl.universe import Universe
from xdsl.utils.arg_spec import parse_spec
from xdsl.utils.exceptions import DiagnosticException, ParseError, VerifyException
from xdsl.xdsl_opt_main import xDSLOptMain

from aie_conv.errors import VerifyError
from aie_conv.ir.xdsl.compat import UniquePrinter, guard_hex_floats, parenthesized
from aie_conv.ir.xdsl.universe import DIALECTS


class OptMain(xDSLOptMain):
    """`aie-conv-opt`; where a dialect of ours and one of xDSL's have one name, it is ours."""

    def register_all_dialects(self) -> None:
        """xDSL's and ours."""
        ours = {dialect.name: dialect for dialect in DIALECTS}
        for name, make in Universe.get_multiverse().all_dialects.items():
            if name not in ours:
                self.ctx.register_dialect(name, make)
        for name, dialect in ours.items():
            self.ctx.register_dialect(name, _factory(dialect))

    def register_all_frontends(self) -> None:
        """MLIR's text, as :func:`aie_conv.ir.xdsl.parse_module` takes it."""

        def parse_mlir(source: IO[bytes]) -> ModuleOp:
            text = source.read().decode()
            guard_hex_floats(text)
            parser = Parser(self.ctx, parenthesized(text), self.get_input_name())
            return parser.parse_module(not self.args.no_implicit_module)

        self.available_frontends["mlir"] = parse_mlir

    def output_resulting_program(self, prog: ModuleOp) -> str:
        """The text, each value with a name of its own."""
        if parse_spec(self.args.target).name != "mlir":
            return super().output_resulting_program(prog)
        out = StringIO()
        printer = UniquePrinter(
            out,
            print_generic_format=self.args.print_op_generic,
            print_properties_as_attributes=self.args.print_no_properties,
            print_debuginfo=self.args.print_debuginfo,
        )
        printer.print_op(prog)
        return f"{out.getvalue()}\n"


def _factory(dialect: Dialect) -> Callable[[], Dialect]:
    return lambda: dialect


def run(arguments: Sequence[str]) -> int:
    """Run it; returns the exit status: 0, or 1 with one line on stderr."""
    try:
        OptMain("Reads, verifies and prints AIE modules with xDSL's dialects", arguments).run()
    except (DiagnosticException, ParseError, VerifyException, VerifyError, OSError) as error:
        sys.stderr.write(f"aie-conv-opt: {' '.join(str(error).split())}\n")
        return 1
    return 0
