from typing import Any

from .ir import Context

class PassManager:
    @staticmethod
    def parse(pipeline: str, context: Context) -> Any: ...
