"""The words that are stored with every request, and what stands where nothing was said: neither may ever change."""

from dataclasses import MISSING, fields
from typing import Any

import pytest

from governance.workflow import events, route, state, waiting
from governance.workflow.events import DECISIONS, TAKES_EFFECT, Action, Publish, ReviewOutcome
from governance.workflow.route import DECIDING_KINDS, StageKind
from governance.workflow.state import Decision, ReviewStatus, Status


@pytest.mark.parametrize(
    ("enumeration", "words"),
    [
        (StageKind, "unit centre last_call council review"),
        (Status, "open approved changes_requested rejected withdrawn voided undecidable"),
        (Decision, "approve request_changes reject"),
        (ReviewStatus, "none open accepted withdrawn revoked withdrawn_and_revoked"),
        (ReviewOutcome, "accept withdraw revoke withdraw_and_revoke"),
        (Action, "approve request_changes reject withdraw object clear_objection record_review"),
        (waiting.Progress, "done now next skipped"),
    ],
)
def test_the_words_are_these(enumeration: Any, words: str) -> None:
    assert [each.value for each in enumeration] == words.split()
    assert [each.name for each in enumeration] == words.upper().split()


def of(kind: type) -> dict[str, Any]:
    return {field.name: field.default for field in fields(kind) if field.default is not MISSING}


NOBODY_STOOD_IN = {"on_behalf_of": None, "delegation": None, "membership": None}


@pytest.mark.parametrize(
    ("kind", "defaults"),
    [
        (route.Seat, {"is_chair": False, "relation": ""}),
        (
            route.Stage,
            {"fallback": "", "days": 0, "filled": 0, "quorum_seats": 1, "quorum_people": 1, "conditional": False}
            | {"reserves": ()},
        ),
        (
            route.Route,
            {"undecidable": "", "unit": None, "capability": "", "people": (), "excluded": frozenset(), "advice": False},
        ),
        (state.Actor, NOBODY_STOOD_IN),
        (state.Vote, {"comment": ""} | NOBODY_STOOD_IN),
        (state.ReviewRecord, {"comment": ""} | NOBODY_STOOD_IN),
        (state.Objection, {"on_behalf_of": None, "cleared_at": None, "cleared_by": None}),
        (
            state.RequestState,
            {"votes": (), "objections": (), "closed_at": None, "reason": "", "review": ReviewStatus.NONE}
            | {"review_record": None},
        ),
        (events.Approve, {"comment": "", "seat": ""}),
        (events.RequestChanges, {"seat": ""}),
        (events.Reject, {"seat": ""}),
        (events.Withdraw, {"comment": ""}),
        (events.Object, {"seat": ""}),
        (events.Void, {"revision": ""}),
        (events.RecordReview, {"comment": ""}),
        (events.Decided, {"tally": None}),
        (events.ObjectionCleared, {"by_vote": False}),
        (events.Outcome, {"effects": ()}),
        (events.Option, {"seats": (), "objection": None}),
        (
            waiting.StageView,
            {"votes": (), "objections": (), "tally": None, "waits_for": frozenset(), "since": None, "until": None}
            | {"review": None},
        ),
    ],
)
def test_what_is_not_said_is_nothing(kind: type, defaults: dict[str, Any]) -> None:
    assert of(kind) == defaults


def test_what_is_said_of_stages_and_kinds() -> None:
    assert {StageKind.UNIT, StageKind.CENTRE, StageKind.COUNCIL} == DECIDING_KINDS
    assert list(DECISIONS.values()) == [Decision.APPROVE, Decision.REQUEST_CHANGES, Decision.REJECT]
    assert {kind: effect() for kind, effect in TAKES_EFFECT.items()} == {
        "publication": Publish("publication"),
        "import": Publish("import"),
        "retirement": events.Retire(),
        "exception": events.GrantException(),
        "change": events.AcceptChange(),
    }
    assert (state.SYSTEM.user, state.SYSTEM.person, state.SYSTEM.name) == (0, 0, "Remit")
    assert {each for each in Status if not each.is_terminal} == {Status.OPEN, Status.UNDECIDABLE}
