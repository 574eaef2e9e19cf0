"""A person at a browser of their own, who looks closely at every page."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Locator, Page, Request, Response, ViewportSize

WIDE: ViewportSize = {"width": 1366, "height": 900}
NARROW: ViewportSize = {"width": 390, "height": 844}
PATIENCE = 15_000
"""Milliseconds for a page or a control to appear."""
SLOW = 45_000
"""Milliseconds for what works through many documents: an import, a change of model."""

# What a page is built of: two pages of the same skeleton have the same faults, so one of them is looked at.
_SKELETON = """() => [...document.querySelectorAll('body, body *')].map(each => [each.tagName,
  each.className?.baseVal ?? each.className, each.getAttribute('role'),
  each.getAttribute('type'), each.getAttribute('aria-current'),  each.hasAttribute('open')].join(' ')).join('|')"""
_SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
_TOO_WIDE = """() => { const edge = document.documentElement.clientWidth;
  return [...document.querySelectorAll('main *')]
  .filter(each => each.getBoundingClientRect().right > edge + 1 && !each.closest('[tabindex="0"]'))
  .slice(0, 5).map(each => each.outerHTML.slice(0, 120)) }"""
_FIGURES = """() => { const all = [...performance.getEntriesByType('navigation'),
  ...performance.getEntriesByType('resource')];
  return [document.querySelectorAll('*').length, all.length, all.reduce((sum, each) => sum + each.transferSize, 0)] }"""
# A change of theme fades: a colour half-way is nobody's choice. Every fade ends within this time; the promise that the
# browser gives of its end does not always come, and nothing else here would stop waiting for it.
_SETTLED = """() => Promise.race([new Promise(settled => setTimeout(settled, 1500)),
  new Promise(settled => requestAnimationFrame(() => requestAnimationFrame(() =>
  Promise.allSettled(document.getAnimations().map(each => each.finished)).then(() => settled()))))])"""
_AXE = "() => axe.run({resultTypes: ['violations']})"

_seen: set[tuple[str, str]] = set()
"""What axe has looked at in this process: place and skeleton; with an empty skeleton, the places seen on a phone."""


class Visitor:
    """One person: a browser context, a page, and the faults of every page they have been on.

    ``go``, ``follow`` and ``send`` end on a page that has been looked at: its status, what it asked for and from where,
    what it wrote to the console, its width on a phone, and what axe finds in both themes.
    """

    def __init__(self, browser: Browser, url: str, *, script: bool = True) -> None:
        self.url, self.script = url, script
        self.context = browser.new_context(
            base_url=url, viewport=WIDE, color_scheme="light", java_script_enabled=script, locale="en-GB"
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.clicks = 0
        self.status = 0
        self._faults: list[str] = []
        self._answers: list[tuple[str, int]] = []
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self._faults.append(f"script: {error}"))
        self.page.on("request", self._on_request)
        self.page.on("requestfailed", self._on_failed)
        self.page.on("response", self._on_response)
        self.page.on("dialog", _accept)

    # --- What happens on a page

    def _on_console(self, message: ConsoleMessage) -> None:
        # A refused address is told by its answer already, with its status.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self._faults.append(f"console: {message.text}")

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self._faults.append(f"asked somebody else: {request.url}")

    def _on_failed(self, request: Request) -> None:
        # A page that is left stops what it was still asking for.
        if "ERR_ABORTED" not in (request.failure or ""):
            self._faults.append(f"failed: {request.url} {request.failure}")

    def _on_response(self, response: Response) -> None:
        request = response.request
        if request.is_navigation_request() and request.frame == self.page.main_frame:
            self.status = response.status
        elif response.status >= 400:
            self._answers.append((response.url, response.status))

    # --- Moving

    def signs_in(self, name: str) -> "Visitor":
        """Take the part of one of the demo's people, by their card."""
        self.go("/signin/")
        self.send(self.page.locator("button.role").filter(has=self.page.get_by_text(name, exact=True)))
        assert self.page.url == f"{self.url}/", self.page.url
        self.clicks = 0
        return self

    def go(self, path: str, *, status: int = 200) -> None:
        """Open an address, as from a bookmark, and look at the page."""
        self.page.goto(path, timeout=SLOW)
        self.look(status)

    def follow(self, link: "Locator | str | re.Pattern[str]", *, status: int = 200, slow: bool = False) -> None:
        """Click a link, or the one with these words, and look at the page it leads to."""
        with self._moving(slow):
            self.press(link if isinstance(link, Locator) else self.link(link))
        self.look(status)

    def send(self, button: "Locator | str | re.Pattern[str]", *, status: int = 200, slow: bool = False) -> None:
        """Click a button, or the one with these words, and look at the page that answers."""
        with self._moving(slow):
            self.press(button if isinstance(button, Locator) else self.button(button))
        self.look(status)

    def enter(self, control: Locator | None = None, *, status: int = 200) -> None:
        """Press Enter, on a control or where the focus is, and look at the page that comes."""
        if control is not None:
            control.focus()
        with self._moving(slow=False):
            self.page.keyboard.press("Enter")
        self.look(status)

    def press(self, control: Locator) -> None:
        """Click without leaving the page; counted."""
        self.clicks += 1
        control.click()

    @contextmanager
    def _moving(self, slow: bool) -> Iterator[None]:
        with self.page.expect_navigation(timeout=SLOW if slow else PATIENCE):
            yield

    # --- Finding

    def link(self, name: "str | re.Pattern[str]") -> Locator:
        """The first link with these words."""
        return self.page.get_by_role("link", name=name).first

    def button(self, name: "str | re.Pattern[str]") -> Locator:
        """The first button with these words."""
        return self.page.get_by_role("button", name=name).first

    def field(self, label: str) -> Locator:
        """The field with this label."""
        return self.page.get_by_label(label, exact=False).first

    @property
    def text(self) -> str:
        """The words of the page's main part, with its white space made plain."""
        return " ".join(self.page.locator("main").inner_text().split())

    @property
    def path(self) -> str:
        """The address without the server's name."""
        parts = urlsplit(self.page.url)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def reads(self, *words: str) -> None:
        """All of these stand on the page."""
        text = self.text
        missing = [each for each in words if each not in text]
        assert not missing, f"{self.path} does not say {missing}:\n{text[:3000]}"

    def does_not_read(self, *words: str) -> None:
        """None of these stands on the page."""
        text = self.text
        found = [each for each in words if each in text]
        assert not found, f"{self.path} says {found}:\n{text[:3000]}"

    # --- Looking

    def look(self, status: int = 200) -> None:
        """The page is as it must be; else ``AssertionError`` with everything that is wrong with it."""
        wrong = [] if self.status == status else [f"answered {self.status} and not {status}"]
        wrong += [f"{url} answered {code}" for url, code in self._answers]
        wrong += self._faults
        self._answers, self._faults = [], []
        if self.script and not wrong:
            wrong += self._accessibility()
            wrong += self._faults
        if self.script and not wrong:
            self._write_figures()
        if wrong:
            words = self.page.locator("body").inner_text()[:1500] if self.status >= 400 else ""
            raise AssertionError("\n".join([f"{self.path}:", *wrong, words]))

    def _accessibility(self) -> list[str]:
        skeleton = str(self.page.evaluate(_SKELETON))
        place = re.sub(r"\d+", "0", urlsplit(self.page.url).path)
        if (place, skeleton) in _seen:
            return []
        _seen.add((place, skeleton))
        try:
            self.page.evaluate(AXE_SCRIPT)
            wrong = self._axe("light")
            self.page.emulate_media(color_scheme="dark")
            wrong += self._axe("dark")
            self.page.set_viewport_size(NARROW)
            return wrong + self._narrow(place)
        finally:
            self.page.set_viewport_size(WIDE)
            self.page.emulate_media(color_scheme="light")

    def _narrow(self, place: str) -> list[str]:
        wrong = []
        if (over := self.page.evaluate(_SIDEWAYS)) > 0:
            wrong.append(f"scrolls sideways by {over} px at 390 px: {self.page.evaluate(_TOO_WIDE)}")
        if (place, "") in _seen:
            return wrong
        _seen.add((place, ""))
        return wrong + self._axe("dark, 390 px")

    def _axe(self, where: str) -> list[str]:
        self.page.evaluate(_SETTLED)
        found: dict[str, Any] = self.page.evaluate(_AXE)
        return [
            f"axe, {where}: {each['id']} ({each['help']}): "
            + "; ".join(f"{node['html'][:160]} – {_why(node)}" for node in each["nodes"][:4])
            for each in found["violations"]
        ]

    def _write_figures(self) -> None:
        """For whoever wants to know: REMIT_PAGE_FIGURES names a file that gets a line for each page."""
        if not (target := os.environ.get("REMIT_PAGE_FIGURES")):
            return
        nodes, requests, weight = self.page.evaluate(_FIGURES)
        with Path(target).open("a", encoding="utf-8") as file:
            file.write(f"{urlsplit(self.page.url).path}\t{nodes} nodes\t{requests} requests\t{weight} bytes\n")

    def close(self) -> None:
        """The browser forgets this person."""
        self.context.close()


def _why(node: dict[str, Any]) -> str:
    checks = [*node.get("any", []), *node.get("all", []), *node.get("none", [])]
    return "; ".join(check["message"] for check in checks)[:300]


def _accept(dialog: Dialog) -> None:
    dialog.accept()
