"""The no-leak harness: every surface as every role, and whatever stands there that should not.

``Sweep(world).all(role)`` yields a sentence for each leak. Four things are looked for in every answer: a word, number
or id of something hidden; an answer to something hidden that differs from the answer to something absent; a count that
is not what a plain reading of the world gives; a fault. ``planted.py`` proves that each is found.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from tests.http import beyond, counting
from tests.http.answers import leaks, same_for_all, told
from tests.http.surfaces import FOR_EVERYBODY, SURFACES, Address, Surface, seen_by
from tests.http.world import World, taken_back

HIDDEN_AS_ABSENT = ("document", "request", "import", "notice", "emptied")
"""Kinds of thing that answer 404; the others may also say 403, the same whether or not there is such a thing."""
FAULT = "a fault:"
"""How a finding begins that is no leak, but a page that broke."""
Ask = Callable[[Client, str, str], Any]
"""Asks an address in one way: browser, address, and the tag of the answer that somebody else was given."""

WAYS: dict[str, Ask] = {
    "GET": lambda browser, url, tag: browser.get(url),
    "a fragment": lambda browser, url, tag: browser.get(url, headers={"HX-Request": "true", "HX-Target": "main"}),
    "if none match": lambda browser, url, tag: browser.get(url, headers={"If-None-Match": tag or "*"}),
    "a part": lambda browser, url, tag: browser.get(url, headers={"Range": "bytes=0-3"}),
    "as JSON": lambda browser, url, tag: browser.get(url, headers={"Accept": "application/json"}),
    "HEAD": lambda browser, url, tag: browser.head(url),
    "OPTIONS": lambda browser, url, tag: browser.options(url),
    "POST": lambda browser, url, tag: browser.post(url),
    "PUT": lambda browser, url, tag: browser.put(url, "{}", content_type="application/json"),
    "PATCH": lambda browser, url, tag: browser.patch(
        url, "{}", content_type="application/json", headers={"If-Match": tag or "*"}
    ),
    "DELETE": lambda browser, url, tag: browser.delete(url, headers={"If-Match": tag or "*"}),
}
"""The ways in which something hidden is asked for; none may tell it from something absent."""
CHANGING = ("POST", "PUT", "PATCH", "DELETE")
"""The ways that may change something; what they did is taken back."""


@dataclass
class Sweep:
    """One sweep over the world. ``asked`` counts the requests that were made, by role."""

    world: World
    surfaces: tuple[Surface, ...] = SURFACES
    ways: Iterable[str] = tuple(WAYS)
    asked: dict[str, int] = field(default_factory=dict)
    _absent: dict[tuple[str, str, str], tuple[int, str]] = field(default_factory=dict)
    _tags: dict[str, str] = field(default_factory=dict)

    def all(self, role: str) -> Iterator[str]:
        """Every leak to this role, on whatever surface; nobody is signed in for an empty role."""
        yield from self.addresses(role)
        if role:
            yield from counting.wrong_counts(self.world, role)
            yield from beyond.wrong_notices(self.world, role)
        else:
            yield from beyond.wrong_output(self.world)

    def addresses(self, role: str) -> Iterator[str]:
        """Every leak at an address."""
        browser = self.world.browser(role)
        for surface in self.surfaces:
            for address in surface.addresses(self.world):
                for way in self.ways:
                    hidden = self._is_hidden(address, role)
                    fragment = way == "a fragment" and surface.named is None
                    if hidden or way == "GET" or fragment or (way == "POST" and "POST" in surface.methods):
                        yield from self._asked(browser, role, surface, address, way)

    def _asked(self, browser: Client, role: str, surface: Surface, address: Address, way: str) -> Iterator[str]:
        here = f"{role or 'nobody'} {way} {address.url}"
        try:
            code, answer = self._answer(browser, role, address.url, way)
        except Exception as error:
            yield f"{FAULT} {here}: {type(error).__name__}: {error}"
            return
        if code >= 500:
            yield f"{FAULT} {here}: {code}"
        yield from (f"{way}: {leak}" for leak in leaks(self.world, role, address.url, answer))
        if not role and not self._is_closed(surface, code, answer):
            yield f"{here}: {code}, and nobody is signed in"
        if self._is_hidden(address, role):
            yield from self._told_apart(browser, role, surface, address, way, code, answer)

    def _told_apart(
        self, browser: Client, role: str, surface: Surface, address: Address, way: str, code: int, answer: str
    ) -> Iterator[str]:
        """Where the answer to something hidden is not the answer to something absent."""
        here = f"{role or 'nobody'} {way} {address.url}"
        key = (role, way, address.absent)
        if key not in self._absent:
            other, said = self._answer(browser, role, address.absent, way)
            self._absent[key] = other, same_for_all(said, address.absent)
        if (code, same_for_all(answer, address.url)) != self._absent[key]:
            yield f"{here}: {code}, unlike {address.absent}: {self._absent[key][0]}"
        kind = address.thing.partition(":")[0]
        refusals = (404,) if kind in HIDDEN_AS_ABSENT else (403, 404)
        if role and way == "GET" and "GET" in surface.methods and code not in refusals:
            yield f"{here}: {code}, though hidden"

    def _answer(self, browser: Client, role: str, url: str, way: str) -> tuple[int, str]:
        self.asked[role] = self.asked.get(role, 0) + 1
        for name in set(browser.cookies) - {"sessionid", "csrftoken"}:  # a message for the next page, a choice
            del browser.cookies[name]
        tag = self._tag(url) if way in ("if none match", "PATCH", "DELETE") else ""
        if way not in CHANGING:
            response = WAYS[way](browser, url, tag)
            return response.status_code, told(response)
        with taken_back() as put_back:
            response = WAYS[way](browser, url, tag)
            put_back(response.status_code < 400)
            return response.status_code, told(response)

    def _tag(self, url: str) -> str:
        """The tag of the answer that the auditor is given, who may see almost everything."""
        if url not in self._tags:
            self._tags[url] = self.world.browser("auditor").get(url).get("ETag", "")
        return self._tags[url]

    @staticmethod
    def _is_hidden(address: Address, role: str) -> bool:
        return bool(address.thing) and role not in seen_by(address.thing)

    @staticmethod
    def _is_closed(surface: Surface, code: int, answer: str) -> bool:
        """Whether somebody who is not signed in was turned away, and told nothing but where to sign in."""
        to_sign_in = code == 302 and "Location: /signin/" in answer
        refused = surface.name.startswith("api-") and code in (401, 403, 415)
        return to_sign_in or refused or surface.name in FOR_EVERYBODY or code in (404, 405)
