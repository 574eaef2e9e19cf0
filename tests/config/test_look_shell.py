"""The page shell: what it shows to whom, its budgets, and the pages that say what went wrong."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from accounts.models import User
from config.middleware import ErrorPages, PersonTimeZone
from config.views import errors
from governance.errors import Conflict, Denied, Invalid, NotAllowed, RemitError
from governance.models.memberships import Membership, OrganisationRoleHolding
from governance.models.organisation import BusinessUnit

STATIC = Path(__file__).resolve().parents[2] / "config" / "static" / "remit"


def request_of(user: Any, path: str = "/", **headers: Any) -> HttpRequest:
    request = RequestFactory().get(path, HTTP_HOST="localhost", **headers)
    request.user = user
    request.session = {}  # type: ignore[assignment]
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    return request


def test_style_sheet_and_script_keep_their_budgets() -> None:
    assert (STATIC / "remit.css").stat().st_size < 45_000
    assert (STATIC / "remit.js").stat().st_size < 10_000


def test_the_style_sheet_knows_no_left_and_right() -> None:
    css = (STATIC / "remit.css").read_text()
    assert not re.search(r"(margin|padding|border)-(left|right)|[{;](left|right):|text-align:(left|right)", css)
    assert css.count("{") == css.count("}")


def test_the_style_sheet_has_a_rule_for_every_state_and_mode() -> None:
    css = (STATIC / "remit.css").read_text()
    for name in ("is-unit", "is-delegated", "is-council", "is-joint", "is-centre", "centre-1", "centre-2", "centre-3"):
        assert f".{name}" in css


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (Denied("Only the lead publishes.", reasons=["Knowledge is joint"]), 403, "Knowledge is joint"),
        (NotAllowed("It was decided on 3 May."), 409, "It was decided on 3 May."),
        (Conflict("L. Marsh changed it at 10:04.", theirs="<i>theirs", yours="mine"), 409, "&lt;i&gt;theirs"),
        (Invalid({"title": "Enter a title"}), 422, "Enter a title"),
        (RemitError("This cannot be read."), 400, "This cannot be read."),
    ],
)
def test_a_refusal_becomes_a_page_with_its_sentence(error: RemitError, status: int, words: str) -> None:
    request = request_of(AnonymousUser())
    response = ErrorPages(lambda _: HttpResponse()).process_exception(request, error)
    assert response is not None
    assert response.status_code == status
    assert words in response.content.decode()


def test_both_texts_are_kept_when_somebody_was_faster() -> None:
    page = errors.response_for(request_of(AnonymousUser()), Conflict("Changed.", theirs="their text", yours="my text"))
    assert "my text" in page.content.decode()
    assert "their text" in page.content.decode()


def test_other_faults_and_the_api_are_left_to_their_own() -> None:
    middleware = ErrorPages(lambda _: HttpResponse())
    assert middleware.process_exception(request_of(AnonymousUser()), ValueError("x")) is None
    assert middleware.process_exception(request_of(AnonymousUser(), "/api/documents/"), NotAllowed("x")) is None


def test_a_refused_fragment_takes_the_place_of_the_page() -> None:
    response = errors.response_for(request_of(AnonymousUser(), HTTP_HX_REQUEST="true"), NotAllowed("Not now."))
    assert response["HX-Retarget"] == "#main"


def test_a_page_leads_back_only_to_ourselves() -> None:
    ours = errors.response_for(request_of(AnonymousUser(), HTTP_REFERER="http://localhost/library/"), NotAllowed("x"))
    theirs = errors.response_for(request_of(AnonymousUser(), HTTP_REFERER="https://evil.example/"), NotAllowed("x"))
    assert 'href="http://localhost/library/"' in ours.content.decode()
    assert "evil" not in theirs.content.decode()


def test_a_host_that_is_not_ours_still_gets_its_page() -> None:
    request = RequestFactory().get("/", HTTP_HOST="evil.example")
    request.user = AnonymousUser()
    assert errors.bad_request(request, DisallowedHost()).status_code == 400


def test_a_fault_is_told_without_asking_the_database() -> None:
    response = errors.server_error(request_of(AnonymousUser()))
    assert response.status_code == 500
    assert "Something broke on our side" in response.content.decode()


def test_a_form_whose_token_ran_out_keeps_what_was_typed_but_no_password() -> None:
    request = RequestFactory().post(
        "/x/", {"reason": "A reason that took a while to write.", "password": "a-secret-that-is-long-enough"}
    )
    request.META["HTTP_HOST"] = "localhost"
    request.user = AnonymousUser()
    page = errors.stale_form(request).content.decode()
    assert "A reason that took a while to write." in page
    assert "a-secret" not in page


@pytest.mark.django_db
def test_absent_pages_are_the_same_word_for_word(client: Client) -> None:
    first, second = client.get("/s/STD-9999/nowhere/"), client.get("/nothing-here/")
    assert first.status_code == second.status_code == 404
    assert first.content == second.content


@pytest.fixture
def make_user() -> Callable[..., User]:
    def make(name: str, **fields: Any) -> User:
        return User.objects.create_user(f"{name.split(maxsplit=1)[0].lower()}@example.org", name=name, **fields)

    return make


def top_bar(user: Any) -> str:
    from django.shortcuts import render

    return render(request_of(user, "/library/"), "pages/keys.html", {"key_rows": ()}).content.decode()


@pytest.mark.django_db
def test_places_without_a_right_are_not_shown(make_user: Callable[..., User]) -> None:
    reader, auditor = make_user("Jun Park"), make_user("Tomas Verhoeven")
    OrganisationRoleHolding.objects.create(user=auditor, role="auditor")
    assert ">Audit" not in top_bar(reader)
    assert ">Audit" in top_bar(auditor)
    assert '<a href="/library/" aria-current="page">Library' in top_bar(reader)
    assert "topnav" not in top_bar(AnonymousUser())


@pytest.mark.django_db
def test_whoever_works_in_a_centre_is_square_and_who_acts_for_all_an_arch(make_user: Callable[..., User]) -> None:
    centre = BusinessUnit.objects.create(code="COE", name="Digital CoE", kind="centre_of_excellence")
    author, sponsor = make_user("Lena Marsh"), make_user("Ruth Abara")
    Membership.objects.create(user=author, unit=centre, role="author")
    OrganisationRoleHolding.objects.create(user=sponsor, role="sponsor")
    assert "Author, Digital CoE" in top_bar(author)
    assert 'class="person of-centre"' in top_bar(author)
    assert 'class="person of-all"' in top_bar(sponsor)


@pytest.mark.django_db
def test_unread_notices_are_counted(make_user: Callable[..., User]) -> None:
    user = make_user("Lena Marsh")
    user.notifications.create(event="x", key="1", title="One")
    assert '<span class="count">1</span>' in top_bar(user)


@pytest.mark.django_db
def test_the_theme_is_kept_in_the_browser_and_a_strange_one_is_ignored(client: Client) -> None:
    client.post("/me/look/", {"theme": "dark", "next": "/keys/"})
    assert 'data-theme="dark"' in client.get("/keys/").content.decode()
    client.post("/me/look/", {"theme": "neon", "next": "/keys/"})
    assert 'data-theme="dark"' in client.get("/keys/").content.decode()
    client.post("/me/look/", {"theme": ""})
    assert "data-theme" not in client.get("/keys/").content.decode()


@pytest.mark.django_db
def test_shortcuts_can_be_turned_off_and_on(client: Client) -> None:
    assert "data-keys" not in client.get("/keys/").content.decode()
    client.post("/me/look/", {"keys": "off"})
    assert 'data-keys="off"' in client.get("/keys/").content.decode()
    client.post("/me/look/", {"keys": "on"})
    assert "data-keys" not in client.get("/keys/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_choosing_a_theme_leads_nowhere_else(client: Client, wanted: str) -> None:
    assert client.post("/me/look/", {"theme": "dark", "next": wanted})["Location"] == "/"
    assert client.get("/me/look/").status_code == 405


@pytest.mark.parametrize(("zone", "shown"), [("Europe/Lisbon", "Europe/Lisbon"), ("Nowhere/Land", "UTC"), ("", "UTC")])
def test_times_are_shown_in_the_persons_time_zone(zone: str, shown: str) -> None:
    from django.utils import timezone

    seen: list[str] = []

    def view(_: HttpRequest) -> HttpResponse:
        seen.append(timezone.get_current_timezone_name())
        return HttpResponse()

    PersonTimeZone(view)(request_of(User(time_zone=zone)))
    assert seen == [shown]
