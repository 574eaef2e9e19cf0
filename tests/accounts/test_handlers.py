"""Whoever an event concerns is told once, by the routes table; what is settled waits for nobody."""

from datetime import timedelta
from string import Formatter

import pytest
import time_machine
from django.utils import timezone

from accounts import handlers
from accounts.models import Notification, OutgoingMail
from accounts.routes import BY_EVENT, ENDS_WAITING, ROUTES
from governance import failpoints, ledger
from governance.actions.memberships import NewMembership, end_membership, grant_memberships
from governance.actions.organisation_roles import grant_organisation_role
from governance.actions.requests import ask_change, decide
from governance.actions.transitions import (
    apply_transition,
    confirm_transition,
    plan_transition,
    refuse_transition,
    send_for_confirmation,
)
from governance.ledger import deliveries, events
from governance.ledger.reading import view_of
from governance.models import Delivery, LedgerEntry, Membership, OperatingModelVersion
from governance.permissions.projecting import PlannedAssignment
from governance.vocabulary import OrganisationRole, Role
from knowledge.actions.reviews import confirm_review, remind_due_reviews
from tests.accounts.conftest import forget_so_far, tell_all
from tests.knowledge.cast import Cast, approved, drafted, published, submitted, unit

pytestmark = pytest.mark.django_db


def titles(user) -> list[str]:
    return list(Notification.objects.filter(user=user).order_by("pk").values_list("title", flat=True))


def subjects(user) -> list[str]:
    return list(OutgoingMail.objects.filter(user=user).order_by("pk").values_list("subject", flat=True))


def waits(user) -> list[str]:
    return list(Notification.objects.filter(user=user, needs_action=True).values_list("title", flat=True))


def test_every_row_of_the_table_is_about_a_declared_event_and_names_known_words():
    known = {"subject", "what", "number", "verb", "actor", "role", "unit", "unit_url", "day"}
    assert len(BY_EVENT) == len(ROUTES)
    for route in ROUTES:
        events.get(route.event)
        for template in (route.title, route.because, route.url):
            assert {name for _, name, _, _ in Formatter().parse(template) if name} <= known
    for event, ended in ENDS_WAITING.items():
        events.get(event)
        assert set(ended) <= set(BY_EVENT)


def test_a_submission_calls_each_decider_in_turn_and_tells_the_author_the_end(cast: Cast):
    document = drafted(cast.unit_author, cast.unit_remit)
    request = submitted(cast.unit_author, document)
    ledger.deliver_due()
    decide_title = f"Decide: {request.subject_title}"
    assert titles(cast.unit_lead) == [decide_title]
    assert subjects(cast.unit_lead) == [f"{decide_title} ({request.number})"]
    assert titles(cast.centre_lead) == []
    mail = OutgoingMail.objects.get(user=cast.unit_lead)
    assert mail.body.splitlines()[2] == "Fay Finance asks."
    assert f"/requests/{request.number}/" in mail.body
    assert mail.body.endswith(f"You get this mail because {request.number} waits for you.")

    approved(request, cast.unit_lead)
    ledger.deliver_due()
    assert titles(cast.centre_lead) == [], "it can still be taken back"
    tell_all()
    assert waits(cast.unit_lead) == []
    assert waits(cast.centre_lead) == [decide_title]
    assert waits(cast.other_centre_lead) == [decide_title]
    approved(request, cast.centre_lead)
    ledger.deliver_due()
    assert not Notification.objects.filter(needs_action=True).exists()
    assert titles(cast.unit_author) == [f"Approved: {request.subject_title}"]
    assert subjects(cast.unit_author) == []
    for nobody in (cast.unit_reader, cast.outsider, cast.guest, cast.admin):
        assert titles(nobody) == []


def test_what_comes_back_is_mailed_with_its_reason(cast: Cast):
    request = submitted(cast.unit_author, drafted(cast.unit_author, cast.unit_remit))
    decide(
        actor=cast.unit_lead,
        request=request,
        verdict="request_changes",
        comment="Name the keys.\nAnd\twhy.",
        seen_hash=request.subject_hash,
    )
    tell_all()
    assert subjects(cast.unit_author) == [f"Sent back: {request.subject_title} ({request.number})"]
    body = Notification.objects.get(user=cast.unit_author).body
    assert body == "By Finn Finance.\n“Name the keys.\nAnd why.”"


def test_who_is_no_longer_waited_for_when_the_news_arrive_is_not_called(cast: Cast):
    request = submitted(cast.unit_author, drafted(cast.unit_author, cast.unit_remit))
    approved(request, cast.unit_lead)
    tell_all()
    assert titles(cast.unit_lead) == []
    assert len(titles(cast.centre_lead)) == 1


def test_a_handler_that_runs_twice_tells_once(cast: Cast):
    submitted(cast.unit_author, drafted(cast.unit_author, cast.unit_remit))
    ledger.deliver_due()
    entry = LedgerEntry.objects.select_related("stream", "payload").get(event="approval.stage_entered")
    for _ in range(2):
        handlers.follow(view_of(entry))
    assert Notification.objects.count() == 1
    assert OutgoingMail.objects.count() == 1


def test_a_handler_that_dies_in_the_middle_is_resumed(cast: Cast):
    submitted(cast.unit_author, drafted(cast.unit_author, cast.unit_remit))
    with pytest.raises(failpoints.FailpointReached), failpoints.armed(deliveries.CLAIMED):
        ledger.deliver_due()
    Delivery.objects.filter(state="pending").update(lease_until=None)
    with failpoints.armed(deliveries.MARKED):
        ledger.deliver_due()
    assert not Notification.objects.exists(), "half a transaction is none"
    Delivery.objects.filter(state="pending").update(lease_until=None, not_before=ledger.database_now())
    ledger.deliver_due()
    assert Notification.objects.count() == OutgoingMail.objects.count() == 1
    OutgoingMail.objects.all().delete()
    entry = LedgerEntry.objects.select_related("stream", "payload").get(event="approval.stage_entered")
    handlers.follow(view_of(entry))
    assert OutgoingMail.objects.count() == 1, "a notice without its mail gets the mail"


def test_inactive_people_are_told_nothing(cast: Cast):
    request = submitted(cast.unit_author, drafted(cast.unit_author, cast.unit_remit))
    approved(request, cast.unit_lead, cast.centre_lead)
    cast.unit_author.is_active = False
    cast.unit_author.save()
    ledger.deliver_due()
    assert titles(cast.unit_author) == []


def test_whoever_asked_for_a_change_hears_the_answer_and_not_their_own_deed(cast: Cast):
    document = published(cast)
    forget_so_far()
    request = ask_change(
        actor=cast.unit_author, subject=document, unit=unit("FIN"), proposal="Rotate yearly.", reason="Cost."
    )
    ledger.deliver_due()
    assert titles(cast.unit_author) == []
    assert waits(cast.centre_lead) == [f"Decide: change to {request.subject_title}"]
    decide(actor=cast.centre_lead, request=request, verdict="approve", seen_hash="")
    tell_all()
    assert titles(cast.unit_author) == [f"Accepted: change to {request.subject_title}"]


def test_administrators_hear_of_a_request_that_nobody_can_decide_without_its_title(cast: Cast):
    request = submitted(cast.unit_author, drafted(cast.unit_author, cast.unit_remit, "Canary of payments"))
    forget_so_far()
    for lead in (cast.unit_lead, cast.centre_lead, cast.other_centre_lead):
        end_membership(actor=cast.admin, membership=Membership.objects.get(user=lead))
    ledger.deliver_due()
    request.refresh_from_db()
    assert request.status == "undecidable"
    assert f"Nobody can decide {request.number} of Finance" in titles(cast.admin)
    notice = Notification.objects.get(user=cast.admin, event="approval.undecidable")
    mail = OutgoingMail.objects.get(notification=notice)
    assert "Canary" not in f"{notice.title} {notice.body} {mail.subject} {mail.body}"
    assert notice.url == unit("FIN").get_absolute_url()
    assert notice.needs_action

    lead = NewMembership(user=cast.unit_lead, unit=unit("FIN"), role=Role.LEAD)
    centre = NewMembership(user=cast.centre_lead, unit=unit("COE"), role=Role.LEAD)
    grant_memberships(actor=cast.admin, memberships=[lead, centre])
    ledger.deliver_due()
    request.refresh_from_db()
    assert request.status == "open"
    assert waits(cast.admin) == []


def test_a_plan_calls_those_who_may_confirm_it_and_its_end_those_whom_it_concerns(cast: Cast):
    grant_organisation_role(actor=cast.admin, user=cast.outsider, role=OrganisationRole.SPONSOR)
    published(cast)
    forget_so_far()
    planned = [
        PlannedAssignment(
            unit=unit("FIN").pk,
            model_version=OperatingModelVersion.objects.get(family__key="independent").pk,
            centre=None,
        )
    ]
    plan = plan_transition(actor=cast.admin, title="Canary plan", reason="Nearer.", changes=planned)
    send_for_confirmation(actor=cast.admin, transition=plan)
    ledger.deliver_due()
    assert waits(cast.outsider) == [f"Confirm or refuse: {plan.number} Canary plan"]
    assert titles(cast.admin) == []
    plan = confirm_transition(actor=cast.outsider, transition=plan, seen_hash=plan.plan_hash)
    apply_transition(actor=cast.admin, transition=plan)
    ledger.deliver_due()
    assert waits(cast.outsider) == []
    assert titles(cast.admin) == [f"Confirmed: {plan.number} Canary plan"]
    assert titles(cast.unit_lead) == ["What you may do has changed with the operating model"]
    notice = Notification.objects.get(user=cast.unit_lead)
    mail = OutgoingMail.objects.get(user=cast.unit_lead)
    assert "Canary" not in f"{notice.title} {notice.body} {notice.url} {mail.subject} {mail.body}"


def test_a_refused_plan_goes_back_to_whoever_planned_it(cast: Cast):
    grant_organisation_role(actor=cast.admin, user=cast.outsider, role=OrganisationRole.SPONSOR)
    published(cast)
    forget_so_far()
    version = OperatingModelVersion.objects.get(family__key="independent").pk
    planned = [PlannedAssignment(unit=unit("FIN").pk, model_version=version, centre=None)]
    plan = plan_transition(actor=cast.admin, title="Plan", reason="Nearer.", changes=planned)
    send_for_confirmation(actor=cast.admin, transition=plan)
    refuse_transition(actor=cast.outsider, transition=plan, comment="Not now.")
    ledger.deliver_due()
    assert titles(cast.admin) == [f"Refused: {plan.number} Plan"]
    assert "Not now." in Notification.objects.get(user=cast.admin).body
    assert waits(cast.outsider) == []


def test_people_hear_of_their_own_roles(cast: Cast):
    new = NewMembership(user=cast.outsider, unit=unit("HR"), role=Role.AUTHOR)
    (membership,) = grant_memberships(actor=cast.admin, memberships=[new])
    grant_organisation_role(actor=cast.admin, user=cast.other_reader, role=OrganisationRole.SPONSOR)
    end_membership(actor=cast.admin, membership=membership)
    ledger.deliver_due()
    assert titles(cast.outsider) == ["You are now an author in People", "You are no longer an author in People"]
    assert subjects(cast.outsider) == titles(cast.outsider)
    assert titles(cast.other_reader) == ["You are now a sponsor of the organisation"]


def test_a_review_is_called_for_once_when_due_and_once_when_overdue_until_it_is_confirmed(cast: Cast):
    document = published(cast)
    forget_so_far()
    day = document.next_review_on
    due, late = timezone.now() + timedelta(days=360), timezone.now() + timedelta(days=380)
    for _ in range(2):
        remind_due_reviews(due)
        ledger.deliver_due()
    words = f"{day.day} {day:%b %Y}: {document.number} {document.title}"
    assert titles(cast.centre_lead) == [f"Review by {words}"]
    for _ in range(2):
        remind_due_reviews(late)
        ledger.deliver_due()
    assert titles(cast.centre_lead) == [f"Review by {words}", f"Review overdue since {words}"]
    assert waits(cast.centre_lead) == [f"Review overdue since {words}"]
    assert subjects(cast.centre_lead) == titles(cast.centre_lead)
    with time_machine.travel(late, tick=False):
        confirm_review(actor=cast.centre_lead, document=document, seen=document.in_force.public_id)
    ledger.deliver_due()
    assert waits(cast.centre_lead) == []
    assert waits(cast.other_centre_lead) == []
