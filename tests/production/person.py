"""A person at a browser without JavaScript, behind the proxy that ends TLS."""

import http.client
import time
from collections.abc import Callable
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from tests.production.installation import HOST, PATIENCE


class _Fields(HTMLParser):
    """What the forms of a page would send as they stand."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {key: value or "" for key, value in attrs}
        if tag == "textarea" and "name" in said:
            self._area = said["name"]
            self.values[self._area] = ""
        if tag == "input" and "name" in said and said.get("type") not in {"file", "submit", "checkbox", "radio"}:
            self.values.setdefault(said["name"], said.get("value", ""))

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""


class Page:
    """An answer."""

    def __init__(self, status: int, headers: Any, text: str) -> None:
        self.status, self.headers, self.text = status, headers, text

    @property
    def goes_to(self) -> str:
        return self.headers.get("Location", "") or ""

    def fields(self) -> dict[str, str]:
        parser = _Fields()
        parser.feed(self.text)
        return parser.values


class Away(Exception):
    """Nobody answered, or a fault did."""


class Person:
    """Somebody signed in, with a cookie jar of their own."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}
        self.asked_as = ""
        """The id that the proxy gives to the next requests; empty for none."""

    def ask(self, method: str, path: str, *, body: bytes = b"", **headers: str) -> Page:
        """The answer to one request. Raises ``Away`` where there is none, or only a fault."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        said = {
            "Host": HOST,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": "192.0.2.7",
            "Referer": f"https://{HOST}/",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            **({"X-Request-ID": self.asked_as} if self.asked_as else {}),
            **headers,
        }
        try:
            connection.request(method, path, body or None, said)
            answered = connection.getresponse()
            text = answered.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            raise Away(repr(error)) from error
        finally:
            connection.close()
        for name, value in SimpleCookie("; ".join(answered.headers.get_all("Set-Cookie") or [])).items():
            self.cookies[name] = value.value
        if answered.status >= 500 and path != "/readyz":
            raise Away(f"{answered.status} for {path}: {text[:200]}")
        return Page(answered.status, answered.headers, text)

    def get(self, path: str, **headers: str) -> Page:
        return self.ask("GET", path, **headers)

    def send(self, path: str, **filled: str) -> Page:
        """The form of a page was filled in further and sent."""
        values = {**self.get(path).fields(), **filled}
        return self.ask(
            "POST",
            path,
            body=urlencode(values).encode(),
            **{"Content-Type": "application/x-www-form-urlencoded"},
        )

    def sign_in(self, email: str, password: str) -> None:
        page = self.send("/signin/", email=email, password=password)
        assert page.status == 302, f"{page.status}: {page.text[:500]}"

    def insists(self, step: Callable[[], Any], until: Callable[[], Any]) -> Any:
        """Do as a person does who was shown a fault: look whether it was done, and if not do it again."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                step()
            except Away:
                time.sleep(0.2)
            if done := until():
                return done
            assert time.monotonic() < end, "It could not be done within the patience of a person."
