"""Bad input in addresses: searches, filters, page numbers, references. Never a fault, and nothing of it reaches a page
unescaped."""

from collections.abc import Iterator
from urllib.parse import quote, urlencode

import pytest

from tests.http.answers import listening
from tests.http.surfaces import SURFACES
from tests.http.test_hostile_forms import loud, no_nul_reaches_the_database
from tests.http.world import World

pytestmark = pytest.mark.django_db

PAYLOAD = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>"
QUERIES = {
    "/library/": (
        "q",
        "status",
        "capability",
        "kind",
        "unit",
        "tag",
        "applies",
        "owner",
        "review",
        "sort",
        "page",
        "density",
    ),
    "/library/suggest/": ("q",),
    "/library/new/": ("remit",),
    "/library/imports/": ("page",),
    "/reviews/": ("within", "list", "page"),
    "/requests/": ("list", "kind", "page"),
    "/requests/new/": ("kind", "ref", "clause"),
    "/requests/new/?ref={open}": ("kind", "clause"),
    "/notifications/": ("show", "page"),
    "/people/": ("q", "unit", "page"),
    "/settings/people/": ("q", "unit", "page"),
    "/units/": ("q",),
    "/model/": ("unit", "capability", "role", "right"),
    "/model/check/": ("person", "right", "unit", "capability"),
    "/model/centre_of_excellence/": ("version",),
    "/model/plans/": ("page",),
    "/model/plans/new/": ("unit", "model"),
    "/model/plans/{plan}/": ("by", "show", "only", "page"),
    "/audit/": ("who", "event", "kind", "about", "since", "until", "before", "open"),
    "/s/{open}/history/": ("page", "events", "a", "b"),
    "/s/{open}/compare/": ("a", "b"),
    "/signin/": ("next",),
}
"""Every parameter that some page reads from its address."""
READ_BY = {
    "/signin/": "",
    "/settings/people/": "admin",
    "/model/plans/new/": "admin",
    "/library/new/": "author",
    "/requests/new/": "reader",
}
"""Whose pages they are; an auditor opens every other."""
ALONE = (f'a\x00b "unbalanced AND OR NOT NEAR( col:x* ^y {{z}} - + ~ \\ {PAYLOAD}', "9" * 5_000, "²", "9999-12-31")
"""What each parameter is given by itself."""
TOGETHER = (
    "' OR 1=1 -- %s %(x)s {0}",
    "x" * 9_000,
    "99999999999999999999",
    "1e400",
    "0001-01-01",
    "//evil.example",
    "\u202e🏳️‍🌈 ﷺ ı İ",
)
"""What all parameters of a page are given at once."""
REFERENCES = ("a%00b", "%2e%2e", "9" * 5_000, quote(PAYLOAD, safe=""), "%ff%fe", "²", "%E2%80%AEgnp", "STD-0001%20")

ROUTES = (
    "/{}",
    "/s/{}/",
    "/s/{}/history/",
    "/s/{}/edit/",
    "/s/STD-0001/v/{}/",
    "/s/STD-0001/compare/{}/",
    "/s/STD-0001/compare/1..{}/",
    "/s/STD-0001/files/00000000-0000-4000-8000-000000000000/{}",
    "/library/imports/{}/",
    "/requests/{}/",
    "/model/{}/",
    "/model/plans/{}/",
    "/units/{}/",
    "/units/{}/rename/",
    "/units/{}/people/new/",
    "/people/{}/",
    "/notifications/{}/",
    "/api/v1/requests/{}/",
    "/api/v1/requests/{}/decisions/",
)


@pytest.fixture(autouse=True)
def _watched(world: World) -> Iterator[None]:
    with no_nul_reaches_the_database():
        yield


@pytest.fixture(params=["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def zone(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_no_value_in_an_address_breaks_a_page(world: World):
    browsers = {role: loud(world.browser(role)) for role in ("auditor", "admin", "author", "reader", "")}
    wrong = []
    for path, names in QUERIES.items():
        url = path.format(open=world.documents["open"].number, plan=world.others["plan"].number)
        joint = "&" if "?" in url else "?"
        browser = browsers[READ_BY.get(path.partition("?")[0], "auditor")]
        given = [{name: value} for name in names for value in ALONE]
        given += [dict.fromkeys(names, value) for value in TOGETHER]
        for values in given:
            here = f"{path} {', '.join(values)}={next(iter(values.values()))[:30]!r}"
            try:
                response = browser.get(f"{url}{joint}{urlencode(values)}")
            except Exception as error:
                wrong.append(f"{here}: {type(error).__name__}: {str(error)[:200]}")
                continue
            if response.status_code >= 500:
                wrong.append(f"{here}: {response.status_code}")
            if b"<script>alert" in response.content or b"<img src=x" in response.content:
                wrong.append(f"{here}: unescaped")
            if "evil.example" in response.get("Location", ""):
                wrong.append(f"{here}: leads out")
    assert not wrong, "\n".join(wrong)


def test_no_value_in_an_address_breaks_the_api(world: World):
    """Every name that an address of the API is heard to read is tried, so that a new one is tried at once."""
    wrong = []
    browser = loud(world.browser("auditor"))
    for surface in SURFACES:
        if not surface.name.startswith("api-") or "GET" not in surface.methods:
            continue
        url = next(iter(surface.addresses(world))).url.partition("?")[0]
        with listening() as read:
            browser.get(url)
        given = [{name: value} for name in sorted(read) for value in ALONE]
        given += [dict.fromkeys(sorted(read), value) for value in TOGETHER]
        for values in given:
            response = browser.get(f"{url}?{urlencode(values)}")
            if response.status_code >= 500 or "evil.example" in response.get("Location", ""):
                wrong.append(f"{url} {values}: {response.status_code}")
    assert not wrong, "\n".join(wrong)


def test_a_day_at_the_end_of_the_calendar_breaks_no_page_in_any_time_zone(world: World, zone: str):
    person = world.people["auditor"]
    type(person).objects.filter(pk=person.pk).update(time_zone=zone)
    browser = loud(world.browser("auditor"))
    for name in ("since", "until"):
        for day in ("0001-01-01", "0001-01-02", "9999-12-30", "9999-12-31"):
            assert browser.get(f"/audit/?{name}={day}").status_code in (200, 422)


def test_no_reference_in_an_address_breaks_a_page(world: World):
    admin, auditor = (loud(world.browser(role)) for role in ("admin", "auditor"))
    for route in ROUTES:
        for reference in REFERENCES:
            for each in (admin if "/units/" in route else auditor,):
                assert each.get(route.format(reference)).status_code < 500, (route, reference[:40])
                assert each.post(route.format(reference), {"x": "1"}).status_code < 500, (route, reference[:40])


def test_no_header_breaks_a_page(world: World):
    browser = loud(world.browser("reader"))
    for headers in (
        {"Referer": "https://evil.example/\x7f"},
        {"Accept-Language": "x" * 5_000},
        {"Accept-Language": "*;q=-1,,;"},
        {"Accept": "application/json"},
        {"HX-Request": "true", "HX-Current-URL": "javascript:alert(1)", "HX-Target": PAYLOAD},
        {"X-Forwarded-For": "' OR 1=1", "X-Forwarded-Host": "evil.example"},
        {"X-Request-ID": PAYLOAD},
        {"If-None-Match": "x" * 3_000, "Range": "bytes=9-1"},
        {"Cookie": f"remit_theme={quote(PAYLOAD)}; remit_density=%00; remit_keys=²"},
    ):
        for path in ("/library/?q=x", "/", "/s/NOPE-1/", "/api/v1/requests/"):
            response = browser.get(path, headers=headers)
            assert response.status_code < 500
            assert b"<script>alert" not in response.content
            assert "evil.example" not in response.content.decode()
