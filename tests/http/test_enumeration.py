"""Nothing is forgotten: a surface, method, parameter, notice, mail, command or id in no list fails by its name."""

import re
from collections import Counter, defaultdict
from pathlib import Path
from string import Formatter
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.conf import settings

from accounts.routes import ROUTES, About
from tests.http import beyond
from tests.http.answers import listening
from tests.http.forms import FORMS
from tests.http.surfaces import EXEMPT, PARAMETERS_PASSED_OVER, SURFACES, patterns
from tests.http.test_bodies import HIDDEN_IDS, IDS_PASSED_OVER
from tests.http.test_hostile_addresses import QUERIES
from tests.http.world import World

pytestmark = pytest.mark.django_db
OWN_THINGS = ("confirmation.", "token.", "delegation.")
"""Events that are the person's own: what they may do was confirmed, a token is theirs, they stand in for somebody."""
SAFE = {"GET", "HEAD", "OPTIONS"}


def test_every_address_is_swept_or_says_why_not():
    known = patterns()
    swept = {surface.name for surface in SURFACES}
    assert [route for name, route in known if name not in swept and name not in EXEMPT] == []
    assert swept - {name for name, _ in known} == set(), "swept, and not an address any more"
    assert set(EXEMPT) - {name for name, _ in known} <= {"demo-sign-in"}, "exempt, and not an address any more"
    assert len(swept) == len(SURFACES)
    assert not [name for name, count in Counter(name for name, _ in known).items() if count > 1]


def test_every_method_of_every_address_is_known(world: World):
    """What a view answers to a method that there is not says which there are."""
    browsers = {role: world.browser(role) for role in ("admin", "author", "auditor")}
    wrong = []
    for surface in SURFACES:
        address = next(iter(surface.addresses(world)))
        allowed: set[str] = set()
        for browser in browsers.values():
            answer = browser.generic("BREW", address.url)
            if answer.status_code == 405:
                allowed |= set(re.split(r",\s*", answer.get("Allow", "")))
        if not allowed:
            wrong.append(f"{surface.name} takes any method")
        elif allowed - SAFE != set(surface.methods) - SAFE:
            wrong.append(f"{surface.name} takes {sorted(allowed)}, and is swept with {surface.methods}")
    assert not wrong, "\n".join(wrong)


def test_every_parameter_that_a_page_reads_is_swept_with_hostile_values(world: World):
    """The names that the views read from an address are listened to while they answer."""
    tried: dict[str, set[str]] = defaultdict(set)
    for path, names in QUERIES.items():
        parts = urlsplit(path.format(open="OPEN", plan="PLAN"))
        tried[_shape(parts.path)] |= {*names, *(name for name, _ in parse_qsl(parts.query))}
    wrong = []
    for role in ("auditor", "admin", "author"):
        browser = world.browser(role)
        for surface in SURFACES:
            if surface.name.startswith("api-"):
                continue  # test_hostile_addresses tries whatever name one of these is heard to read
            for address in list(surface.addresses(world))[:2]:
                with listening() as read:
                    browser.get(address.url)
                shape = _shape(urlsplit(address.url).path)
                unknown = read - tried[shape] - PARAMETERS_PASSED_OVER.keys()
                wrong += [f"{surface.name} reads ?{name}= from {shape}" for name in unknown]
    assert not wrong, "\n".join(sorted(set(wrong)))


def _shape(path: str) -> str:
    """An address without what it names."""
    for pattern in (r"(?<=/s/)[^/]+", r"(?<=/plans/)(?!new/)[^/]+"):
        path = re.sub(pattern, "X", path)
    return path


def test_every_id_that_a_form_sends_is_tried_with_something_hidden():
    known = {(form.name, field) for form in FORMS for field in form.ids}
    tried = {(form, field) for form, field, *_ in HIDDEN_IDS}
    assert sorted(known - tried - set(IDS_PASSED_OVER)) == []
    assert sorted(set(IDS_PASSED_OVER) - known) == []


def test_every_notice_is_about_a_kind_of_thing_that_is_tried(world: World):
    for route in ROUTES:
        words = {name for _, name, _, _ in Formatter().parse(route.title) if name}
        if route.about is About.PERSON:
            # Shown for ever to whoever it was told: it may speak of nothing but their own standing and things.
            assert words <= {"role", "unit"} or route.event.startswith(OWN_THINGS), route.event
        else:
            assert beyond.subjects_of(world, route.about), f"{route.event} is about {route.about!r}, which is not tried"


def test_mail_leaves_from_one_place_and_has_known_templates():
    assert beyond.senders_of_mail() == list(beyond.SENDS_MAIL)
    assert beyond.mail_templates() == list(beyond.MAIL_TEMPLATES)


def test_every_command_is_tried_or_says_why_not():
    assert [name for name in beyond.commands() if name not in {*beyond.COMMANDS, *beyond.NOT_RUN}] == []
    assert set(beyond.COMMANDS) | set(beyond.NOT_RUN) == set(beyond.commands())


def test_no_page_has_a_comment_that_a_person_may_fill(world: World):
    """A comment in a template is the template's own and is left out of the page, so that nothing hides in it."""
    for package in beyond.PACKAGES:
        for path in (Path(settings.BASE_DIR) / package).rglob("templates/**/*.html"):
            assert "<!--" not in path.read_text(), path
