"""An answer as somebody reads it who looks for more than they may know: its body, its headers, its cookies."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest
from django.http import QueryDict

from tests.http.world import Told, World

_OWN_COOKIES = ("sessionid", "csrftoken")
_BY_CHANCE = (
    (re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"'), "TOKEN"),
    (re.compile(r'name="next" value="[^"]+"'), "NEXT"),
    (re.compile(r"'nonce-[^']+'|nonce=\"[^\"]+\""), "NONCE"),
    (
        re.compile(r"^(Content-Length|X-Request-ID|RateLimit[\w-]*|Server-Timing): .*\n", re.MULTILINE | re.IGNORECASE),
        "",
    ),
    (re.compile(r'"request_id": ?"[^"]*"'), "REQUEST"),
)
"""What differs between any two requests: the form's token, the page that a choice of theme comes back to, a nonce, how
many requests are left, and with them the length."""


def told(response: Any) -> str:
    """Everything that an answer says: its body, and its headers with their cookies."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    headers = "\n".join(f"{name}: {value}" for name, value in response.items())
    cookies = "\n".join(cookie.OutputString() for name, cookie in response.cookies.items() if name not in _OWN_COOKIES)
    return f"{headers}\n{cookies}\n\n{body.decode(errors='replace')}"


def same_for_all(answer: str, asked: str = "") -> str:
    """An answer without what differs between any two requests, and without the address that was asked."""
    path = asked.partition("?")[0]
    forms = {each for whole in (asked, path) for each in (whole, quote(whole, safe="/"), quote(whole, safe=""))}
    for form in sorted(forms, key=len, reverse=True):
        answer = answer.replace(form, "ASKED") if len(form) > 3 else answer
    for pattern, word in _BY_CHANCE:
        answer = pattern.sub(word, answer)
    return answer


def leaks(world: World, role: str, url: str, answer: str) -> list[str]:
    """What of the hidden things stands in the answer, but for what was itself asked for by name."""
    asked, read = url.casefold(), Told(answer)
    return [
        f"{role or 'nobody'} {url}: {secret.name}: {mark}"
        for secret in world.hidden_from(role)
        for mark in secret.found_in(read)
        if mark.casefold() not in asked
    ]


@contextmanager
def listening() -> Iterator[set[str]]:
    """The names that are looked up in the query of the address."""
    read: set[str] = set()

    def heard(method: str) -> Any:
        real = getattr(QueryDict, method)

        def listen(self: QueryDict, name: Any, *more: Any) -> Any:
            if isinstance(name, str):
                read.add(name)
            return real(self, name, *more)

        return listen

    with pytest.MonkeyPatch.context() as patch:
        for method in ("get", "getlist", "__getitem__", "__contains__"):
            patch.setattr(QueryDict, method, heard(method))
        yield read
