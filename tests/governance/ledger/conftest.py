"""A story small enough for the ledger alone: things happen to parcels, and postmen are told."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from uuid import UUID

import pytest

from governance import ledger
from governance.ledger import dispatch
from governance.ledger.events import declare
from governance.ledger.streams import Stream

SENT = declare("parcel.sent", "Parcel sent", sentence="{actor} sent {subject}").name
LOST = declare("parcel.lost", "Parcel lost", sentence="{actor} lost {subject}").name

AMARA = SimpleNamespace(public_id=UUID("00000000-0000-4000-8000-00000000000a"), pk=11)
BORIS = SimpleNamespace(public_id=UUID("00000000-0000-4000-8000-00000000000b"), pk=12)


@pytest.fixture(autouse=True)
def _subscriptions_and_dispatcher_are_put_back() -> Iterator[None]:
    """A test's postmen are known to that test only, and no broker is asked for anything."""
    kept, dispatcher = dict(dispatch._subscriptions), dispatch._dispatcher
    dispatch._dispatcher = None
    yield
    dispatch._subscriptions.clear()
    dispatch._subscriptions.update(kept)
    dispatch._dispatcher = dispatcher


@pytest.fixture
def postman() -> Callable[..., list[str]]:
    """Subscribe a handler that notes the titles it is told; returns the list it fills."""

    def subscribe(*patterns: str, name: str = "tests.postman", in_transaction: bool = True) -> list[str]:
        told: list[str] = []
        ledger.subscribe(
            *(patterns or (SENT,)),
            name=name,
            handler=lambda entry: told.append(entry.subject_title),
            in_transaction=in_transaction,
        )
        return told

    return subscribe


def parcel(key: str = "one") -> Stream:
    return ledger.stream("parcel", key)


def send(key: str = "one", *, times: int = 1, reason: str = "") -> None:
    """Each time a change of its own with one entry in the parcel's stream."""
    for _ in range(times):
        with ledger.change(actor=AMARA) as change:
            change.record(SENT, stream=parcel(key), subject_title=f"Parcel {key}", after={"to": "Lagos"}, reason=reason)
