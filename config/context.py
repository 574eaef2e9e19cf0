"""What every page's shell needs: navigation, theme, the demonstration strip and what is new.

All of it is lazy: a fragment or an error page that draws no shell asks the database nothing.
"""

from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from config.views.look import THEMES
from config.waiting import counts
from governance.permissions.standing import memberships_now, organisation_roles
from governance.rights import Power


@dataclass(frozen=True, slots=True)
class NavItem:
    """One of the five places of the top bar; ``count`` is 0 where nothing waits."""

    label: str
    url: str
    current: bool
    count: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """Whoever is signed in, as the top bar shows them; ``mark_kind`` is unit, centre or all."""

    name: str
    detail: str
    mark_kind: str
    powers: frozenset[Power]
    is_insider: bool


# Label, address, further addresses of the same place, and the powers of which one opens it (none: everybody).
_PLACES: Final[tuple[tuple[str, str, tuple[str, ...], frozenset[Power]], ...]] = (
    ("My work", "/", ("/notifications/",), frozenset()),
    ("Library", "/library/", ("/s/", "/reviews/", "/import/"), frozenset()),
    ("Requests", "/requests/", ("/exceptions/",), frozenset()),
    ("Model", "/model/", ("/units/", "/people/", "/settings/people/", "/memberships/", "/roles/"), frozenset()),
    ("Audit", "/audit/", (), frozenset({Power.READ_LEDGER, Power.READ_DOCUMENT_LEDGER})),
)
_INSIDERS: Final = frozenset({"/model/"})
"""The places that do not answer guests."""


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the context of ``base.html``: nav, account, unread_count, theme, look, shortcuts_off, demo, time zone."""
    theme = _theme(request)
    account: Any = SimpleLazyObject(lambda: _account(request))
    return {
        "nav": SimpleLazyObject(lambda: _nav(request, account)),
        "account": account,
        "unread_count": SimpleLazyObject(lambda: counts(request).unread),
        "theme": theme,
        "look": [
            {"value": value, "label": label, "current": value == theme}
            for value, label in (("", "System"), ("light", "Light"), ("dark", "Dark"))
        ],
        "shortcuts_off": _shortcuts_off(request),
        "demo": SimpleLazyObject(lambda: _demo(account)) if settings.DEMO_MODE else None,
        "organisation_name": getattr(settings, "ORGANISATION_NAME", ""),
        "time_zone_name": timezone.get_current_timezone_name(),
    }


def _signed_in(request: HttpRequest) -> bool:
    return bool(getattr(getattr(request, "user", None), "is_authenticated", False))


def _theme(request: HttpRequest) -> str:
    """The theme chosen in this browser, else the account's own, else the system's."""
    chosen = request.COOKIES.get("remit_theme")
    if chosen in THEMES:
        return str(chosen)
    own = str(getattr(request.user, "theme", "")) if _signed_in(request) else ""
    return own if own in THEMES else ""


def _shortcuts_off(request: HttpRequest) -> bool:
    chosen = request.COOKIES.get("remit_keys")
    if chosen in {"on", "off"}:
        return chosen == "off"
    return _signed_in(request) and not getattr(request.user, "shortcuts", True)


def _account(request: HttpRequest) -> Account | None:
    """Who is signed in, with the membership that says most of them: the highest role, a centre before a unit."""
    if not _signed_in(request):
        return None
    user: Any = request.user
    memberships = memberships_now(user)
    roles = organisation_roles(user)  # known from the memberships, where there are any
    powers = frozenset(power for power in Power if roles & power.holders)
    best = max(memberships, key=lambda row: (_RANKS[row.role], row.unit.is_centre), default=None)
    words = [role.capitalize() for role in sorted(roles)]
    if best is not None:
        words.append(f"{best.role.capitalize()}, {best.unit.name}")
    insider = bool(roles) or any(not row.guest and not row.unit.is_closed for row in memberships)
    kind = "all" if roles else "centre" if best is not None and best.unit.is_centre else "unit"
    return Account(
        name=str(user), detail=user.title or "; ".join(words), mark_kind=kind, powers=powers, is_insider=insider
    )


_RANKS: Final = {"reader": 0, "author": 1, "lead": 2}


def _nav(request: HttpRequest, account: Account | None) -> list[NavItem]:
    if not account:
        return []
    here = request.path
    return [
        NavItem(
            label=label,
            url=url,
            current=here == url or any(here.startswith(part) for part in (*more, *((url,) if url != "/" else ()))),
            count=counts(request).waiting if url == "/" else 0,
        )
        for label, url, more, powers in _PLACES
        if (not powers or powers & account.powers) and (account.is_insider or url not in _INSIDERS)
    ]


def _demo(account: Account | None) -> dict[str, str]:
    name, role = (account.name, account.detail) if account else ("", "")
    return {"name": name, "role": role, "switch_url": "/signout/", "reset_url": ""}
