"""Coming in and leaving, and who does not get in."""

from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import NoReverseMatch, Resolver404, resolve, reverse

from accounts import checks
from accounts.actions.demo import NewDemoRole, put_demo_roles
from accounts.actions.signing_in import MOST_FAILURES
from accounts.models import User
from accounts.selectors.demo import try_this
from accounts.views.signing_in import safe_next
from governance.permissions import policy
from governance.permissions.standing import organisation_roles
from governance.vocabulary import OrganisationRole

pytestmark = pytest.mark.django_db

PASSWORD = "four plain words together"


@pytest.fixture
def rita() -> User:
    return User.objects.create_user("Rita@Example.org", PASSWORD, name="Rita Reader")


def sign_in(client: Client, *, email: str = "rita@example.org", password: str = PASSWORD, **more: str) -> Any:
    return client.post("/signin/", {"email": email, "password": password, **more})


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_address_and_password_let_in_whatever_the_case_of_the_address(client: Client, rita: User):
    page = client.get("/signin/?next=/me/")
    assert page.status_code == 200
    assert 'autocomplete="current-password"' in page.content.decode()
    answer = sign_in(client, email=" RITA@example.ORG ", next="/me/")
    assert (answer.status_code, answer["Location"]) == (302, "/me/")
    assert is_in(client)
    assert client.get("/signin/").status_code == 302


def test_whatever_is_wrong_the_answer_is_the_same(client: Client, rita: User):
    User.objects.create_user("ida@example.org", PASSWORD, name="Ida Inactive", is_active=False)
    User.objects.create_user("una@example.org", name="Una Unusable")
    pages = [
        sign_in(client, password="wrong"),
        sign_in(client, email="nobody@example.org"),
        sign_in(client, email="ida@example.org"),
        sign_in(client, email="una@example.org", password=""),
        sign_in(client, email="una@example.org", password="!"),
    ]
    assert [page.status_code for page in pages] == [422] * 5
    sentence = "This e-mail address and this password do not belong together. Check both."
    assert [page.content.decode().count(sentence) for page in pages] == [2, 2, 2, 0, 2]
    assert not is_in(client)
    assert "wrong" not in pages[0].content.decode().replace("field wrong", ""), "a password is never sent back"
    assert "rita@example.org" in pages[0].content.decode(), "an address is"


@pytest.mark.parametrize("email", ["", "a\x00b", "x" * 5000, "\u202eevil", "' OR 1=1 --"])
def test_bad_input_is_refused_at_the_field(client: Client, email: str):
    assert sign_in(client, email=email).status_code == 422


def test_guessing_ends_after_a_few_failures_for_that_account_from_that_address(client: Client, rita: User):
    User.objects.create_user("olga@example.org", PASSWORD, name="Olga Other")
    for _ in range(MOST_FAILURES):
        assert sign_in(client, password="wrong").status_code == 422
    refused = sign_in(client)
    assert refused.status_code == 429
    assert "Wait 15 minutes" in refused.content.decode()
    assert not is_in(client)
    elsewhere = Client(REMOTE_ADDR="192.0.2.9")
    assert sign_in(elsewhere).status_code == 302
    assert sign_in(client, email="olga@example.org").status_code == 302


def test_a_success_begins_the_count_anew(client: Client, rita: User):
    for _ in range(3):
        for _ in range(MOST_FAILURES - 1):
            sign_in(client, password="wrong")
        assert sign_in(client).status_code == 302
        client.logout()


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "evil.example",
        "/signin/?next=/signin/",
        "/signout/",
        "http:evil.example",
        "/\t/evil.example",
        "",
    ],
)
def test_the_way_on_leads_nowhere_else(client: Client, rita: User, wanted: str):
    assert sign_in(client, next=wanted)["Location"] == "/"
    assert safe_next("/library/?q=a&page=2#b") == "/library/?q=a&page=2#b"


def test_leaving_is_a_post_and_ends_the_session(client: Client, rita: User):
    client.force_login(rita, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/signout/").status_code == 405
    assert is_in(client)
    assert client.post("/signout/")["Location"] == "/signin/"
    assert not is_in(client)


def test_forms_without_a_token_are_refused(rita: User):
    strict = Client(enforce_csrf_checks=True)
    assert sign_in(strict).status_code == 403
    assert not is_in(strict)


def test_a_session_is_not_taken_over_at_sign_in(client: Client, rita: User):
    client.get("/signin/")
    session = client.session
    session["kept"] = 1
    session.save()
    before = session.session_key
    sign_in(client)
    assert client.session.session_key != before


# --- The demo


@pytest.fixture
def demo(settings) -> User:
    settings.DEMO_MODE = True
    settings.ROOT_URLCONF = "tests.accounts.demo_urls"
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, "accounts.backends.DemoBackend"]
    lena = User.objects.create_user("lena@brackwater.example", name="Lena Marsh", is_demo=True)
    tries = [("Finish STD-0031 and submit it", "/s/STD-0031/edit/")]
    put_demo_roles([NewDemoRole(lena, "Standards author", "Finish STD-0031 <Cloud backup>", tries)])
    return lena


def test_without_demo_mode_there_are_no_cards_and_no_such_address(client: Client, settings):
    assert settings.DEMO_MODE is False
    lena = User.objects.create_user("lena@brackwater.example", name="Lena Marsh", is_demo=True)
    put_demo_roles([NewDemoRole(lena, "Author", "Finish")])
    with pytest.raises(NoReverseMatch):
        reverse("demo-sign-in")
    with pytest.raises(Resolver404):
        resolve("/signin/demo/")
    assert client.post("/signin/demo/", {"role": str(lena.public_id)}).status_code == 404
    assert "Lena" not in client.get("/signin/").content.decode()
    settings.ROOT_URLCONF = "tests.accounts.demo_urls"
    assert client.post("/signin/demo/", {"role": str(lena.public_id)}).status_code == 404, "nor if it were there"
    assert not is_in(client)
    assert try_this(lena) == []


def test_a_card_lets_in_by_one_click_and_switching_leads_back(client: Client, demo: User, settings):
    page = client.get("/signin/").content.decode()
    assert "Lena Marsh" in page
    assert "one of one people" in page
    assert "&lt;Cloud backup&gt;" in page
    assert client.get("/signin/demo/").status_code == 405
    assert client.post("/signin/demo/", {"role": str(demo.public_id)})["Location"] == "/"
    assert "You are <bdi>Lena Marsh</bdi>" in client.get("/me/").content.decode()
    assert client.get("/me/password/").status_code == 404
    assert [each.url for each in try_this(demo)] == ["/s/STD-0031/edit/"]
    assert "Lena Marsh" in client.post("/signout/", follow=True).content.decode()
    client.post("/signin/demo/", {"role": str(demo.public_id)})
    settings.DEMO_MODE = False
    assert client.get("/me/").status_code == 302, "with the demo its sessions end"
    strict = Client(enforce_csrf_checks=True)
    settings.DEMO_MODE = True
    assert strict.post("/signin/demo/", {"role": str(demo.public_id)}).status_code == 403


def test_only_a_card_can_be_played(client: Client, demo: User):
    no_card = User.objects.create_user("mei@brackwater.example", name="Mei Tanaka", is_demo=True)
    for role in ("", "x", str(no_card.public_id), str(demo.person.public_id), "\x00"):
        assert client.post("/signin/demo/", {"role": role}).status_code == 404
    demo.set_password(PASSWORD)
    demo.save()
    assert client.post("/signin/demo/", {"role": str(demo.public_id)}).status_code == 404
    assert "Lena" not in client.get("/signin/").content.decode()
    demo.set_unusable_password()
    demo.is_active = False
    demo.save()
    assert client.post("/signin/demo/", {"role": str(demo.public_id)}).status_code == 404


def test_nobody_real_is_put_on_a_card(rita: User):
    with pytest.raises(ValueError, match="Rita"):
        put_demo_roles([NewDemoRole(rita, "Reader", "Read")])


def test_one_real_account_closes_the_demo_and_stops_the_server(client: Client, demo: User, rita: User, settings):
    assert client.post("/signin/demo/", {"role": str(demo.public_id)}).status_code == 404
    assert "Lena" not in client.get("/signin/").content.decode()
    (problem,) = checks.demo_is_alone(databases=["default"])
    assert problem.id == checks.DEMO_AMONG_PEOPLE
    with pytest.raises(ImproperlyConfigured, match="not of the demo"):
        checks.refuse_unsafe_demo()
    settings.DEBUG = True
    assert checks.demo_is_alone(databases=["default"]) == []
    checks.refuse_unsafe_demo()
    settings.DEBUG = settings.DEMO_MODE = False
    assert checks.demo_is_alone(databases=["default"]) == []
    checks.refuse_unsafe_demo()


@pytest.mark.parametrize(
    ("hosts", "allowed", "problems"),
    [
        (["localhost", ".localhost", "127.0.0.1", "[::1]", "192.168.1.7", "remit", "remit.local"], [], 0),
        (["remit.example.org"], [], 1),
        (["remit.example.org"], ["Remit.example.org"], 0),
        (["*"], [], 1),
        ([".example.org", "8.8.8.8", "[2606:4700::1111]"], [], 3),
    ],
)
def test_a_demo_in_public_is_named_as_one(settings, hosts: list[str], allowed: list[str], problems: int):
    settings.ALLOWED_HOSTS, settings.DEMO_HOSTS = hosts, allowed
    settings.DEMO_MODE = False
    assert checks.demo_is_not_public() == []
    settings.DEMO_MODE = True
    assert [each.id for each in checks.demo_is_not_public()] == [checks.DEMO_IN_PUBLIC] * problems


# --- The first account


def create(*words: str) -> str:
    out = StringIO()
    call_command("create_user", *words, stdout=out)
    return out.getvalue()


def test_the_first_administrator_is_made_by_command(tmp_path):
    policy.forget()
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    said = create("ada@example.org", "--name", "Ada Admin", "--administrator", "--password-file", str(file))
    assert "administrator" in said
    ada = User.objects.get(email="ada@example.org")
    assert ada.check_password(PASSWORD)
    assert organisation_roles(ada) == {OrganisationRole.ADMINISTRATOR}
    with pytest.raises(CommandError, match="administrator already"):
        create("eve@example.org", "--name", "Eve", "--administrator", "--no-password")
    with pytest.raises(CommandError, match="already"):
        create("ADA@example.org", "--name", "Ada", "--no-password")
    create("eve@example.org", "--name", "Eve", "--no-password")
    assert not User.objects.get(email="eve@example.org").has_usable_password()
    call_command("verify_ledger", stdout=StringIO())


def test_weak_and_missing_passwords_and_the_demo_are_refused(tmp_path):
    file = tmp_path / "password"
    for text in ("", "password1234", "short"):
        file.write_text(text)
        with pytest.raises(CommandError):
            create("ada@example.org", "--name", "Ada", "--password-file", str(file))
    with pytest.raises(CommandError, match="cannot be read"):
        create("ada@example.org", "--name", "Ada", "--password-file", str(tmp_path / "none"))
    with pytest.raises(CommandError, match="such as"):
        create("not an address", "--name", "Ada", "--no-password")
    User.objects.create_user("lena@brackwater.example", name="Lena Marsh", is_demo=True)
    with pytest.raises(CommandError, match="demo"):
        create("ada@example.org", "--name", "Ada", "--no-password")
    assert User.objects.count() == 1
