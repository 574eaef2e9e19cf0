"""What can go wrong, each with a sentence fit to show: what happened, why, and what to do next.

One place turns these into pages (``config.views.errors``), one into RFC 9457 problem details.
"""

from collections.abc import Mapping, Sequence


class RemitError(Exception):
    """A refusal that a person can understand; ``str(error)`` is the sentence to show."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Denied(RemitError):
    """The actor does not hold the right; carries the reason chain of the decision, most general first."""

    def __init__(self, message: str, *, reasons: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.reasons = tuple(reasons)


class NotAllowed(RemitError):
    """The state of the thing does not allow the step now, whoever asks."""


class Conflict(RemitError):
    """Somebody changed the thing since the actor opened it.

    ``theirs`` and ``yours`` hold both texts where there are any, so that nothing typed is lost.
    """

    def __init__(self, message: str, *, theirs: str = "", yours: str = "") -> None:
        super().__init__(message)
        self.theirs = theirs
        self.yours = yours


class Invalid(RemitError):
    """One or more fields hold what cannot be accepted; ``fields`` maps a field's name to its sentence."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = dict(fields)
