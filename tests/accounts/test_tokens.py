"""Personal tokens: made on one's own page or by an operator, shown once, and revoked for good."""

import re
from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.actions.outbox import send_due_mail
from accounts.actions.tokens import MOST_ACTIVE, create_token, revoke_token
from accounts.models import ApiToken, Notification, User
from accounts.token_secrets import hash_of, is_well_formed, new_secret
from governance import ledger
from governance.errors import Denied, Invalid, NotAllowed
from governance.models import LedgerEntry
from governance.scopes import Scope

pytestmark = pytest.mark.django_db
SECRET = re.compile(r"remit_[0-9A-Za-z]{49}")


@pytest.fixture
def ada():
    return User.objects.create_user("ada@example.org", name="Ada Admin")


@pytest.fixture
def bea():
    return User.objects.create_user("bea@example.org", name="Bea Beside")


def browser_of(user):
    client = Client()
    client.force_login(user)
    return client


def made(user, **more):
    return create_token(actor=user, user=user, **{"name": "Report", "scopes": ["read"], "days": 30, **more})


def test_a_secret_has_its_own_form_and_a_slip_in_it_shows():
    secret = new_secret()
    assert SECRET.fullmatch(secret)
    assert is_well_formed(secret)
    slipped = secret[:-1] + ("0" if secret[-1] != "0" else "1")
    assert not is_well_formed(slipped)
    assert not any(is_well_formed(wrong) for wrong in ("", "remit_", secret[:-1], secret + "0", f" {secret}"))
    assert len({new_secret() for _ in range(100)}) == 100


def test_the_page_shows_a_new_tokens_secret_once_and_keeps_only_its_hash(ada):
    browser = browser_of(ada)
    answer = browser.post("/me/tokens/", {"name": "Report", "scopes": ["read", "decide"], "days": "30"})
    (secret,) = set(SECRET.findall(answer.content.decode()))
    assert answer["Cache-Control"].startswith("max-age=0")
    token = ApiToken.objects.get()
    assert (token.user, token.scopes, token.prefix) == (ada, ["read", "decide"], secret[:12])
    assert token.secret_hash == hash_of(secret)
    again = browser.get("/me/tokens/").content.decode()
    assert not SECRET.search(again)
    assert token.prefix in again
    entry = LedgerEntry.objects.get(event="token.created")
    assert entry.actor == str(ada.public_id)
    assert secret not in entry.payload.body


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"scopes": []}, {"scopes": ["everything"]}, {"days": "9999"}, {"days": ""}, {"name": "\x00"}],
)
def test_what_cannot_be_made_is_refused_at_its_field_and_what_was_typed_stays(ada, wrong):
    typed = {"name": "Nightly", "scopes": ["audit"], "days": "90", **wrong}
    answer = browser_of(ada).post("/me/tokens/", typed)
    assert answer.status_code == 422
    assert not ApiToken.objects.exists()
    assert answer.context["form"].errors.keys() == wrong.keys()
    if "name" not in wrong:
        assert "Nightly" in answer.content.decode()


def test_whoever_has_a_token_is_told_by_mail_that_it_was_made(ada):
    made(ada)
    ledger.deliver_due()
    assert Notification.objects.get().title == "A token was made for you: Report"
    send_due_mail()
    (letter,) = mail.outbox
    assert letter.to == ["ada@example.org"]
    assert "revoke" in letter.body
    assert not SECRET.search(letter.body)


def test_a_token_is_its_persons_own_to_make_to_see_and_to_revoke(ada, bea):
    with pytest.raises(Denied):
        create_token(actor=bea, user=ada, name="x", scopes=["read"], days=1)
    token = made(ada).token
    with pytest.raises(Denied):
        revoke_token(actor=bea, token=token)
    assert browser_of(bea).post(f"/me/tokens/{token.public_id}/revoke/").status_code == 404
    assert "Report" not in browser_of(bea).get("/me/tokens/").content.decode()
    assert browser_of(ada).post(f"/me/tokens/{token.public_id}/revoke/").status_code == 302
    first = ApiToken.objects.get().revoked_at
    assert first is not None
    revoke_token(actor=ada, token=token)
    assert ApiToken.objects.get().revoked_at == first
    assert LedgerEntry.objects.filter(event="token.revoked").count() == 1


def test_there_is_a_bound_to_the_tokens_in_use(ada):
    for _ in range(MOST_ACTIVE):
        last = made(ada).token
    with pytest.raises(NotAllowed):
        made(ada)
    revoke_token(actor=ada, token=last)
    assert made(ada).token.state == "active"


def test_an_account_that_is_not_active_gets_none_and_no_scope_is_made_up(ada):
    with pytest.raises(Invalid):
        made(ada, scopes=["root"])
    ada.is_active = False
    with pytest.raises(NotAllowed):
        made(ada)
    assert not ApiToken.objects.exists()


def test_the_command_prints_the_secret_alone_and_tells_the_person(ada):
    out, err = StringIO(), StringIO()
    call_command("create_token", "ADA@example.org", "--scope", "read", "--scope", "audit", stdout=out, stderr=err)
    secret = out.getvalue().strip()
    assert SECRET.fullmatch(secret)
    assert ApiToken.objects.get(secret_hash=hash_of(secret)).scopes == ["read", "audit"]
    assert "Ada Admin" in err.getvalue()
    assert secret not in err.getvalue()
    assert LedgerEntry.objects.get(event="token.created").actor == "system"
    with pytest.raises(CommandError, match="Nobody"):
        call_command("create_token", "nobody@example.org", "--scope", "read")
    with pytest.raises(CommandError, match="366 days"):
        call_command("create_token", "ada@example.org", "--scope", "read", "--expires", "4000")


def test_every_scope_is_said_on_the_page_and_in_the_guide(ada):
    page, guide = browser_of(ada).get("/me/tokens/").content.decode(), Client().get("/api/").content.decode()
    for scope in Scope:
        assert scope.label in page
        assert scope.label in guide
