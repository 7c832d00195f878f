from typing import Any

from iree.compiler.ir import Context

class PassManager:
    @staticmethod
    def parse(pipeline: str, context: Context) -> Any: ...
