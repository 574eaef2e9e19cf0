"""Many writers and many sweeps at once: no deadlock, no gap, nothing told twice."""

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from governance import ledger
from governance.ledger import append, deliveries
from governance.ledger.reading import LedgerEntryView
from governance.ledger.verify import verify_ledger
from governance.locks import job_lease
from governance.models import Delivery, JobHeartbeat, LedgerEntry

from .conftest import AMARA, LOST, SENT, parcel, send

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

WRITERS = 8
ROUNDS = 12


def at_once(work: Callable[[int], None], *, threads: int) -> list[BaseException]:
    """Run the work in as many threads, begun together; returns what they raised."""
    start = threading.Barrier(threads)
    raised: list[BaseException] = []

    def run(number: int) -> None:
        try:
            start.wait(timeout=30)
            work(number)
        except BaseException as error:
            raised.append(error)
        finally:
            connection.close()

    running = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in running)
    return raised


def test_eight_writers_of_two_streams_in_opposite_order_never_deadlock_and_leave_no_gap() -> None:
    def write(number: int) -> None:
        keys = ["a", "b"] if number % 2 else ["b", "a"]
        for _ in range(ROUNDS):
            with ledger.change(actor=AMARA) as change:
                for key in keys:
                    change.record(SENT, stream=parcel(key))

    assert at_once(write, threads=WRITERS) == []
    for key in "ab":
        sequences = list(
            LedgerEntry.objects.filter(stream__key=key).order_by("sequence").values_list("sequence", flat=True)
        )
        assert sequences == list(range(1, WRITERS * ROUNDS + 1))
    assert verify_ledger().holds


def test_a_change_of_very_many_streams_and_small_ones_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a number of locks, one lock on the whole ledger stands for them all."""
    monkeypatch.setattr(append, "MOST_STREAM_LOCKS", 5)

    def write(number: int) -> None:
        for _ in range(4):
            with ledger.change(actor=AMARA) as change:
                keys = range(12) if number % 2 else range(number, number + 2)
                change.record_many(ledger.Record(event=SENT, stream=parcel(str(key))) for key in keys)

    assert at_once(write, threads=6) == []
    assert verify_ledger().holds


def test_writers_of_different_streams_do_not_lock_each_other_out() -> None:
    assert at_once(lambda number: send(f"p{number}", times=5), threads=WRITERS) == []
    assert LedgerEntry.objects.count() == WRITERS * 5
    assert verify_ledger().holds


def test_four_sweeps_at_once_tell_each_subscriber_once() -> None:
    told: Counter[tuple[str, int]] = Counter()
    guard = threading.Lock()

    def note(name: str) -> Callable[[LedgerEntryView], None]:
        def handler(entry: LedgerEntryView) -> None:
            with guard:
                told[name, entry.id] += 1
            if name == "inside":
                with ledger.change(actor=ledger.SYSTEM) as change:
                    change.record(LOST, stream=parcel("shared"))

        return handler

    ledger.subscribe(SENT, name="tests.inside", handler=note("inside"))
    ledger.subscribe(SENT, name="tests.outside", handler=note("outside"), in_transaction=False)
    with ledger.change(actor=AMARA) as change:
        change.record_many(ledger.Record(event=SENT, stream=parcel(str(number))) for number in range(40))
    done: list[int] = []
    assert at_once(lambda _: done.append(ledger.deliver_due().done), threads=4) == []
    assert sum(done) == 80
    assert len(told) == 80
    assert set(told.values()) == {1}
    assert LedgerEntry.objects.filter(event=LOST).count() == 40
    assert set(Delivery.objects.values_list("state", flat=True)) == {"done"}
    assert verify_ledger().holds


@pytest.mark.postgresql
def test_a_claim_passes_by_what_another_sweep_is_claiming() -> None:
    ledger.subscribe(SENT, name="tests.postman", handler=lambda _: None)
    send(times=2)
    claimed: list[int] = []

    def claim(_: int) -> None:
        claimed.extend(row.pk for row in deliveries._claim(None, ledger.Swept(), most=10))

    with transaction.atomic():
        held = Delivery.objects.select_for_update().earliest("id")
        assert at_once(claim, threads=1) == []
    assert held.pk not in claimed
    assert len(claimed) == 1


def test_of_eight_that_want_a_job_at_once_one_gets_it() -> None:
    holding, may_end = threading.Barrier(WRITERS), []

    def run(_: int) -> None:
        with job_lease("tests.job", seconds=60) as lease:
            may_end.append(lease is not None)
            holding.wait(timeout=30)

    assert at_once(run, threads=WRITERS) == []
    assert sorted(may_end) == [False] * (WRITERS - 1) + [True]
    assert JobHeartbeat.objects.get().turn == 1
