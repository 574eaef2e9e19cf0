"""My work: what waits for whom, what is under way, and nothing of what a person may not see."""

import re
from datetime import timedelta

import pytest

from governance.actions.memberships import NewMembership, grant_membership
from governance.actions.organisation_roles import grant_organisation_role
from governance.actions.requests import ask_change, decide
from governance.actions.transitions import plan_transition, send_for_confirmation
from governance.models import OperatingModelVersion
from governance.permissions.projecting import PlannedAssignment
from governance.vocabulary import OrganisationRole, Role
from knowledge.actions.reviews import remind_due_reviews
from knowledge.days import today
from knowledge.models import Document
from tests.knowledge.cast import TEXT, Cast, approved, drafted, make_cast, next_version, published, submitted, unit
from tests.knowledge.views.pages import signed_in, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def test_what_waits_stands_first_and_is_counted_in_the_navigation(cast):
    request = submitted(cast.unit_author, drafted(cast.unit_author, cast.unit_remit, "Petty cash"))
    page = signed_in(cast.unit_lead).get("/")
    words = text_of(page)
    assert "One thing waits for you." in words
    assert "My work 1 waiting" in words
    assert "Petty cash" in words
    assert f'href="{request.get_absolute_url()}"' in page.content.decode()
    assert "from Fay Finance" in words
    later = text_of(signed_in(cast.centre_lead).get("/"))
    assert "Nothing is waiting for you" in later, "the centre's turn comes after the unit's"
    assert "Petty cash" not in later


def test_the_author_sees_the_step_and_who_holds_it(cast):
    submitted(cast.unit_author, drafted(cast.unit_author, cast.unit_remit, "Petty cash"))
    drafted(cast.unit_author, cast.unit_remit, "Travel")
    words = text_of(signed_in(cast.unit_author).get("/"))
    assert "Step 1 of 2" in words
    assert "with Finn Finance" in words
    assert "Travel" in words
    assert words.count("Petty cash") == words.count("Approval to publish: STD-0001 Petty cash"), "listed once"


def test_an_answer_and_a_draft_sent_back_are_shown(cast):
    request = submitted(cast.unit_author, drafted(cast.unit_author, cast.unit_remit, "Petty cash"))
    decide(
        actor=cast.unit_lead,
        request=request,
        verdict="request_changes",
        comment="Say who counts.",
        seen_hash=request.subject_hash,
    )
    words = text_of(signed_in(cast.unit_author).get("/"))
    assert "Sent back" in words
    assert "Continue" in words


def test_a_review_waits_for_its_owner_only_and_stops_when_it_is_confirmed(cast):
    document = published(cast)
    Document.objects.filter(pk=document.pk).update(next_review_on=today() - timedelta(days=6))
    remind_due_reviews()
    words = text_of(signed_in(cast.centre_lead).get("/"))
    assert "6 days late" in words
    assert "One is late." in words
    assert "6 days late" not in text_of(signed_in(cast.unit_lead).get("/"))
    signed_in(cast.centre_lead).post(
        f"{document.get_absolute_url()}review/", {"seen": str(document.in_force.public_id), "comment": ""}
    )
    assert "6 days late" not in text_of(signed_in(cast.centre_lead).get("/"))


def test_what_is_new_applies_to_the_persons_units(cast):
    published(cast, "For the governed units")
    document = drafted(cast.unit_author, cast.unit_remit, "Of Finance alone")
    approved(submitted(cast.unit_author, document), cast.unit_lead, cast.centre_lead)
    finance, people = (text_of(signed_in(each).get("/")) for each in (cast.unit_reader, cast.other_reader))
    assert "For the governed units" in finance
    assert "For the governed units" in people
    assert "Of Finance alone" in finance
    assert "Of Finance alone" not in people
    assert "New to your" not in text_of(signed_in(cast.outsider).get("/"))


def test_days_ahead_are_listed_for_whom_they_concern(cast):
    document = published(cast)
    approved(
        next_version(cast, document, TEXT + "\nMore.\n", effective_on=today() + timedelta(days=20)), cast.centre_lead
    )
    assert "In force, the next version of" in text_of(signed_in(cast.centre_author).get("/"))
    assert "In force, the next version of" not in text_of(signed_in(cast.unit_reader).get("/"))


def test_a_plan_waits_for_a_second_person_and_never_for_who_made_it(cast):
    grant_organisation_role(actor=cast.admin, user=cast.other_reader, role=OrganisationRole.SPONSOR)
    model = OperatingModelVersion.objects.get(family__key="decentralized")
    planned = PlannedAssignment(unit=unit("HR").pk, model_version=model.pk, centre=None)
    plan = plan_transition(actor=cast.admin, title="Free People", reason="Why.", changes=[planned])
    plan = send_for_confirmation(actor=cast.admin, transition=plan)
    words = text_of(signed_in(cast.other_reader).get("/"))
    assert "Free People" in words
    assert plan.number in words
    assert "My work 1 waiting" in words
    own = text_of(signed_in(cast.admin).get("/"))
    assert "Nothing is waiting for you" in own
    assert "waiting My work" not in own
    assert "Free People" in own.partition("Your drafts and requests")[2]
    assert "Waiting for others: a second administrator or a sponsor confirms it" in own
    assert "Free People" not in text_of(signed_in(cast.unit_lead).get("/"))


def test_the_number_counts_everything_that_waits_and_the_page_says_the_same(cast):
    admin = cast.other_reader
    grant_organisation_role(actor=cast.admin, user=admin, role=OrganisationRole.ADMINISTRATOR)
    grant_organisation_role(actor=cast.admin, user=cast.centre_lead, role=OrganisationRole.SPONSOR)
    document = published(cast)
    Document.objects.filter(pk=document.pk).update(next_review_on=today() - timedelta(days=6))
    remind_due_reviews()
    ask_change(actor=cast.unit_reader, subject=document, unit=unit("FIN"), reason="R.", proposal="P.")
    model = OperatingModelVersion.objects.get(family__key="decentralized")
    planned = PlannedAssignment(unit=unit("HR").pk, model_version=model.pk, centre=None)
    plan = plan_transition(actor=cast.admin, title="Free People", reason="Why.", changes=[planned])
    send_for_confirmation(actor=cast.admin, transition=plan)
    grant_membership(actor=admin, membership=NewMembership(user=admin, unit=unit("FIN"), role=Role.LEAD))
    for person, number in ((cast.centre_lead, 4), (admin, 1), (cast.admin, 1), (cast.unit_lead, 0), (cast.outsider, 0)):
        words = text_of(signed_in(person).get("/"))
        assert (f"My work {number} waiting" in words) == bool(number), person
        said = {0: "Nothing is waiting for you.", 1: "One thing waits for you."}
        assert said.get(number, f"{number} things wait for you.") in words, person
    assert "asks to become lead in Finance" in text_of(signed_in(admin).get("/")).partition("Your drafts")[2]


def test_the_navigation_offers_only_what_answers(cast):
    for person, model in ((cast.guest, 403), (cast.outsider, 403), (cast.unit_reader, 200), (cast.auditor, 200)):
        visitor = signed_in(person)
        page = visitor.get("/").content.decode()
        assert visitor.get("/model/").status_code == model
        assert ('<a href="/model/"' in page) == (model == 200), person
        for address in re.findall(r'<nav class="topnav".*?</nav>', page, re.DOTALL)[0].split('href="')[1:]:
            assert visitor.get(address.partition('"')[0]).status_code == 200, address


def test_whoever_lost_the_document_loses_its_title_here_too(cast):
    document = published(cast, "Canary")
    ask_change(actor=cast.other_reader, subject=document, unit=unit("HR"), reason="R.", proposal="P.")
    assert "Canary" in text_of(signed_in(cast.other_reader).get("/"))
    Document.objects.filter(pk=document.pk).update(classification="restricted")
    assert "Canary" not in text_of(signed_in(cast.other_reader).get("/"))


def test_it_is_for_people_who_signed_in_and_keeps_its_budget(cast, client, django_assert_max_num_queries):
    assert client.get("/")["Location"].startswith("/signin/")
    submitted(cast.unit_author, drafted(cast.unit_author, cast.unit_remit))
    for person in (cast.unit_lead, cast.unit_author, cast.outsider):
        visitor = signed_in(person)
        visitor.get("/")
        with django_assert_max_num_queries(20):
            visitor.get("/")
