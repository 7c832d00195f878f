"""The records of decisions: numbered, of one form, and each linked from the architecture page."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[3] / "docs"
RECORDS = sorted((DOCS / "decisions").glob("*.md"))
FORM = re.compile(
    r"# (\d+)\. (.+)\n\nDate: \d{4}-\d\d-\d\d\n\n## Decision\n\n.+?\n\n## Reason\n\n.+?\n\n## Measured\n\n.+",
    re.DOTALL,
)


def test_numbers_have_no_gap() -> None:
    numbers = [int(path.name[:4]) for path in RECORDS]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.name[:4])
def test_a_record_has_the_form_and_is_linked(path: Path) -> None:
    match = FORM.fullmatch(path.read_text())
    assert match is not None, "Date, Decision, Reason, Measured"
    assert int(match[1]) == int(path.name[:4])
    link = f"- [{path.name[:4]} {match[2]}](decisions/{path.name})\n"
    assert (DOCS / "architecture.md").read_text().count(link) == 1


def test_no_link_leads_nowhere() -> None:
    links = re.findall(r"\(decisions/([^)]+)\)", (DOCS / "architecture.md").read_text())
    assert sorted(links) == [path.name for path in RECORDS]
