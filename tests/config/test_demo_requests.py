"""What the units of the invented group have asked for."""

from collections import Counter

import pytest

from config.demo.organisation import organisation
from config.demo.requests import DemoRequest, Kind, Verdict, requests
from config.demo.standards import Standard, Version, standards
from knowledge.text.clauses import find_clauses

ALL = pytest.mark.parametrize("request_", requests(), ids=lambda request: request.key)
STANDARDS = {standard.key: standard for standard in standards()}


def _in_force(standard: Standard, day: int) -> Version:
    return [version for version in standard.published if version.in_force is not None and version.in_force <= day][-1]


def _stage(request: DemoRequest) -> str:
    if request.withdrawn is not None:
        return "withdrawn"
    verdicts = [decision.verdict for decision in request.decisions]
    if Verdict.REJECT in verdicts or Verdict.SEND_BACK in verdicts:
        return verdicts[-1].value
    return "answered" if verdicts else "waiting"


def test_there_are_40_requests_of_which_14_are_exceptions_at_every_stage() -> None:
    assert len(requests()) == len({request.key for request in requests()}) == 40
    for kind, count in ((Kind.EXCEPTION, 14), (Kind.CHANGE, 26)):
        of_kind = [request for request in requests() if request.kind is kind]
        assert len(of_kind) == count
        stages = Counter(_stage(request) for request in of_kind)
        assert set(stages) == {"waiting", "answered", "send_back", "reject", "withdrawn"}


def test_three_granted_exceptions_have_expired() -> None:
    granted = [request for request in requests() if request.until is not None and _stage(request) == "answered"]
    assert sum(request.until is not None and request.until < 0 for request in granted) == 3
    assert sum(request.until is not None and request.until > 0 for request in granted) >= 2


@ALL
def test_the_clause_existed_when_it_was_asked_about(request_: DemoRequest) -> None:
    version = _in_force(STANDARDS[request_.document], request_.asked)
    assert request_.clause in {clause.number for clause in find_clauses(version.body)}


@ALL
def test_the_asker_belongs_to_the_unit_and_decides_nothing(request_: DemoRequest) -> None:
    asker = next(person for person in organisation().people if person.key == request_.by)
    (home,) = [each for each in asker.memberships if each.unit == request_.unit]
    assert not home.guest
    assert home.since <= request_.asked
    assert request_.by not in {decision.by for decision in request_.decisions}


@ALL
def test_the_days_follow_one_another_and_each_kind_says_what_it_needs(request_: DemoRequest) -> None:
    days = [request_.asked, *(decision.on for decision in request_.decisions), request_.withdrawn or 0]
    assert days == sorted(days)
    assert request_.why
    if request_.kind is Kind.EXCEPTION:
        assert request_.until is not None
        assert request_.asked < request_.until <= request_.asked + 365
        assert request_.risk is not None
        assert request_.control
        assert not request_.proposal
    else:
        assert request_.proposal
        assert request_.until is None
        assert request_.risk is None


@ALL
def test_whoever_sends_back_or_rejects_says_why(request_: DemoRequest) -> None:
    for decision in request_.decisions:
        assert decision.comment or decision.verdict is Verdict.APPROVE
