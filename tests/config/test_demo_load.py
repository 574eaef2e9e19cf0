"""The demo as it is loaded: acted out through the actions, whole, dated, and playable by everybody."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler
from django.test import TestCase
from django.utils import timezone

from accounts.models import User
from config.demo.cards import cards, reference_of, tasks_of
from config.demo.clock import Clock
from config.demo.load import FOUNDED, Loader
from config.demo.organisation import organisation
from config.demo.standards import standards
from config.demo.standing import Standing, last_epoch, standing, wipe
from governance import ledger
from governance.errors import Denied
from governance.ledger.verify import verify_ledger
from governance.models import (
    Decision,
    Delivery,
    LedgerEntry,
    PermissionState,
    Remit,
    Request,
    RequestWaiting,
    Transition,
)
from governance.permissions import policy
from governance.permissions.store import find_drift
from governance.rights import Right
from knowledge.models import Document, Revision


@contextmanager
def _as_it_was() -> Iterator[None]:
    """What loading sets for its process is set back."""
    from governance.ledger import dispatch

    before = dispatch._dispatcher
    try:
        yield
    finally:
        ledger.set_dispatcher(before)


class TheDemo(TestCase):
    """Loaded once for all."""

    said: list[str]

    @classmethod
    def setUpTestData(cls) -> None:
        cls.said = []
        with _as_it_was():
            Loader(say=cls.said.append, after_epoch=7).load()

    def test_ledger_and_permissions_hold_after_it(self) -> None:
        assert verify_ledger().problem_count == 0
        assert not find_drift()
        assert last_epoch() > 7
        assert self.said[-1].startswith("307 of 307")

    def test_every_document_says_today_what_its_file_says(self) -> None:
        found = {document.number: document for document in Document.objects.select_related("draft", "in_force")}
        assert len(found) == len(standards())
        for standard in standards():
            document = found[reference_of(standard)]
            assert document.is_retired == (standard.retired is not None)
            assert (document.successor is not None) == (standard.successor is not None)
            newest = standard.versions[-1]
            standing_text = document.draft if newest.pending else document.in_force
            if not document.is_retired:
                assert standing_text is not None
                assert standing_text.body.strip() == newest.body.strip()
                assert document.version_number == (len(standard.published) or None)

    def test_every_earlier_version_keeps_its_text_author_day_and_approvers(self) -> None:
        clock = Clock(timezone.now())
        standard = next(each for each in standards() if each.key == "interfaces")
        document = Document.objects.get(number="STD-0005")
        publications = document.publications.select_related("revision__created_by").order_by("version_number")
        assert publications.count() == 6
        for version, publication in zip(standard.versions, publications, strict=True):
            assert version.in_force is not None
            assert publication.revision.body.strip() == version.body.strip()
            assert publication.effective_from == clock.day(version.in_force)
            author = publication.revision.created_by
            assert author is not None
            assert author.name == {"lena": "Lena Marsh", "mei": "Mei Tanaka"}[version.author]
            decisions = Decision.objects.filter(request=publication.request)
            assert [each.printed_name for each in decisions] == ["Adaeze Okoye"]

    def test_two_reviews_are_overdue_and_one_is_due(self) -> None:
        today = timezone.now().date()
        late = Document.objects.filter(retired_at=None, next_review_on__lt=today).order_by("number")
        assert [document.number for document in late] == ["GDL-0022", "STD-0009"]
        assert Document.objects.get(number="STD-0014").next_review_on == today + timedelta(days=12)

    def test_something_waits_for_everybody_who_decides(self) -> None:
        waiting = Counter(RequestWaiting.objects.values_list("user__email", flat=True))
        for name in ("marta.diaz", "adaeze.okoye", "kofi.osei", "sofia.brandt", "piet.lindqvist", "yusuf.amari"):
            assert waiting[f"{name}@{organisation().domain}"] >= 1, name
        assert not Request.objects.filter(status=Request.Status.UNDECIDABLE).exists()
        assert Transition.objects.get(state=Transition.State.WAITING).title == "Labs under the centre of excellence"

    def test_labs_sees_its_own_and_the_groups_documents_and_no_other(self) -> None:
        noor = User.objects.get(email="noor.haddad@brackwater.example")
        seen = policy.visible(noor, Document.objects.all())
        assert set(seen.values_list("remit__unit__code", flat=True)) == {"LAB", "GRP"}
        encryption = Document.objects.get(number="STD-0014")
        assert not policy.can(noor, Right.READ, encryption)
        assert policy.can(User.objects.get(email="hanna.virtanen@brackwater.example"), Right.READ, encryption)

    def test_an_administrator_sees_no_document_and_the_auditor_sees_all(self) -> None:
        ines = User.objects.get(email="ines.halloran@brackwater.example")
        tomas = User.objects.get(email="tomas.verhoeven@brackwater.example")
        assert not policy.visible(ines, Document.objects.all()).exists()
        assert policy.visible(tomas, Document.objects.all()).count() == len(
            [standard for standard in standards() if standard.published]
        )

    def test_an_author_may_not_approve_her_own_version(self) -> None:
        from governance.actions.requests import decide

        lena = User.objects.get(email="lena.marsh@brackwater.example")
        request = Request.objects.get(kind="publication", status="open", subject_title__startswith="STD-0014")
        with pytest.raises(Denied):
            decide(actor=lena, request=request, verdict="approve", seen_hash=request.subject_hash)

    def test_what_happened_is_dated_by_the_story_and_recorded_when_it_was(self) -> None:
        first = LedgerEntry.objects.filter(event="unit.created").earliest("id")
        clock = Clock(timezone.now())
        assert first.occurred_at is not None
        assert first.occurred_at.date() == clock.day(FOUNDED)
        assert first.recorded_at.date() >= clock.day(-1)
        assert not Revision.objects.filter(created_at__gt=timezone.now()).exists()

    def test_nobody_is_told_old_news_and_search_knows_every_document(self) -> None:
        pending = Delivery.objects.filter(state=Delivery.State.PENDING)
        assert not pending.filter(entry__occurred_at__lt=timezone.now() - timedelta(days=16)).exists()
        assert not pending.filter(handler__startswith="knowledge.index").exists()

    def test_nobody_has_a_password_and_everybody_is_marked_as_demo(self) -> None:
        assert User.objects.count() == 420
        assert not any(user.has_usable_password() for user in User.objects.order_by("pk")[:20])
        assert not User.objects.filter(is_demo=False).exists()

    def test_every_card_has_its_person_and_three_things_that_are_there(self) -> None:
        found = cards()
        assert [card.user.name for card in found[:2]] == ["Lena Marsh", "Marta Diaz"]
        assert sum(card.featured for card in found) == 8
        assert found[0].headline == "Continue as Lena Marsh, author: finish STD-0031 Cloud backup"
        for card in found:
            assert len(card.tasks) == 3
            assert tasks_of(card.user) == card.tasks
            assert not any("None" in task.url or "{" in task.url + task.text for task in card.tasks)
        reader = User.objects.exclude(pk__in=[card.user.pk for card in found])[0]
        assert tasks_of(reader) == ()

    def test_loaded_once_it_is_left_alone(self) -> None:
        assert standing() is Standing.COMPLETE
        said = StringIO()
        call_command("demo", stdout=said)
        assert "here already" in said.getvalue()
        assert PermissionState.objects.get(pk=1).epoch == last_epoch()

    def test_with_people_of_its_own_a_database_is_never_replaced(self) -> None:
        User.objects.create_user("real.person@example.org", name="A Person")
        for options in ({"reset": True}, {}):
            with pytest.raises(CommandError, match="not of the demo"):
                call_command("demo", stdout=StringIO(), **options)
        call_command("demo", if_empty=True, stdout=StringIO())
        assert User.objects.count() == 421
        assert Remit.objects.count() == 6 * len(organisation().units)


@pytest.mark.django_db
def test_an_empty_database_and_a_broken_off_load_are_told_apart() -> None:
    assert standing() is Standing.EMPTY
    User.objects.create_user("lena.marsh@brackwater.example", name="Lena Marsh", is_demo=True)
    assert standing() is Standing.PARTIAL


def test_the_clock_tells_the_storys_time_and_then_the_real_one() -> None:
    clock = Clock(datetime(2030, 5, 4, 12, 0, tzinfo=UTC))
    before = timezone.now
    with clock.at(clock.moment(-3, 15)):
        assert timezone.now() == datetime(2030, 5, 1, 8, 15, tzinfo=UTC)
    assert timezone.now is before
    assert clock.moment(0, 600) == clock.real


@pytest.mark.django_db
def test_wiping_leaves_no_table_not_even_of_a_search_index(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "old.db")}}
    connection: BaseDatabaseWrapper = ConnectionHandler(settings)["default"]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE parent (id integer primary key)")
        cursor.execute("CREATE TABLE child (id integer primary key, parent integer REFERENCES parent(id))")
        cursor.execute("CREATE TRIGGER never BEFORE DELETE ON parent BEGIN SELECT RAISE(ABORT, 'never'); END")
        cursor.execute("CREATE VIRTUAL TABLE found USING fts5(text)")
        cursor.execute("INSERT INTO parent VALUES (1)")
        cursor.execute("INSERT INTO child VALUES (1, 1)")
    wipe(connection)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM sqlite_master")
        assert cursor.fetchone() == (0,)
    connection.close()
