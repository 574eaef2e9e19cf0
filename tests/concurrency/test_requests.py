"""Requests decided, submitted, withdrawn and changed at the same moment: one effect, no anomaly, no lock met.

Each race is run REMIT_RACE_ROUNDS times (50 by default; a third of it for those beside the promised ones) on documents
of its own. On PostgreSQL the transactions truly run side by side; on SQLite they queue, and must neither meet a lock
nor lose one another.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from governance import ledger
from governance.actions.memberships import NewMembership, end_membership, grant_memberships
from governance.actions.requests import decide, record_review, withdraw
from governance.actions.undoing import HOLD, undo_decision
from governance.errors import Denied, NotAllowed
from governance.ledger.verify import verify_ledger
from governance.models import Decision, Delegation, Delivery, ExceptionRequest, LedgerEntry, Membership, Request
from governance.permissions import store
from governance.vocabulary import Capability, RiskLevel, Role
from governance.workflow.freezing import from_json
from governance.workflow.storing import state_from_json
from knowledge.actions.drafts import save_draft, start_revision, submit_draft
from knowledge.actions.retirement import propose_retirement
from knowledge.models import Document, Publication
from tests.concurrency.conftest import under
from tests.concurrency.racing import ROUNDS, Campaign, Outcome, Track
from tests.governance.actions.story import Story

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

K = Capability.KNOWLEDGE
Step = Callable[[], Any]
SOME = max(ROUNDS // 3, 3)
"""Rounds of the races beside the five that the product promises."""


def deciding(story: Story, name: str, request: Request, verdict: str = "approve", **more: Any) -> Step:
    """The step in which the person decides, having read what stands."""
    comment = "" if verdict == "approve" else "No."
    return lambda: decide(
        actor=story[name], request=request, verdict=verdict, comment=comment, seen_hash=request.subject_hash, **more
    )


def oddities(request: Request, outcome: Outcome, *, votes: int | None = None, status: str | None = None) -> list[str]:
    """What is wrong with the stored request after a round."""
    found = outcome.faults()
    row = Request.objects.get(pk=request.pk)
    state = state_from_json(row.state, from_json(row.route))
    stand = Decision.objects.filter(request=row, undone_at__isnull=True)
    stored = list(stand.order_by("pk").values_list("user_id", flat=True))
    said = [vote.user for vote in state.votes] + ([state.review_record.user] if state.review_record else [])
    if sorted(stored) != sorted(said):
        found.append(f"the decisions are of {stored}, the votes of {said}")
    if row.status != state.status.value:
        found.append(f"the row says {row.status}, the state {state.status.value}")
    if votes is not None and len(stored) != votes:
        found.append(f"{len(stored)} decisions where {votes} stand")
    if status is not None and row.status != status:
        found.append(f"{row.status}, not {status}")
    document = Document.objects.get(public_id=row.subject_id)
    published = Publication.objects.filter(request=row).count()
    due = int(row.status == "approved" and row.kind == "publication")
    if published != due or (document.in_force is not None and not Publication.objects.filter(document=document)):
        found.append(f"published {published} times, {row.status}")
    if row.status != "open" and row.waiting.exists() and not row.review_open:
        found.append("waits for somebody though it is closed")
    return found


def sound(campaign: Campaign) -> None:
    """Every round was run, nothing odd was seen, and what is stored agrees with itself."""
    assert campaign.anomalies == []
    assert campaign.run == campaign.rounds
    assert verify_ledger().holds
    assert not store.find_drift()


# Two deciders at the same moment


def two_deciders(story: Story) -> Campaign:
    with Track(2) as track:

        def one(_: int) -> list[str]:
            request = story.submitted("Fay", "FIN")
            outcome = track.race([deciding(story, "Finn", request), deciding(story, "Lea", request)])
            found = oddities(request, outcome, votes=1, status="approved")
            return found if len(outcome.won) == 1 else [*found, f"{len(outcome.won)} were let through"]

        return Campaign().each(one)


@under("decentralized")
def test_two_who_share_a_seat_decide_once(story):
    story.people(Lea="FIN")
    sound(two_deciders(story))


@under("decentralized")
def test_the_same_click_twice_is_one_decision(story):
    with Track(2) as track:

        def one(_: int) -> list[str]:
            request = story.submitted("Fay", "FIN")
            outcome = track.race([deciding(story, "Finn", request)] * 2)
            return oddities(request, outcome, votes=1, status="approved")

        sound(Campaign(SOME).each(one))


@under("centre_of_excellence")
def test_approval_and_rejection_at_once_leave_one_of_them(story):
    with Track(2) as track:

        def one(_: int) -> list[str]:
            request = story.decides("Finn", story.submitted("Fay", "FIN"))
            outcome = track.race([deciding(story, "Cora", request), deciding(story, "Cleo", request, "reject")])
            return oddities(request, outcome, votes=2, status=["approved", "rejected"][outcome.won[0]])

        sound(Campaign(SOME).each(one))


# The same form twice


@under("decentralized")
def test_the_same_submission_twice_is_one_request(story):
    with Track(2) as track:

        def one(_: int) -> list[str]:
            document, key = story.drafted("Fay", "FIN"), uuid4()
            step = submitting(story, "Fay", document, key)
            outcome = track.race([step, step])
            found = outcome.faults()
            if len({request.pk for request in outcome.returned if request is not None}) != 1 or outcome.refused:
                found.append(f"answered {outcome.returned}, {outcome.refused}")
            if Request.objects.filter(subject_id=document.public_id).count() != 1:
                found.append("two requests")
            return found

        sound(Campaign().each(one))


def submitting(story: Story, name: str, document: Document, key: Any) -> Step:
    document.refresh_from_db()
    assert document.draft is not None
    base = document.draft.public_id
    return lambda: submit_draft(actor=story[name], document=document, base=base, submission_key=key)


@under("decentralized")
def test_two_who_submit_the_same_draft_at_once_open_one_request(story):
    with Track(2) as track:

        def one(_: int) -> list[str]:
            document = story.drafted("Fay", "FIN")
            outcome = track.race([submitting(story, name, document, uuid4()) for name in ("Fay", "Finn")])
            found = outcome.faults()
            if len(outcome.won) != 1 or Request.objects.filter(subject_id=document.public_id).count() != 1:
                found.append(f"{len(outcome.won)} requests")
            return found

        sound(Campaign(SOME).each(one))


@under("decentralized")
def test_the_same_question_twice_is_one_exception(story):
    document = story.published("FIN", K, "Fay", "Finn")
    with Track(3) as track:

        def one(_: int) -> list[str]:
            key, until = uuid4(), timezone.localdate() + timedelta(days=30)
            outcome = track.race(
                [lambda: story.asks_exception("Fred", "FIN", document, submission_key=key, until=until)] * 3
            )
            found = outcome.faults()
            if len({request.pk for request in outcome.returned if request is not None}) != 1 or outcome.refused:
                found.append(f"answered {outcome.returned}, {outcome.refused}")
            if ExceptionRequest.objects.filter(request__submission_key=key).count() != 1:
                found.append("not one exception")
            return found

        sound(Campaign().each(one))
        numbers = list(Request.objects.values_list("number", flat=True))
        assert len(set(numbers)) == len(numbers)


@under("decentralized")
def test_two_exceptions_granted_at_once_have_numbers_of_their_own(story):
    document = story.published("FIN", K, "Fay", "Finn")
    story.people(Lea="FIN")
    with Track(2) as track:

        def one(_: int) -> list[str]:
            asked = [story.asks_exception("Fred", "FIN", document, risk=RiskLevel.LOW) for _ in range(2)]
            outcome = track.race([deciding(story, "Finn", asked[0]), deciding(story, "Lea", asked[1])])
            granted = ExceptionRequest.objects.filter(request__in=asked).values_list("number", flat=True)
            return outcome.faults() + ([] if len(set(granted)) == 2 and all(granted) else [f"granted {list(granted)}"])

        sound(Campaign(SOME).each(one))


# Taken back


@under("centre_of_excellence")
def test_a_decision_is_taken_back_or_told_and_followed(story):
    with Track(3) as track:

        def one(_: int) -> list[str]:
            request = story.submitted("Fay", "FIN")
            story.decides("Finn", request)
            (change,) = LedgerEntry.objects.filter(event="approval.approved").order_by("-pk")[:1]
            outcome = track.race(
                [
                    lambda: undo_decision(actor=story["Finn"], request=request),
                    deciding(story, "Cora", request, "request_changes"),
                    lambda: ledger.deliver_due(now=ledger.database_now() + HOLD),
                ]
            )
            ledger.deliver_due(now=ledger.database_now() + HOLD)
            told = set(Delivery.objects.filter(entry__change_id=change.change_id).values_list("state", flat=True))
            undone = 0 in outcome.won
            found = oddities(request, outcome, votes=0 if undone else None, status="open" if undone else None)
            if told != ({"cancelled"} if undone else {"done"}):
                found.append(f"undone: {undone}, deliveries: {told}")
            return found if not (undone and 1 in outcome.won) else [*found, "taken back and followed"]

        sound(Campaign(SOME).each(one))


@under("centre_of_excellence")
def test_a_refusal_taken_back_meets_the_author_who_goes_on(story):
    with Track(2) as track:

        def one(place: int) -> list[str]:
            document = story.drafted("Fay", "FIN")
            request = story.submits("Fay", document)
            story.decides("Finn", request, "request_changes")
            base = Document.objects.get(pk=document.pk).draft.public_id

            def goes_on() -> Any:
                if place % 2:
                    return submit_draft(actor=story["Fay"], document=document, base=base, submission_key=uuid4())
                said = {"title": "Other", "body": "Other words MUST be.", "reason": "As asked."}
                return save_draft(actor=story["Fay"], document=document, base=base, **said)

            outcome = track.race([lambda: undo_decision(actor=story["Finn"], request=request), goes_on])
            found = outcome.faults()
            row, draft = Request.objects.get(pk=request.pk), Document.objects.get(pk=document.pk).draft
            if row.status == "open" and row.subject_hash != draft.content_hash:
                found.append("waits for a decision on what is no longer the draft")
            running = Request.objects.filter(subject_id=document.public_id, status__in=["open", "undecidable"])
            return found if running.count() <= 1 else [*found, f"{running.count()} approvals at once"]

        sound(Campaign(SOME).each(one))


# A council


def four_for_two(story: Story, rounds: int | None = None) -> Campaign:
    """Four seats vote at once where two are enough."""
    with Track(4) as track:

        def one(_: int) -> list[str]:
            with last_week(11):
                request = story.submitted("Fay", "FIN")
            names = ("Hana", "Ivan", "Olga", "Finn")
            outcome = track.race([deciding(story, name, request) for name in names])
            found = oddities(request, outcome, votes=2, status="approved")
            return found if len(outcome.won) == 2 else [*found, f"{len(outcome.won)} were let through"]

        return (Campaign() if rounds is None else Campaign(rounds)).each(one)


@contextmanager
def last_week(days: int) -> Iterator[None]:
    """The block happens so many days ago."""
    with time_machine.travel(timezone.now() - timedelta(days=days)):
        yield


@under("evolved")
def test_four_who_vote_for_a_quorum_of_two_publish_once(story):
    sound(four_for_two(story))


@under("evolved")
def test_the_last_vote_and_the_job_that_ends_the_last_call_meet(story):
    from governance.actions.requests import advance_due

    with Track(3) as track:

        def one(_: int) -> list[str]:
            with last_week(11):
                request = story.submitted("Fay", "FIN")
            outcome = track.race([advance_due, deciding(story, "Hana", request), deciding(story, "Ivan", request)])
            return oddities(request, outcome, votes=2, status="approved")

        sound(Campaign(SOME).each(one))


# Against the submitter


@under("decentralized")
def test_a_vote_and_a_withdrawal_leave_one_of_them(story):
    with Track(2) as track:

        def one(_: int) -> list[str]:
            request = story.submitted("Fay", "FIN")
            outcome = track.race(
                [deciding(story, "Finn", request), lambda: withdraw(actor=story["Fay"], request=request)]
            )
            if len(outcome.won) != 1 or not isinstance(outcome.raised[1 - outcome.won[0]], NotAllowed):
                return [*outcome.faults(), f"{outcome.raised}"]
            status = ["approved", "withdrawn"][outcome.won[0]]
            return oddities(request, outcome, votes=1 - outcome.won[0], status=status)

        sound(Campaign().each(one))


@under("decentralized")
def test_a_vote_and_an_edit_never_publish_what_nobody_read(story):
    with Track(2) as track:

        def one(number: int) -> list[str]:
            document = story.drafted("Fay", "FIN")
            request = story.submits("Fay", document)
            assert document.draft is not None
            base = document.draft.public_id

            def edit() -> Any:
                return save_draft(
                    actor=story["Fay"],
                    document=document,
                    base=base,
                    title=f"Other {number}",
                    body="Other words.",
                    reason="Better.",
                )

            outcome = track.race([deciding(story, "Finn", request), edit])
            found = oddities(request, outcome)
            document.refresh_from_db()
            if document.in_force is not None and document.in_force.content_hash != request.subject_hash:
                found.append("in force is what nobody approved")
            if len(outcome.won) != 1:
                found.append(f"{outcome.raised}")
            return found

        sound(Campaign().each(one))


# A substitute


@under("decentralized")
def test_a_delegator_and_the_substitute_decide_once(story):
    with last_week(1):
        story.delegates("Finn", "Hugo", story.remit("FIN"))
    with Track(2) as track:

        def one(_: int) -> list[str]:
            request = story.submitted("Fay", "FIN")
            outcome = track.race(
                [
                    deciding(story, "Finn", request),
                    deciding(story, "Hugo", request, on_behalf_of=story["Finn"]),
                ]
            )
            return oddities(request, outcome, votes=1, status="approved")

        sound(Campaign().each(one))
        assert Delegation.objects.count() == 1


@under("evolved")
def test_in_a_council_a_delegator_and_the_substitute_are_one_vote(story):
    with last_week(12):
        story.delegates("Hana", "Hugo", story.remit("FIN"))
    with Track(2) as track:

        def one(_: int) -> list[str]:
            with last_week(11):
                request = story.submitted("Fay", "FIN")
            outcome = track.race(
                [
                    deciding(story, "Hana", request),
                    deciding(story, "Hugo", request, on_behalf_of=story["Hana"]),
                ]
            )
            return oddities(request, outcome, votes=1, status="open")

        sound(Campaign(SOME).each(one))


# The organisation changes at the same moment


@under("decentralized")
def test_a_lead_who_leaves_while_deciding_decided_before_or_not_at_all(story):
    with Track(2) as track:

        def one(_: int) -> list[str]:
            grant_memberships(
                actor=story.ada,
                memberships=[NewMembership(user=story.person("Lea"), unit=story.unit("FIN"), role=Role.LEAD)],
            )
            row = Membership.objects.valid_at().get(user=story["Lea"])
            request = story.submitted("Fay", "FIN")
            outcome = track.race(
                [deciding(story, "Lea", request), lambda: end_membership(actor=story.ada, membership=row)]
            )
            if outcome.raised[1] is not None or not isinstance(outcome.raised[0], Denied | None):
                return [*outcome.faults(), f"{outcome.raised}"]
            decided = outcome.raised[0] is None
            return oddities(
                request, outcome, votes=int(decided), status="approved" if decided else "open"
            ) + waits_wrongly(story, request)

        sound(Campaign(SOME).each(one))


@under("decentralized")
def test_a_submission_while_a_lead_leaves_waits_for_nobody_who_has_left(story):
    with Track(2) as track:

        def one(_: int) -> list[str]:
            grant_memberships(
                actor=story.ada,
                memberships=[NewMembership(user=story.person("Lea"), unit=story.unit("FIN"), role=Role.LEAD)],
            )
            row = Membership.objects.valid_at().get(user=story["Lea"])
            document = story.drafted("Fay", "FIN")
            outcome = track.race(
                [
                    submitting(story, "Fay", document, uuid4()),
                    lambda: end_membership(actor=story.ada, membership=row),
                ]
            )
            request = outcome.returned[0]
            return outcome.faults() if request is None else outcome.faults() + waits_wrongly(story, request)

        sound(Campaign(SOME).each(one))


def waits_wrongly(story: Story, request: Request) -> list[str]:
    try:
        story.check(request)
    except AssertionError as error:
        return [f"what is stored disagrees: {str(error).splitlines()[0]}"]
    return []


@under("devolved")
def test_a_revoked_mandate_and_a_reviewer_who_leaves_do_not_wait_for_each_other(story):
    """Each of them compiles, and each moves the request: taken in two orders, their locks would be a deadlock."""
    with Track(2) as track:

        def one(number: int) -> list[str]:
            story.under("devolved", centre="CEN", of="FIN", risk_limit=list(RiskLevel)[number % 3])
            story.people(Lea="CEN")
            row = Membership.objects.valid_at().get(user=story["Lea"])
            request = story.decides("Finn", story.submitted("Fay", "FIN"))
            if "Lea" not in story.waits_for(request):
                return ["no review"]
            outcome = track.race(
                [
                    lambda: record_review(actor=story["Cora"], request=request, outcome="revoke", comment="No."),
                    lambda: end_membership(actor=story.ada, membership=row),
                ]
            )
            found = oddities(request, outcome) + waits_wrongly(story, request)
            return [*found, *(error.message for error in outcome.refused)]

        sound(Campaign(SOME).each(one))


@under("decentralized")
def test_a_new_version_and_a_retirement_decided_at_once_do_not_wait_for_each_other(story):
    """Each of them ends the other, in the transaction in which it takes effect."""
    story.people(Lea="FIN")
    with Track(2) as track:

        def one(number: int) -> list[str]:
            document = story.published("FIN", K, "Fay", "Finn")
            start_revision(actor=story["Fay"], document=document, reason="Better.")
            document.refresh_from_db()
            save_draft(
                actor=story["Fay"],
                document=document,
                base=document.draft.public_id,
                title=document.title,
                body=f"Other {number}.",
                reason="Better.",
            )
            version = story.submits("Fay", document)
            retirement = propose_retirement(actor=story["Lea"], document=document, reason="Old.")
            outcome = track.race([deciding(story, "Finn", retirement), deciding(story, "Lea", version)])
            found = oddities(version, outcome) + oddities(retirement, outcome)
            statuses = {Request.objects.get(pk=each.pk).status for each in (version, retirement)}
            return found if statuses == {"approved", "voided"} else [*found, f"{statuses}"]

        sound(Campaign(SOME).each(one))


# The races find what they are for


@pytest.fixture
def _without_the_lock(monkeypatch):
    """Requests are read without their lock, as naive code would.

    Planted once, by the thread that takes it away again, and on the manager of requests alone: what the runners planted
    for themselves could outlive them and unlock every table of this process.
    """
    manager = Request.objects
    monkeypatch.setattr(manager, "select_for_update", lambda **_: manager.get_queryset())


@pytest.mark.postgresql
@pytest.mark.usefixtures("_without_the_lock")
@under("evolved")
def test_without_the_row_lock_votes_are_lost_and_the_race_sees_it(story):
    campaign = four_for_two(story, rounds=20)
    assert campaign.anomalies
