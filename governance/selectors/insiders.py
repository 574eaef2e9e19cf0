"""Who may read how the organisation is shaped: its units, their models and who belongs where."""

from typing import Any

from governance.errors import Denied
from governance.selectors.people import sees_people

GUESTS = "You are a guest here. The units and their operating model are shown to members of the organisation."


def require_insider(actor: Any) -> None:
    """Return if ``actor`` is a member who is no guest, or holds an organisation-wide role; raise ``Denied`` if not."""
    if not sees_people(actor):
        raise Denied(GUESTS, reasons=("You have no membership of an open unit but as a guest.",))
