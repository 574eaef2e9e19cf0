"""The ledger as people read it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance import ledger
from governance.ledger.events import declare
from governance.selectors.ledger import EntryFilters, entries, entries_of_stream

pytestmark = pytest.mark.django_db

SENT = declare("parcel.sent", "Parcel sent", sentence="{actor} sent {subject}").name
LOST = declare("parcel.lost", "Parcel lost", sentence="{actor} lost {subject}").name
ONE, TWO = ledger.stream("parcel", "one"), ledger.stream("parcel", "two")


@pytest.fixture
def amara() -> ledger.HasPublicId:
    user: ledger.HasPublicId = get_user_model().objects.create_user("amara@example.org", name="Amara Okoye")
    return user


@pytest.fixture
def boris() -> ledger.HasPublicId:
    user: ledger.HasPublicId = get_user_model().objects.create_user("boris@example.org", name="Boris Lind")
    return user


def test_each_entry_has_a_sentence_with_names(amara: ledger.HasPublicId, boris: ledger.HasPublicId) -> None:
    with ledger.change(actor=amara) as change:
        change.record(SENT, stream=ONE, subject_title="the {blue} parcel")
    with ledger.change(actor=amara, on_behalf_of=boris) as change:
        change.record(LOST, stream=ONE, subject_title="it")
    with ledger.change(actor=ledger.SYSTEM) as change:
        change.record(SENT, stream=ONE)
    assert [line.sentence for line in entries_of_stream(ONE)] == [
        "Amara Okoye sent the {blue} parcel",
        "Amara Okoye, for Boris Lind, lost it",
        "Remit sent one",
    ]


def test_what_was_erased_and_who_is_unknown_are_said_plainly(amara: ledger.HasPublicId) -> None:
    class Gone:
        public_id = uuid4()

    with ledger.change(actor=Gone()) as change:
        change.record(SENT, stream=ONE, subject_title="a secret", reason="secret too")
    with ledger.change(actor=amara) as change:
        change.erase_payloads(ONE, [1], reason="Asked for.")
    (line,) = entries_of_stream(ONE)
    assert line.sentence == "Somebody sent (erased)"
    assert (line.entry.erased, line.entry.reason, line.entry.after) == (True, "", None)


def test_filters_narrow_and_pages_go_on(amara: ledger.HasPublicId, boris: ledger.HasPublicId) -> None:
    for actor, event, stream in ((amara, SENT, ONE), (boris, SENT, TWO), (amara, LOST, TWO)):
        with ledger.change(actor=actor) as change:
            change.record(event, stream=stream)

    def found(**filters: object) -> list[tuple[str, str]]:
        return [(line.entry.event, line.entry.stream) for line in entries(EntryFilters(**filters))]  # type: ignore[arg-type]

    newest_first = [(LOST, "parcel:two"), (SENT, "parcel:two"), (SENT, "parcel:one")]
    assert found() == found(event="parcel.") == newest_first
    assert found(event=SENT, actor=str(amara.public_id)) == [(SENT, "parcel:one")]
    assert found(stream="parcel:two") == found(subject="parcel:two") == newest_first[:2]
    now = ledger.database_now()
    assert found(since=now + timedelta(minutes=1)) == found(until=now - timedelta(minutes=1)) == []
    with pytest.raises(ledger.UnknownEvent):
        found(event="parcel.eaten")
    first = entries(limit=2)
    rest = entries(limit=2, before_id=first[-1].entry.id)
    assert [(line.entry.event, line.entry.stream) for line in first + rest] == newest_first


def test_reading_costs_the_same_for_one_entry_and_many(amara: ledger.HasPublicId) -> None:
    with ledger.change(actor=amara) as change:
        change.record(SENT, stream=ONE)
    with CaptureQueriesContext(connection) as few:
        entries()
    with ledger.change(actor=amara) as change:
        change.record_many(ledger.Record(event=SENT, stream=ONE) for _ in range(20))
    with CaptureQueriesContext(connection) as many:
        assert len(entries()) == 21
    assert len(many) == len(few) == 2
