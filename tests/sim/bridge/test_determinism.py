"""A compilation depends on its input alone: not on the order in which a process happens to hash strings."""

import json
import os
import subprocess
import sys
from typing import Any

from tests.support.bridge import modules
from tests.support.bridge.modules import Conv

SCRIPT = """
import hashlib, json, sys
import aie_conv
made = aie_conv.compile(sys.stdin.buffer.read(), plan_cache=False)
made.report.pop("seconds")
# Dictionaries are written in their own order: it is part of what is compared.
print(json.dumps({"vmfb": hashlib.sha256(made.vmfb).hexdigest(), "report": made.report, "modules": made.modules}))
"""

CONVS = (
    Conv(h=28, w=28, c=128, oc=128, padding=1, dtype="i8"),
    Conv(h=28, w=28, c=64, oc=64, padding=1, dtype="i8"),
    Conv(h=28, w=28, c=128, oc=128, padding=1),
    Conv(c=8, oc=8, dtype="f32"),
)
"""Several types, with configurations to share, and one that stays on the CPU."""


def compiled(text: str, seed: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=text,
        env={**os.environ, "PYTHONHASHSEED": str(seed)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_two_processes_with_different_hashes_make_the_same() -> None:
    functions = (
        modules.plain(conv).replace("@main", f"@f{number}") for number, conv in enumerate(2 * CONVS)
    )
    text = "\n".join(functions)
    first, second = (compiled(text, seed) for seed in (1, 2))
    # Of six names hardly any two orders are the same by chance.
    assert first["report"]["totals"]["npu"] >= 6
    assert first["report"]["totals"]["cpu"] >= 2
    for key in first:
        assert json.dumps(first[key]) == json.dumps(second[key]), key
