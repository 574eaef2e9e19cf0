"""Every operation of the API, called well: by whom it may be called, and what it leaves in the ledger.

An operation that is not among ``CASES`` fails a test. Each package's cases stand in a module of their own; add yours
to ``MODULES``. The organisation is that of the HTTP sweeps (``tests/http/world.py``).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from governance.api.operations import Operation, operation_of
from governance.api.views import ApiView
from tests.http.world import World

MODULES = ("tests.api.cases_governance", "tests.api.cases_knowledge", "tests.api.cases_accounts")

Body = Callable[[World], dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One operation. ``may`` are the roles (``World.people``) that it is answered to.

    ``at`` gives its address, ``absent`` the same for something that was never there. Whoever is not among ``sees``
    (``may``, if it is left out) is answered exactly as about something absent; whoever sees and may not is refused
    with 403 or 409. ``leaves`` is the event that the first of ``may`` leaves in the ledger. ``elsewhere`` says where
    it is shown to succeed, for what nobody may do in this organisation. ``unrecorded`` says why a write leaves nothing.
    """

    name: str
    at: Callable[[World], str]
    may: frozenset[str]
    absent: str = ""
    sees: frozenset[str] | None = None
    body: Body | None = None
    leaves: str = ""
    elsewhere: str = ""
    unrecorded: str = ""

    @property
    def seeing(self) -> frozenset[str]:
        """The roles to which the thing is no secret."""
        return self.may if self.sees is None else self.sees | self.may


def all_cases() -> list[Case]:
    """Return the cases of every package."""
    return [case for module in MODULES for case in import_module(module).CASES]


@dataclass(frozen=True)
class Declared:
    """An operation as the addresses hold it."""

    route: str
    method: str
    operation: Operation
    view: type[ApiView]


def declared() -> list[Declared]:
    """Return every operation of every address below ``/api/``; an address of another kind of view has none."""

    def below(entries: Any, route: str) -> Iterator[Declared]:
        for entry in entries:
            whole = f"{route}{entry.pattern}"
            if isinstance(entry, URLResolver):
                yield from below(entry.url_patterns, whole)
            elif isinstance(entry, URLPattern) and issubclass(getattr(entry.callback, "cls", object), ApiView):
                view = entry.callback.cls
                for method in view.http_method_names:
                    operation = operation_of(getattr(view, method, None))
                    if operation is not None:
                        yield Declared(whole, method.upper(), operation, view)

    return list(below(get_resolver().url_patterns, ""))
