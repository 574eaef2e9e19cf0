"""A person changes their own account, and what they change is on record."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Person, User
from governance.models import LedgerEntry, LedgerPayload

pytestmark = pytest.mark.django_db

PASSWORD = "four plain words together"
PROFILE = {"name": "Rita Reader", "title": "", "theme": "system", "time_zone": "UTC", "shortcuts": "on"}


@pytest.fixture
def rita(client: Client) -> User:
    user = User.objects.create_user("rita@example.org", PASSWORD, name="Rita Reader")
    client.force_login(user)
    return user


def save(client: Client, **changes: str) -> Any:
    return client.post("/me/", {**PROFILE, **changes})


def test_profile_and_look_are_saved_and_recorded(client: Client, rita: User):
    client.cookies["remit_theme"] = "light"
    answer = save(client, name="Rita Rider", title="Buyer", theme="dark", time_zone="Europe/Lisbon", shortcuts="")
    assert answer["Location"] == "/me/"
    assert answer.cookies["remit_theme"].value == "", "what was chosen for this browser alone gives way"
    del client.cookies["remit_theme"], client.cookies["remit_keys"]  # as a browser does
    rita.refresh_from_db()
    assert (rita.name, rita.title, rita.theme, rita.time_zone) == ("Rita Rider", "Buyer", "dark", "Europe/Lisbon")
    shown = client.get("/me/").content.decode()
    assert 'data-theme="dark"' in shown
    assert 'data-keys="off"' in shown
    assert "Europe/Lisbon" in shown
    assert Person.objects.get(pk=rita.person_id).name == "Rita Rider"
    entry = LedgerEntry.objects.get(event="account.changed")
    assert entry.actor == str(rita.public_id)
    assert "Rita Reader" in entry.payload.body
    save(client, name="Rita Rider", title="Buyer", theme="dark", time_zone="Europe/Lisbon", shortcuts="")
    assert LedgerEntry.objects.filter(event="account.changed").count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "a\x00b"},
        {"name": "Ada\u202e"},
        {"name": "x" * 201},
        {"title": "\u2066x"},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../../etc/passwd"},
        {"theme": "purple"},
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_nothing_is_saved(client: Client, rita: User, wrong: dict[str, str]):
    answer = save(client, **{"title": "Typed and kept", **wrong})
    assert answer.status_code == 422
    assert "There is a problem" in answer.content.decode()
    if "title" not in wrong:
        assert "Typed and kept" in answer.content.decode()
    rita.refresh_from_db()
    assert (rita.name, rita.title) == ("Rita Reader", "")


def test_nothing_but_the_form_can_be_changed(client: Client, rita: User):
    save(client, is_superuser="on", is_staff="on", email="eve@example.org", is_demo="on", person="1")
    rita.refresh_from_db()
    assert (rita.is_superuser, rita.is_staff, rita.email, rita.is_demo) == (False, False, "rita@example.org", False)


def test_a_new_password_ends_every_other_session(client: Client, rita: User):
    other = Client()
    other.force_login(rita)
    new = "quite another set of words"
    answer = client.post("/me/password/", {"old": PASSWORD, "new": new})
    assert answer["Location"] == "/me/"
    assert client.get("/me/").status_code == 200
    assert other.get("/me/").status_code == 302
    rita.refresh_from_db()
    assert rita.check_password(new)
    assert LedgerEntry.objects.filter(event="account.password_changed").count() == 1
    assert not LedgerPayload.objects.filter(body__contains=new).exists()


def test_wrong_and_weak_passwords_change_nothing_and_guessing_ends(client: Client, rita: User):
    weak = client.post("/me/password/", {"old": PASSWORD, "new": "rita@example.org"})
    assert weak.status_code == 422
    codes = [client.post("/me/password/", {"old": "wrong", "new": "new words for me"}).status_code for _ in range(6)]
    assert codes == [422] * 5 + [429]
    rita.refresh_from_db()
    assert rita.check_password(PASSWORD)


def test_only_people_signed_in_have_a_page_of_their_own(client: Client):
    assert client.get("/me/")["Location"] == "/signin/?next=/me/"
    assert client.get("/me/password/").status_code == 302
