"""Decisions with their reasons: the prices of what was chosen and of what was not, for people."""

from collections.abc import Sequence

from aie_conv.plan import Candidate, Decision
from aie_conv.problem import ConvProblem


def _space(number: int) -> str:
    """A number in groups of three digits."""
    return f"{number:,}".replace(",", " ")


def describe(candidate: Candidate, unit: str = "") -> str:
    """A candidate's part of the reason, e.g. "im2col: 63 900 (input stream, 6.1 times the least bytes)"."""
    if not candidate.cost:
        return f"{candidate.label}: {candidate.refused.removeprefix(f'{candidate.route}: ')}"
    notes = ["judged"] * candidate.measured + [candidate.bound] * bool(candidate.bound)
    plan = candidate.plan
    if plan is not None:
        times = plan.shim_bytes / plan.problem.minimum_bytes
        if candidate.bound.endswith("stream") and times >= 1.5:
            notes.append(f"{times:.1f} times the least bytes")
        if candidate.host_cycles > candidate.run_cycles:
            notes.append(f"{_space(candidate.host_cycles)} on the host")
    return f"{candidate.label}: {_space(candidate.cost)}{unit}" + (
        f" ({', '.join(notes)})" * bool(notes)
    )


def decide(best: Candidate, others: list[Candidate], note: str = "") -> Decision:
    """The decision for a candidate, with its price and the others'."""
    ranked = rank(others)
    reason = "; ".join([describe(best, " cycles"), *map(describe, ranked)]) + note
    return Decision(best.route, reason, best.plan, (best, *ranked))


def rank(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The cheapest first, those without a price last."""
    return sorted(candidates, key=lambda c: (not c.cost, c.cost))


def note_arithmetic(problem: ConvProblem, best: Candidate) -> str:
    """The note that f32 is computed in another type."""
    if best.plan is None or best.plan.arithmetic == problem.arithmetic:
        return ""
    return f"; computed in {best.plan.arithmetic}"
