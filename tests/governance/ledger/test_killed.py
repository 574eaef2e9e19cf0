"""A process killed at any named point leaves all of a change or none of it, and nobody is left untold or told twice."""

import os
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connections

from governance import failpoints, ledger
from governance.ledger import changes, deliveries, dispatch
from governance.ledger.reading import LedgerEntryView
from governance.ledger.verify import verify_ledger
from governance.models import Delivery, LedgerEntry

from .conftest import LOST, SENT, parcel, send

pytestmark = pytest.mark.django_db(transaction=True)

PLACES = [name for name in failpoints.names() if name.startswith(("ledger.", "delivery."))]
BEFORE_COMMIT = {changes.BEFORE_ENTRIES, changes.ENTRIES_WRITTEN, changes.DELIVERIES_WRITTEN}


def in_child(work: Callable[[], None]) -> int:
    """Run the work in a process of its own; returns its exit code."""
    for connection in connections.all():
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def follow(entry: LedgerEntryView) -> None:
    with ledger.change(actor=ledger.SYSTEM) as change:
        change.record(LOST, stream=parcel("follower"), subject_title=f"after {entry.sequence}")


def test_the_places_are_those_of_the_code() -> None:
    assert set(PLACES) >= BEFORE_COMMIT | {
        dispatch.AFTER_COMMIT,
        deliveries.CLAIMED,
        deliveries.MARKED,
        deliveries.HANDLED,
        deliveries.FINISHED,
    }


@pytest.mark.parametrize("place", PLACES)
def test_killed_at(place: str, tmp_path: Path) -> None:
    letters = tmp_path / "letters"

    def post(entry: LedgerEntryView) -> None:
        with letters.open("a") as file:
            file.write(f"{entry.hash}\n")

    def work() -> None:
        failpoints._armed[place] = "exit"
        send()
        ledger.deliver_due()

    ledger.subscribe(SENT, name="tests.follower", handler=follow)
    ledger.subscribe(SENT, name="tests.post", handler=post, in_transaction=False)
    assert in_child(work) == failpoints.EXIT_CODE

    committed = LedgerEntry.objects.filter(event=SENT).count()
    assert committed == (0 if place in BEFORE_COMMIT else 1)
    assert Delivery.objects.count() == 2 * committed
    assert verify_ledger().holds
    if not committed:
        send()

    Delivery.objects.filter(state="pending").update(lease_until=None)  # as after the lease of the dead
    ledger.deliver_due()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"done"}
    assert LedgerEntry.objects.filter(event=LOST).count() == 1
    posted = letters.read_text().splitlines()
    assert len(posted) == (2 if place == deliveries.HANDLED else 1), "twice only between the effect and its mark"
    assert len(set(posted)) == 1, "and then under the same identity"
    assert verify_ledger().holds
