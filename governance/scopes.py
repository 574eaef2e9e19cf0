"""What a personal token may be used for, declared once. A scope narrows its person's rights and never adds one.

Each operation of the API declares the one scope that it asks for; the scopes do not include one another, so a token
names each that it needs. Somebody who is signed in with a browser is bound by their rights alone.
"""

from enum import StrEnum


class Scope(StrEnum):
    """One purpose of a token. ``Scope(value)`` raises ``ValueError`` on an unknown one."""

    READ = "read"
    WRITE = "write"
    DECIDE = "decide"
    ADMINISTER = "administer"
    AUDIT = "audit"

    @property
    def label(self) -> str:
        """What the scope is for, as a line in a list to choose from."""
        return _LABELS[self]


_LABELS = {
    Scope.READ: "Read what you may read",
    Scope.WRITE: "Draft, submit, ask, acknowledge and confirm reviews",
    Scope.DECIDE: "Decide, object, publish, retire and confirm",
    Scope.ADMINISTER: "Change units, people, operating models and plans",
    Scope.AUDIT: "Read the ledger",
}
