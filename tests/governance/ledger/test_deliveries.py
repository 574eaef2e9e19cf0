"""Who subscribed is told: once, when it is due, again when it failed, and never of what did not commit."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from governance import failpoints, ledger
from governance.ledger import deliveries
from governance.ledger.reading import LedgerEntryView
from governance.models import Delivery, JobHeartbeat, LedgerEntry

from .conftest import AMARA, LOST, SENT, parcel, send

pytestmark = pytest.mark.django_db

Postman = Callable[..., list[str]]


def states() -> list[str]:
    return list(Delivery.objects.order_by("id").values_list("state", flat=True))


def much_later() -> None:
    """As if every wait and lease had passed."""
    Delivery.objects.filter(state=Delivery.State.PENDING).update(lease_until=None, not_before=ledger.database_now())


def failing(error: Exception, *, times: int = 10**6) -> Callable[[LedgerEntryView], None]:
    left = [times]

    def handler(entry: LedgerEntryView) -> None:
        JobHeartbeat.objects.create(name=f"trace {entry.sequence} {left[0]}")
        if left[0] > 0:
            left[0] -= 1
            raise error

    return handler


@pytest.mark.parametrize("in_transaction", [True, False])
def test_a_subscriber_is_told_once_however_often_it_is_swept(postman: Postman, in_transaction: bool) -> None:
    told = postman(in_transaction=in_transaction)
    send(times=3)
    assert told == []
    assert ledger.deliver_due().done == 3
    assert ledger.deliver_due().done == 0
    assert told == ["Parcel one"] * 3
    assert states() == ["done"] * 3


def test_each_subscriber_hears_its_own_events_only(postman: Postman) -> None:
    exact = postman(SENT, name="tests.exact")
    prefix = postman("parcel.", name="tests.prefix")
    everything = postman("*", name="tests.everything")
    with ledger.change(actor=AMARA) as change:
        change.record(SENT, stream=parcel(), subject_title="sent")
        change.record(LOST, stream=parcel(), subject_title="lost")
    ledger.deliver_due()
    assert (exact, sorted(prefix), sorted(everything)) == (["sent"], ["lost", "sent"], ["lost", "sent"])


def test_a_subscriber_sees_the_whole_entry() -> None:
    seen: list[LedgerEntryView] = []
    ledger.subscribe(SENT, name="tests.reader", handler=seen.append)
    with ledger.change(actor=AMARA) as change:
        change.record(SENT, stream=parcel(), after={"to": "Lagos"}, people=[7], reason="Ready.", subject_url="/p/")
    ledger.deliver_due()
    (entry,) = seen
    assert (entry.event, entry.actor, entry.after) == (SENT, str(AMARA.public_id), {"to": "Lagos"})
    assert (entry.people, entry.reason, entry.subject_url) == ((7,), "Ready.", "/p/")
    assert (entry.subject_kind, entry.subject_key, entry.label) == ("parcel", "one", "Parcel sent")


def test_a_change_that_did_not_commit_is_told_to_nobody(postman: Postman) -> None:
    told = postman()
    with pytest.raises(ZeroDivisionError), ledger.change(actor=AMARA) as change:
        change.record(SENT, stream=parcel())
        raise ZeroDivisionError
    ledger.deliver_due()
    assert told == []
    assert states() == []


def test_a_hold_keeps_a_delivery_until_then(postman: Postman) -> None:
    told = postman()
    until = ledger.database_now() + timedelta(minutes=10)
    with ledger.change(actor=AMARA) as change:
        change.record(SENT, stream=parcel(), subject_title="held", not_before=until)
    ledger.deliver_due()
    assert told == []
    ledger.deliver_due(now=until - timedelta(seconds=1))
    assert told == []
    ledger.deliver_due(now=until)
    assert told == ["held"]


def test_what_is_undone_within_its_hold_is_told_to_nobody(postman: Postman) -> None:
    told = postman()
    until = ledger.database_now() + timedelta(minutes=10)
    with ledger.change(actor=AMARA) as change:
        change.record(SENT, stream=parcel(), subject_title="held", not_before=until)
    with ledger.change(actor=AMARA) as change:
        change.cancel_deliveries(parcel(), 1)
        change.record(LOST, stream=parcel(), reason="Undone.")
    ledger.deliver_due(now=until)
    assert told == []
    assert states() == ["cancelled"]


def test_a_held_change_is_cancelled_whole_or_not_at_all(postman: Postman) -> None:
    first, second = postman(name="tests.first"), postman(SENT, LOST, name="tests.second")
    hold, made = timedelta(seconds=30), []
    for title in ("one", "two"):
        with ledger.change(actor=AMARA) as change:
            change.hold_deliveries(hold)
            change.record(SENT, stream=parcel(), subject_title=title)
        made.append(change.id)
    assert ledger.deliver_due().done == 0
    with ledger.change(actor=AMARA) as undoing:
        assert undoing.cancel_held(made[0])
        assert not undoing.cancel_held(made[0]), "once"
        Delivery.objects.filter(pk=Delivery.objects.latest("id").pk).update(attempts=1)
        assert not undoing.cancel_held(made[1]), "one of them was begun"
        undoing.record(LOST, stream=parcel(), subject_title="undone")
    assert states() == ["cancelled", "cancelled", "pending", "pending", "pending"]
    ledger.deliver_due(now=ledger.database_now() + hold)
    assert (first, sorted(second)) == (["two"], ["two", "undone"])


def test_a_failure_undoes_the_handlers_work_and_is_tried_again_later() -> None:
    ledger.subscribe(SENT, name="tests.flaky", handler=failing(ConnectionError("down\x00"), times=2))
    send()
    assert ledger.deliver_due().failed == 1
    delivery = Delivery.objects.get()
    assert not JobHeartbeat.objects.exists()
    assert (delivery.state, delivery.attempts) == ("pending", 1)
    assert delivery.not_before > ledger.database_now()
    assert "ConnectionError: down" in delivery.last_error
    assert ledger.deliver_due().failed == 0, "not before its wait is over"
    first_wait = delivery.not_before - ledger.database_now()
    much_later()
    ledger.deliver_due()
    delivery.refresh_from_db()
    assert delivery.not_before - ledger.database_now() > first_wait, "each wait is longer"
    much_later()
    assert ledger.deliver_due().done == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_error) == ("done", "")
    assert JobHeartbeat.objects.count() == 1


def test_after_its_last_attempt_a_delivery_is_given_up_visibly_and_can_be_sent_again(postman: Postman) -> None:
    ledger.subscribe(SENT, name="tests.broken", handler=failing(ValueError("never")))
    other = postman()
    send()
    for _ in range(deliveries.MOST_ATTEMPTS):
        ledger.deliver_due()
        much_later()
    dead = Delivery.objects.get(handler="tests.broken")
    assert (dead.state, dead.attempts) == ("dead", deliveries.MOST_ATTEMPTS)
    assert "ValueError: never" in dead.last_error
    assert other == ["Parcel one"], "one broken handler holds up no other"
    assert ledger.deliver_due().dead == 0
    ledger.unsubscribe("tests.broken")
    told = postman(name="tests.broken")
    assert ledger.send_again(dead.pk)
    assert not ledger.send_again(dead.pk)
    ledger.deliver_due()
    assert told == ["Parcel one"]


def test_a_handler_that_always_kills_its_worker_is_given_up(postman: Postman) -> None:
    told = postman()
    send()
    Delivery.objects.update(attempts=deliveries.MOST_ATTEMPTS, lease_until=None)
    assert ledger.deliver_due().dead == 1
    assert told == []
    assert "died" in Delivery.objects.get().last_error


def test_a_claim_whose_lease_ran_out_is_not_marked_by_the_slow_one(postman: Postman) -> None:
    """The first sweep stalls, a second one takes over and finishes; the first then finds its claim gone."""
    told = postman()
    outside = postman(name="tests.outside", in_transaction=False)
    send()
    swept = ledger.Swept()
    stalled = deliveries._claim(None, swept, most=10)
    assert len(stalled) == 2
    assert ledger.deliver_due().done == 0, "leased"
    much_later()
    assert ledger.deliver_due().done == 2
    for delivery in stalled:
        deliveries._deliver(delivery, swept)
    assert (swept.done, swept.failed) == (0, 0)
    assert (told, outside) == (["Parcel one"], ["Parcel one"])


def test_a_stalled_failure_does_not_bury_what_another_has_finished(postman: Postman) -> None:
    told = postman()
    send()
    swept = ledger.Swept()
    (stalled,) = deliveries._claim(None, swept, most=10)
    much_later()
    ledger.deliver_due()
    deliveries._write_failure(stalled, ValueError("late"), swept)
    assert (told, states()) == (["Parcel one"], ["done"])


def test_a_handlers_own_change_commits_with_its_delivery() -> None:
    def follow(entry: LedgerEntryView) -> None:
        with ledger.change(actor=ledger.SYSTEM) as change:
            change.record(LOST, stream=parcel("two"), subject_title=f"after {entry.sequence}")

    ledger.subscribe(SENT, name="tests.follower", handler=follow)
    send()
    with failpoints.armed(deliveries.MARKED):
        assert ledger.deliver_due().failed == 1
    assert not LedgerEntry.objects.filter(event=LOST).exists(), "undone with the delivery"
    much_later()
    assert ledger.deliver_due().done == 1
    assert LedgerEntry.objects.filter(event=LOST).count() == 1


def test_a_handlers_change_inside_its_own_atomic_block_is_refused() -> None:
    def wrong(_: LedgerEntryView) -> None:
        with transaction.atomic():
            send("two")

    ledger.subscribe(SENT, name="tests.wrong", handler=wrong)
    send()
    assert ledger.deliver_due().failed == 1
    assert "TransactionOpen" in Delivery.objects.get().last_error


def test_what_a_handler_records_is_told_in_the_same_sweep(postman: Postman) -> None:
    def follow(_: LedgerEntryView) -> None:
        with ledger.change(actor=ledger.SYSTEM) as change:
            change.record(LOST, stream=parcel("two"), subject_title="lost")

    ledger.subscribe(SENT, name="tests.follower", handler=follow)
    told = postman(LOST)
    send()
    assert ledger.deliver_due().done == 2
    assert told == ["lost"]


def test_a_delivery_to_a_handler_that_no_longer_exists_is_kept_with_its_reason(postman: Postman) -> None:
    postman(name="tests.gone")
    send()
    ledger.unsubscribe("tests.gone")
    assert ledger.deliver_due().failed == 1
    assert "No package subscribes" in Delivery.objects.get().last_error


def test_two_handlers_of_one_name_are_refused(postman: Postman) -> None:
    postman()
    with pytest.raises(ValueError, match="Two handlers"):
        postman()


def test_a_sweep_may_be_limited(postman: Postman) -> None:
    told = postman()
    send(times=3)
    assert ledger.deliver_due(limit=2).done == 2
    assert len(told) == 2


def test_the_command_delivers_and_fails_when_something_is_given_up(postman: Postman) -> None:
    told = postman()
    send()
    out = StringIO()
    call_command("deliver", stdout=out)
    assert told == ["Parcel one"]
    assert "1 delivered" in out.getvalue()
    Delivery.objects.update(state="pending", attempts=deliveries.MOST_ATTEMPTS)
    with pytest.raises(CommandError, match="1 given up"):
        call_command("deliver", stdout=StringIO())
    call_command("deliver", "--retry-dead", stdout=StringIO())
    assert told == ["Parcel one"] * 2
