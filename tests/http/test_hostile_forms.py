"""Bad input at every form: refused at the field and in the summary, what was typed is kept, and nothing is saved."""

import html
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from accounts.models import User
from tests.http.forms import FORMS, Form
from tests.http.surfaces import ABSENT_ID
from tests.http.world import World, undone

pytestmark = pytest.mark.django_db

MARK = "typedmark"
TEXTS = {
    "a NUL": f"{MARK}\x00end",
    "a direction control": f"{MARK}\u202egnp.exe",
    "a megabyte": f"{MARK}" + "x" * 1_100_000,
}
DAYS = ("0001-01-01", "9999-12-31", "2026-02-30", "tomorrow\x00")
NUMBERS = ("-1", "0", "99999999999999999999999", "1e9", "NaN", "12\x00", "²", "9" * 5_000)
CHOICES = ("nonsense\x00", "x" * 5_000)
IDS = ("nonsense\x00", "-1", str(ABSENT_ID), "ZQSHUT", "²", "9" * 5_000)
MAY_BE_LEFT_OUT = ("submission_key", "deputy", "clause")
"""Fields whose value may be refused or passed over."""
SESSIONS = {"sessions.session"}


def rows() -> dict[str, int]:
    """How many rows every table holds, but for sessions."""
    tables = {
        model._meta.label: model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and model._meta.label_lower not in SESSIONS
    }
    counts = (f"SELECT '{label}', COUNT(*) FROM \"{table}\"" for label, table in tables.items())
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(counts))
        return dict(cursor.fetchall())


@contextmanager
def no_nul_reaches_the_database() -> Iterator[None]:
    """PostgreSQL refuses a text with a NUL in it as a fault, and SQLite takes it: so it must not get there."""

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        flat = [each for row in params for each in row] if many else (params or ())
        assert not any(isinstance(each, str) and "\x00" in each for each in flat), f"NUL in {sql[:200]}"
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield


def send(browser: Client, form: Form, world: World, values: dict[str, Any]) -> Any:
    url = form.url(world)
    if form.json:
        return browser.post(url, json.dumps(values), content_type="application/json")
    return browser.post(url, values)


def loud(browser: Client) -> Client:
    """Faults come as they are, with their place."""
    browser.raise_request_exception = True
    return browser


def refused(response: Any) -> bool:
    return 400 <= response.status_code < 500


def page(response: Any) -> str:
    return html.unescape(response.content.decode(errors="replace"))


@pytest.fixture(autouse=True)
def _watched(world: World) -> Iterator[None]:
    with no_nul_reaches_the_database():
        yield


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_the_form_is_taken_when_it_is_filled_in_well(world: World, form: Form):
    response = send(loud(world.browser(form.role)), form, world, form.values(world))
    if form.name == "sign-in":  # there is no such account
        assert response.status_code == 422
    else:
        assert response.status_code in (201, 302), page(response)[-3000:]
        assert not response.get("Location", "").startswith("/signin/")


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_an_unfit_text_is_refused_at_its_field_and_kept(world: World, form: Form):
    browser, wrong = loud(world.browser(form.role)), []
    before = rows()
    for field in form.texts:
        for what, text in TEXTS.items():
            with undone():
                response = send(browser, form, world, {**form.values(world), field: text})
                here = f"{form.name}.{field}: {what}"
                if not refused(response):
                    wrong.append(f"{here}: answered {response.status_code}")
                elif rows() != before:
                    wrong.append(f"{here}: something was saved")
                elif form.name == "sign-in":  # says of no field by itself whether it was right
                    wrong += [] if MARK in page(response) else [f"{here}: what was typed is gone"]
                elif form.shows and not form.json:
                    wrong += [f"{here}: {each}" for each in _not_told(response, field)]
                elif form.json and field not in str(response.json().get("fields", response.json())):
                    wrong.append(f"{here}: {response.json()}")
    assert not wrong, "\n".join(wrong)


def _not_told(response: Any, field: str) -> list[str]:
    """What a form that is shown again lacks: the summary, the error at its field, what was typed."""
    told = page(response)
    if field == "seen_hash":  # nobody types it
        return [] if 'class="error-summary"' in told else ["no summary"]
    lacks = {
        "no summary": 'class="error-summary"' not in told,
        "what was typed is gone": MARK not in told,
        "no error at the field": re.search(rf'id="[\w-]*{field}_error"', told) is None,
    }
    return [each for each, is_lacking in lacks.items() if is_lacking]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_no_value_of_another_kind_breaks_the_form(world: World, form: Form):
    browser, wrong = loud(world.browser(form.role)), []
    for fields, values in ((form.days, DAYS), (form.numbers, NUMBERS), (form.choices, CHOICES), (form.ids, IDS)):
        for field in fields:
            for value in values:
                with undone():
                    before = rows()
                    response = send(browser, form, world, {**form.values(world), field: value})
                    here = f"{form.name}.{field}={value[:30]!r}"
                    if refused(response) and rows() != before:
                        wrong.append(f"{here}: refused, and something was saved")
                    elif not refused(response) and field not in MAY_BE_LEFT_OUT and not _fine(form, field):
                        wrong.append(f"{here}: answered {response.status_code}")
    assert not wrong, "\n".join(wrong)


def _fine(form: Form, field: str) -> bool:
    """A draft is saved with a day that cannot be kept, and says so until it is submitted; a button leads back."""
    return form.name == "confirmation" or (form.name in ("document-new", "document-edit") and field == "effective_on")


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_an_empty_or_foreign_body_breaks_nothing(world: World, form: Form):
    browser = loud(world.browser(form.role))
    url, before = form.url(world), rows()
    for body, kind in (
        (b"", "application/x-www-form-urlencoded"),
        (b'["a"]', "application/json"),
        (b'{"comment": {"$gt": ""}, "verdict": ["approve"], "seen_hash": 7}', "application/json"),
        (b'{"verdict": "reject", "comment": "\\ud800", "seen_hash": ""}', "application/json"),
        (b"\xff\xfe%00=%ff&title=%ff%fe", "application/x-www-form-urlencoded"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
    ):
        with undone():
            response = browser.post(url, body, content_type=kind)
            assert response.status_code < 500, (form.name, body, kind)
            # Where all that is asked is a reason, and it may be left out, an empty form is a good one.
            if form.name not in ("document-start", "membership-end", "role-end"):
                assert rows() == before, (form.name, body, kind, response.status_code)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_a_form_without_its_token_is_refused_and_what_was_typed_is_shown(world: World, form: Form):
    browser = Client(enforce_csrf_checks=True)
    if form.role:
        browser.force_login(world.people[form.role])
    before = rows()
    values = {**form.values(world), **dict.fromkeys(form.texts[:1], f"{MARK} a long text that somebody typed")}
    response = send(browser, form, world, values)
    assert response.status_code == 403
    assert rows() == before
    if form.texts and not form.json:
        assert MARK in page(response)


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_a_method_that_no_page_knows_changes_nothing(world: World, method: str):
    before = rows()
    for form in FORMS:
        browser = loud(world.browser(form.role))
        assert getattr(browser, method)(form.url(world)).status_code in (404, 405), form.name
    assert rows() == before


def test_the_password_form_takes_no_nonsense(world: World):
    person = User.objects.get(pk=world.people["reader"].pk)
    person.set_password("a long and good password")
    person.save()
    browser = loud(Client())
    browser.force_login(person)
    for old in ("wrong", "\x00", "x" * 5_000):
        with undone():
            assert browser.post("/me/password/", {"old": old, "new": "another long password"}).status_code == 422
    for new in ("", "short", "x\x00y" * 8, "y" * 5_000):
        with undone():
            answer = browser.post("/me/password/", {"old": "a long and good password", "new": new})
            assert answer.status_code == 422
            assert "a long and good password" not in page(answer)


def test_forms_that_take_whatever_comes_do_not_break(world: World):
    browser = loud(world.browser("reader"))
    days = ("0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00", "2026-13-01", "\x00", "x" * 5_000)
    for until in days:
        with undone():
            assert browser.post("/notifications/read/", {"until": until, "next": "//evil.example/"}).status_code == 302
    for value in ("\x00", "dark\r\nSet-Cookie: a=b", "x" * 5_000):
        answer = browser.post("/me/look/", {"theme": value, "keys": value, "next": f"https://evil.example/{value}"})
        assert (answer.status_code, answer["Location"]) == (302, "/")
        assert "remit_theme" not in answer.cookies
    author = loud(world.browser("author"))
    for text in (*TEXTS.values(), "[" * 20_000, "> " * 20_000, "*a " * 20_000, "<" * 20_000, "| a " * 5_000):
        assert author.post("/library/new/preview/", {"title": text[:500], "body": text}).status_code in (200, 422)


def test_no_more_of_a_text_is_previewed_than_can_be_kept(world: World):
    browser = loud(world.browser("author"))
    response = browser.post("/library/new/preview/", {"title": "A title", "body": "x " * 1_000_000 + MARK})
    assert response.status_code == 200
    assert MARK not in page(response)


def test_too_large_a_body_is_refused(world: World):
    browser = world.browser("author")
    before = rows()
    response = browser.post("/library/new/", {"title": "x" * 9_000_000})
    assert response.status_code in (400, 413)
    many = browser.post("/library/new/", {f"field{number}": "x" for number in range(2_000)})
    assert many.status_code in (400, 413)
    assert rows() == before


def test_the_same_submission_has_one_effect(world: World):
    for name in ("document-new", "ask-change", "ask-exception", "document-retire"):
        form = next(each for each in FORMS if each.name == name)
        browser = loud(world.browser(form.role))
        values = form.values(world)
        first = send(browser, form, world, values)
        after = rows()
        second = send(browser, form, world, values)
        assert (first.status_code, second.status_code) == (302, 302), name
        assert first["Location"] == second["Location"], name
        assert rows() == after, name


def test_a_submission_key_of_something_else_is_a_conflict_that_keeps_the_text(world: World):
    key = str(uuid4())
    change, exception = (next(each for each in FORMS if each.name == name) for name in ("ask-change", "ask-exception"))
    browser = loud(world.browser("reader"))
    assert send(browser, change, world, {**change.values(world), "submission_key": key}).status_code == 302
    before = rows()
    answer = send(browser, exception, world, {**exception.values(world), "submission_key": key, "reason": f"{MARK}."})
    assert answer.status_code == 409
    assert MARK in page(answer)
    assert rows() == before
