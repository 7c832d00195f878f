"""`aie-conv doctor`: what this machine has for a run on an NPU, and what to do about the rest."""

import json
import sys

from aie_conv.errors import UsageError
from aie_conv.toolchain.doctor import Finding, as_json, can_run, examine

_HELP = """\
usage: aie-conv doctor [--json]

Looks for everything between a model and an NPU: Python packages, mlir-aie, Peano, XRT, the kernel's
driver, the device, and this user's rights. Changes nothing. Exit status 0 where a program can be run
on a device here, 1 where it cannot (the simulator always can).
"""


def run_doctor(arguments: list[str]) -> int:
    """Print the table, or JSON."""
    if any(word in ("-h", "--help") for word in arguments):
        print(_HELP, end="")
        return 0
    unknown = [word for word in arguments if word != "--json"]
    if unknown:
        raise UsageError(f"{unknown[0]}: unknown: give --json or nothing")
    findings = examine()
    if arguments:
        print(json.dumps(as_json(findings), indent=1))
    else:
        _print_table(findings)
    return 0 if can_run(findings) else 1


def _print_table(findings: list[Finding]) -> None:
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        print(f"{finding.name:<{width}}  {finding.state:<7}  {finding.detail}")
        if finding.state != "ok" and finding.advice:
            print(f"{'':<{width}}           -> {finding.advice}")
    able = can_run(findings)
    print(
        "\nPrograms can be run on this machine's NPU."
        if able
        else "\nNo run on an NPU here; artifacts run on the simulator (--device=sim)."
    )
    sys.stdout.flush()
