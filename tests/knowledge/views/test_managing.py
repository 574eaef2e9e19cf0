"""Reviews, owner, classification, tags, references and retirement, as pages."""

from datetime import timedelta
from uuid import uuid4

import pytest

from governance.models import Request
from knowledge.days import today
from knowledge.models import Document, ReviewConfirmation
from tests.knowledge.cast import TEXT, approved, next_version, published
from tests.knowledge.views.pages import signed_in, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def standard(cast):
    return published(cast)


def review_form(document, **more):
    return {"seen": str(document.in_force.public_id), "comment": "", "next_review_on": "", **more}


def test_the_owner_confirms_that_it_is_still_right(cast, standard):
    client = signed_in(cast.centre_lead)
    url = f"{standard.get_absolute_url()}review/"
    assert "Is Encryption of personal data still right?" in text_of(client.get(url))
    answer = client.post(url, review_form(standard, comment="Checked each clause."), follow=True)
    assert f"You confirmed {standard.number}." in text_of(answer)
    assert ReviewConfirmation.objects.get().confirmed_by == cast.centre_lead
    assert "Checked each clause." in text_of(client.get(url))


def test_a_review_of_a_version_that_was_replaced_meanwhile_is_refused(cast, standard):
    form = review_form(standard)
    approved(next_version(cast, standard, TEXT + "\nMore.\n"), cast.centre_lead)
    answer = signed_in(cast.centre_lead).post(f"{standard.get_absolute_url()}review/", form)
    assert answer.status_code == 409
    assert "has a new version since you opened it" in text_of(answer)
    assert not ReviewConfirmation.objects.exists()


def test_a_bad_review_is_refused_at_its_field(cast, standard):
    client = signed_in(cast.centre_lead)
    for field, value, sentence in (
        ("next_review_on", "2020-01-01", "Choose a day after today"),
        ("next_review_on", "soon", "Enter a day such as"),
        ("comment", "turned \u202e round", "direction"),
        ("seen", "x", "valid UUID"),
    ):
        answer = client.post(f"{standard.get_absolute_url()}review/", review_form(standard, **{field: value}))
        assert answer.status_code == 422, field
        assert sentence in text_of(answer), field
    assert not ReviewConfirmation.objects.exists()


def test_who_neither_owns_nor_decides_does_not_review(cast, standard):
    for person in (cast.unit_reader, cast.auditor):
        answer = signed_in(person).post(f"{standard.get_absolute_url()}review/", review_form(standard))
        assert answer.status_code == 403
        assert "Nothing was changed." in text_of(answer)


def test_the_list_of_reviews_holds_what_is_due_among_what_a_person_may_read(cast, standard):
    Document.objects.filter(pk=standard.pk).update(next_review_on=today() - timedelta(days=6))
    assert "6 days late" in text_of(signed_in(cast.unit_reader).get("/reviews/"))
    assert "No review waits for you" in text_of(signed_in(cast.unit_reader).get("/reviews/?list=mine"))
    assert standard.number in text_of(signed_in(cast.centre_lead).get("/reviews/?list=mine&within=30"))
    assert standard.number not in text_of(signed_in(cast.outsider).get("/reviews/?within=x&page=x"))


def test_what_stands_beside_the_text_is_changed_part_by_part(cast, standard):
    client = signed_in(cast.centre_lead)
    url = f"{standard.get_absolute_url()}about/"
    sent = [
        {
            "step": "owner",
            "role": "author",
            "person": str(cast.centre_author.public_id),
            "deputy": "",
            "reason": "New.",
        },
        {"step": "interval", "review_months": "6", "reason": ""},
        {"step": "tags", "tags": "Keys, personal data"},
        {"step": "alias", "alias": "OLD-7"},
        {"step": "classification", "classification": "restricted", "reason": ""},
    ]
    for form in sent:
        assert client.post(url, form).status_code == 302, form
    page = text_of(client.get(url))
    for words in ("Carl Centre", "Every 6 months", "keys, personal data", "also found as OLD-7", "Restricted"):
        assert words in page, words


def test_a_bad_change_is_refused_at_its_field(cast, standard):
    client = signed_in(cast.centre_lead)
    for form, sentence in (
        ({"step": "owner", "role": "lead", "person": str(cast.outsider.public_id), "deputy": ""}, "valid choice"),
        ({"step": "interval", "review_months": "0"}, "Choose between 1 and 120 months."),
        ({"step": "interval", "review_months": ""}, "Enter a number of months"),
        ({"step": "tags", "tags": "x" * 60}, "Shorten the tag"),
        ({"step": "alias", "alias": ""}, "Enter the other reference."),
        ({"step": "classification", "classification": "secret"}, "valid choice"),
        ({"step": "x"}, "Change it"),
    ):
        answer = client.post(f"{standard.get_absolute_url()}about/", form)
        assert answer.status_code == 422, form
        assert sentence in text_of(answer), form


def test_who_may_not_change_it_reads_it_with_the_reason(cast, standard):
    client = signed_in(cast.unit_reader)
    page = client.get(f"{standard.get_absolute_url()}about/")
    assert page.status_code == 200
    assert 'name="step"' not in page.content.decode()
    assert "Only" in text_of(page) or "cannot" in text_of(page) or "Ask" in text_of(page)
    answer = client.post(f"{standard.get_absolute_url()}about/", {"step": "tags", "tags": "x"})
    assert answer.status_code == 403


def test_a_retirement_is_proposed_and_its_page_shows_what_would_follow(cast, standard):
    other = published(cast, "Passkeys")
    client = signed_in(cast.centre_lead)
    url = f"{standard.get_absolute_url()}retire/"
    assert "Whom it touches" in text_of(client.get(url))
    form = {"reason": "Passkeys came.", "successor": other.number.lower(), "submission_key": str(uuid4())}
    answers = [client.post(url, form) for _ in range(2)]
    request = Request.objects.get(kind="retirement")
    assert {answer["Location"] for answer in answers} == {request.get_absolute_url()}
    page = text_of(signed_in(cast.other_centre_lead).get(request.get_absolute_url()))
    assert "What would be retired" in page
    assert other.number in page
    assert "waits for approval already" in text_of(client.get(url))


def test_a_bad_retirement_is_refused_with_what_was_typed(cast, standard):
    client = signed_in(cast.centre_lead)
    for field, value, sentence in (
        ("reason", "", "Say why it is retired."),
        ("successor", "STD-4711", "You see no document of this number."),
        ("effective_on", "2020-01-01", "Choose today or a later day."),
    ):
        form = {"reason": "Kept words.", "successor": "", "effective_on": "", field: value}
        answer = client.post(f"{standard.get_absolute_url()}retire/", form)
        assert answer.status_code == 422, field
        assert sentence in text_of(answer), field
        assert field == "reason" or "Kept words." in text_of(answer)
