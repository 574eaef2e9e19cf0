"""Named places at which a test may make the process fail; in production they do nothing at all.

A place is declared beside the code that has it and passed with ``failpoint(name)``. Only where ``settings.TESTING``
is true can one be armed: in the test's own process with ``armed(...)``, in a child process by the environment
variable ``REMIT_FAILPOINT="name=exit"`` (or ``name=raise``). So a test can loop over ``names()`` and miss none.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

Action = Literal["raise", "exit"]
EXIT_CODE = 86
VARIABLE = "REMIT_FAILPOINT"

_declared: set[str] = set()
_armed: dict[str, Action] = {}


class FailpointReached(Exception):
    """An armed failpoint was passed; no production code catches it by name."""


def declare(name: str) -> str:
    """The failpoint exists; returns its name. Declaring it twice is refused."""
    if name in _declared:
        raise ValueError(f"The failpoint {name} is declared twice.")
    _declared.add(name)
    return name


def names() -> list[str]:
    """Every failpoint that the imported code has, sorted."""
    return sorted(_declared)


def failpoint(name: str) -> None:
    """Nothing, unless a test armed this name: then it raises ``FailpointReached`` or ends the process at once."""
    if name not in _declared:
        raise LookupError(f"No failpoint is named {name!r}.")
    action = _armed.get(name)
    if action is None:
        return
    if action == "exit":
        os._exit(EXIT_CODE)
    raise FailpointReached(name)


@contextmanager
def armed(name: str, action: Action = "raise") -> Iterator[None]:
    """While the block runs, passing the failpoint fails; refused outside tests."""
    _arm(name, action)
    try:
        yield
    finally:
        _armed.pop(name, None)


def arm_from_environment() -> None:
    """The failpoint that the environment names is armed; the variable is refused outside tests, and misspelt."""
    wanted = os.environ.get(VARIABLE, "")
    if not wanted:
        return
    name, _, action = wanted.partition("=")
    if action not in ("raise", "exit"):
        raise ImproperlyConfigured(f"{VARIABLE} is written name=raise or name=exit, not {wanted!r}.")
    _arm(name, "exit" if action == "exit" else "raise")


def _arm(name: str, action: Action) -> None:
    if not getattr(settings, "TESTING", False):
        raise ImproperlyConfigured("Failpoints are armed only in tests (settings.TESTING).")
    if name not in _declared:
        raise LookupError(f"No failpoint is named {name!r}.")
    _armed[name] = action
