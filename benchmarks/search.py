"""How long plans take to find, and what the longer search gains: every contraction of ResNet-50.

"fast" is what `aie-conv compile` does by itself, the choice of configurations and close calls included,
without any cache, in seconds of this process; with --best every problem is searched again with the
simulator as measurer, and the simulated cycles of both stand side by side.
"""

import argparse
import sys
import time

from common import EXAMPLES, Layer, layers

from aie_conv.arch import device_names
from aie_conv.artifact import Verifier
from aie_conv.assignment import Request, assign, decide
from aie_conv.options import Options
from aie_conv.partitioner import Pricing, choose
from aie_conv.partitioner.planner import Planner
from aie_conv.planning import Planning, SimulatorMeasurer

LIMIT = 20.0
"""Seconds of CPU for all problems of the network, fast."""
DTYPES = ("int8", "bf16")


def fast(found: list[Layer], device: str) -> float:
    """Seconds to plan a module of all calls, of which nothing is known."""
    planning = Planning(Options(device=device, plan_cache="off"))
    requests = [
        Request(f"{layer.name}.{i}", layer.problem, layer.constants)
        for layer in found
        for i in range(layer.count)
    ]
    start = time.process_time()
    decisions = [decide(planning, request, measure=False) for request in requests]
    assign(planning, requests, decisions, Verifier().fits)
    return time.process_time() - start


def best(found: list[Layer], device: str) -> None:
    """Print what measuring by the simulator gains, problem by problem."""
    measurer = SimulatorMeasurer(lambda message: print(message, file=sys.stderr))
    pricing = Pricing(planner=Planner(measurer, "best"))
    start = time.perf_counter()
    before = after = 0
    print(f"{'layer':<22}  {'x':>2}  {'fast kcyc':>9}  {'best kcyc':>9}  change  route")
    for layer in found:
        first = choose(layer.problem, device=device, constants=layer.constants)
        last = choose(layer.problem, device=device, constants=layer.constants, pricing=pricing)
        if first.plan is None or last.plan is None:
            print(f"{layer.name:<22}  {layer.count:>2}  on the CPU")
            continue
        cycles = [measurer(plan) or 0 for plan in (first.plan, last.plan)]
        before, after = before + cycles[0] * layer.count, after + cycles[1] * layer.count
        ways = list(dict.fromkeys(f"{d.route} {d.plan.style}" for d in (first, last) if d.plan))
        print(
            f"{layer.name:<22}  {layer.count:>2}  {cycles[0] / 1e3:>9.1f}  {cycles[1] / 1e3:>9.1f}"
            f"  {cycles[1] / cycles[0] - 1:>+6.1%}  {' -> '.join(ways)}",
            flush=True,
        )
    print(
        f"all calls: {before / 1e3:.0f} -> {after / 1e3:.0f} kcyc ({after / before - 1:+.1%}),"
        f" searched in {time.perf_counter() - start:.0f} s"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", choices=device_names(), default="npu1_4col")
    parser.add_argument("--dtype", choices=DTYPES, action="append", help="default: all")
    parser.add_argument("--best", action="store_true", help="search by the simulator too")
    args = parser.parse_args()
    sys.path.insert(0, str(EXAMPLES))
    holds = True
    for dtype in args.dtype or DTYPES:
        found = layers("resnet50", dtype, 224)
        seconds = fast(found, args.device)
        ok = seconds <= LIMIT
        print(
            f"resnet50 {dtype} on {args.device}: {len(found)} problems planned in {seconds:.1f} s of CPU"
            f" (at most {LIMIT:g}) {'ok' if ok else 'MISSED'}",
            flush=True,
        )
        holds &= ok
        if args.best:
            best(found, args.device)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
