"""The audit explorer: an auditor's every entry, an administrator's of the organisation's shape, nobody else's any."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from governance import ledger
from governance.actions.units import rename_unit
from governance.ledger import triggers
from governance.ledger.verify import verify_stream
from governance.models import LedgerEntry, LedgerStream
from governance.selectors import audit
from tests.governance.views.test_model import text_of

SECRET = "STD-0007 Hidden from administrators"


@pytest.fixture
def recorded(cast):
    """An entry about a document and one about a request, beside those of the organisation."""
    with ledger.change(actor=cast.eve) as change:
        change.record("approval.approved", stream=ledger.stream("request", uuid4()), subject_title=f"R-7: {SECRET}")
        change.record("approval.granted", stream=ledger.stream("document", uuid4()), subject_title=SECRET)
    return cast


def test_only_auditors_and_administrators_open_it(recorded):
    for who in ("sam", "eve", "gus", "ola"):
        assert recorded.browser(who).get("/audit/").status_code == 403, who
    for who in ("ada", "tom"):
        assert recorded.browser(who).get("/audit/").status_code == 200, who


def test_an_administrator_never_reads_what_was_recorded_of_documents_and_requests(recorded):
    ada, tom = recorded.browser("ada"), recorded.browser("tom")
    assert SECRET in text_of(tom.get("/audit/"))
    hidden = LedgerEntry.objects.filter(stream__kind__in=["request", "document"])
    assert hidden.count() == 2
    queries = ["", "?kind=document", "?about=STD-0007", "?who=eve", "?event=approval.approved", "?about=R-7"]
    queries += [f"?open={entry.pk}" for entry in hidden]
    queries += [f"?about={entry.stream.name}" for entry in hidden.select_related("stream")]
    for query in queries:
        page = ada.get(f"/audit/{query}")
        assert page.status_code == 200, query
        assert SECRET not in page.content.decode(), query
        assert "Hash" not in text_of(page), query
    total = LedgerEntry.objects.count()
    assert audit.entry_count(recorded.tom) == total
    assert audit.entry_count(recorded.ada) == total - 2
    assert "Document" not in dict(audit.stream_kinds(recorded.ada)).values()


def test_entries_are_found_by_who_what_kind_words_and_days(recorded):
    tom = recorded.browser("tom")
    today = timezone.localdate()
    cases = {
        "?who=eve": (SECRET, "Unit created"),
        "?event=unit.created": ("Finance (FIN)", SECRET),
        "?kind=unit": ("Finance (FIN)", SECRET),
        "?about=hidden+from": (SECRET, "Finance (FIN)"),
        "?about=fin": ("Finance (FIN)", SECRET),
        "?about=P-1": ("The first model", SECRET),
        f"?since={today}": (SECRET, "No entry fits"),
        f"?until={today}": (SECRET, "No entry fits"),
        f"?since={today + timedelta(days=1)}": ("No entry fits", SECRET),
        f"?until={today - timedelta(days=1)}": ("No entry fits", SECRET),
        "?who=nobody+at+all": ("No entry fits", SECRET),
        "?who=remit": ("Operating model version created", SECRET),
    }
    for query, (there, absent) in cases.items():
        body = tom.get(f"/audit/{query}").content.decode().split("Filter</button>")[1]
        assert there in body, query
        assert absent not in body, query


def test_a_day_that_is_none_is_said_and_kept(recorded):
    answer = recorded.browser("tom").get("/audit/?since=yesterday&who=eve")
    assert answer.status_code == 422
    assert "Enter the first day as 2026-05-01." in text_of(answer)
    assert 'value="eve"' in answer.content.decode()
    assert recorded.browser("tom").get("/audit/?event=no.such&before=x&open=y").status_code == 200


def test_an_opened_entry_says_its_fields_its_place_and_that_its_chain_holds(recorded):
    recorded.browser("ada").post("/units/FIN/rename/", {"name": "Treasury", "reason": "New task."})
    entry = LedgerEntry.objects.get(event="unit.renamed")
    page = recorded.browser("ada").get(f"/audit/?open={entry.pk}")
    words = text_of(page)
    assert entry.hash in words
    assert entry.previous_hash in words
    assert "New task." in words
    assert "Before: Finance" in words
    assert "After: Treasury" in words
    assert f"Entry {entry.sequence} of {entry.sequence}" in words
    assert "Holds" in words
    assert f"{entry.sequence} entries of this chain computed anew" in words


def test_an_altered_entry_shows_a_broken_chain(recorded):
    entry = LedgerEntry.objects.filter(stream__kind="unit", event="membership.granted").first()
    connection.check_constraints()  # PostgreSQL alters no table while its deferred checks wait
    triggers.lift()
    LedgerEntry.objects.filter(pk=entry.pk).update(actor="system")
    connection.check_constraints()
    triggers.install()
    page = text_of(recorded.browser("tom").get(f"/audit/?open={entry.pk}"))
    assert "Broken" in page
    assert "its hash does not fit what it says" in page


def test_of_a_long_chain_only_the_entries_round_the_opened_one_are_computed_anew(recorded):
    for number in range(6):
        rename_unit(actor=recorded.ada, unit=recorded.unit("FIN"), name=f"Finance {number}")
    stream = LedgerStream.objects.get(key=recorded.unit("FIN").public_id)
    assert verify_stream(stream.name).entries == stream.last_sequence
    middle = verify_stream(stream.name, around=5, most=4)
    assert (middle.entries, middle.holds) == (4, True)
    connection.check_constraints()
    triggers.lift()
    LedgerEntry.objects.filter(stream=stream, sequence=5).update(event="unit.closed")
    connection.check_constraints()
    triggers.install()
    assert not verify_stream(stream.name, around=5, most=4).holds
    assert verify_stream(stream.name, around=stream.last_sequence, most=2).holds


def test_an_erased_entry_keeps_its_place_and_says_nothing(recorded):
    stream = LedgerStream.objects.get(kind="document")
    with ledger.change(actor=recorded.ada) as change:
        change.erase_payloads(ledger.stream("document", stream.key), [1], reason="Asked for.")
    entry = LedgerEntry.objects.get(stream=stream, sequence=1)
    page = text_of(recorded.browser("tom").get(f"/audit/?open={entry.pk}"))
    assert "Erased. The entry and its place in the chain stay." in page
    assert SECRET not in page.replace(f"R-7: {SECRET}", "")
    assert "Holds" in page


def test_a_long_ledger_is_paged_and_nothing_is_shown_twice(recorded):
    seen: list[int] = []
    before = None
    while True:
        found = audit.search(recorded.tom, audit.Search(), before=before, per_page=7)
        seen += [line.entry.id for line in found.lines]
        if found.next_before is None:
            break
        before = found.next_before
    assert seen == sorted(LedgerEntry.objects.values_list("pk", flat=True), reverse=True)
    page = recorded.browser("tom").get(f"/audit/?before={seen[3]}")
    assert "Newest" in text_of(page)
