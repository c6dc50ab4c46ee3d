"""A methodology is held against its own gates before anybody approves it. All data is synthetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from creditlab.cli import main
from tests.spec.assessable import METHODOLOGY, NAME, ONE, TWO, assessable, penalty
from tests.spec.tiny import Tiny, row

Run = Callable[..., dict[str, Any]]
AS_OF = "2026-10-20"
APPROVE = ("methodology", "approve", NAME, "--by", "A body", "--document", "No. 1", "--approved-on", "2026-01-02")
#: Two of three organisations have a record, the weights of a penalty and an honour are 15 and 10.
GATES = """
[gates]
near = 2
near_percent = 0
weight_percent = 60
information_percent = 66
stable_percent = 50
monotone_outcomes = false
trend_percent = 5
fall_percent = 5
"""


@pytest.fixture
def draft(make_tiny: Callable[..., Tiny]) -> Tiny:
    """A methodology with gates that nobody has approved yet."""
    tiny = assessable(make_tiny)
    (tiny.folder / f"methodologies/{NAME}.seal.toml").unlink()
    write(tiny, GATES)
    tiny.deliver([penalty("1", ONE, event_date="2026-07-01")], "2026-07-02", item_code="P-1")
    tiny.deliver([row("H1", subject_id=TWO, event_date="2026-07-01")], "2026-07-03", item_code="H-1", department="D2")
    return tiny


def write(tiny: Tiny, gates: str) -> None:
    tiny.write(f"methodologies/{NAME}.toml", METHODOLOGY + gates)


def is_sealed(tiny: Tiny) -> bool:
    return (tiny.folder / f"methodologies/{NAME}.seal.toml").exists()


def test_a_draft_is_tried_and_one_that_keeps_its_gates_is_approved(run: Run, draft: Tiny) -> None:
    draft.ingest()
    found = run(draft, "methodology", "try", NAME, "--as-of", AS_OF)
    assert found["gates"] == [
        {"gate": "near_percent", "part": 0, "whole": 2, "at_most": 0, "holds": True},
        {"gate": "weight_percent", "part": 15_000, "whole": 25_000, "at_most": 60, "holds": True},
        {"gate": "information_percent", "part": 2, "whole": 3, "at_least": 66, "holds": True},
        {"gate": "stable_percent", "part": found["gates"][3]["part"], "whole": 2_000, "at_least": 50, "holds": True},
    ]
    assert found["state"] == "draft"
    assert not is_sealed(draft)
    said = run(draft, *APPROVE, "--as-of", AS_OF)
    assert said["gates"] == found["gates"]
    assert "untried" not in said
    assert is_sealed(draft)


def test_one_that_breaks_a_gate_is_not_approved(run: Run, draft: Tiny, capfd: pytest.CaptureFixture[str]) -> None:
    draft.ingest()
    broken = GATES.replace("information_percent = 66", "information_percent = 67")
    write(draft, broken.replace("monotone_outcomes = false", "monotone_outcomes = true"))
    assert main(["--workspace", str(draft.folder), "methodology", "try", NAME, "--as-of", AS_OF]) == 3
    lines = capfd.readouterr().out.splitlines()
    assert [one.partition(":")[0] for one in lines if ": broken;" in one] == [
        "information_percent",
        "monotone_outcomes",
    ]
    refused = run(draft, *APPROVE, "--as-of", AS_OF, status=3)
    assert refused["error"] == "methodology_gate"
    assert "information_percent, monotone_outcomes" in refused["where"]
    assert not is_sealed(draft)


def test_where_nothing_was_taken_in_the_approval_says_that_nothing_was_tried(run: Run, draft: Tiny) -> None:
    assert run(draft, "methodology", "try", NAME, "--as-of", AS_OF, status=4)["error"] == "no_data"
    said = run(draft, *APPROVE)
    assert (said["gates"], said["untried"]) == ([], "nothing has been ingested yet")
    assert is_sealed(draft)


def test_a_methodology_that_is_not_in_force_yet_can_be_tried(run: Run, draft: Tiny) -> None:
    draft.ingest()
    write(draft, GATES)
    path = draft.folder / f"methodologies/{NAME}.toml"
    text = path.read_text(encoding="utf-8")
    assert "effective_from = 2026-01-01" in text
    path.write_text(text.replace("effective_from = 2026-01-01", "effective_from = 2026-12-01"), encoding="utf-8")
    assert all(one["holds"] for one in run(draft, "methodology", "try", NAME, "--as-of", AS_OF)["gates"])
