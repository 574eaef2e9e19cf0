"""The main job through the API alone, by programs that are written with the client generated from our description."""

import fcntl
import io
import typing
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.utils import timezone

from accounts.models import User
from config.api.description import description
from governance import ledger
from governance.api.schema import operations_in
from governance.permissions import policy
from governance.selectors import organisation
from knowledge import tasks
from knowledge.models import ImportBatch
from tests.api.clients import secret_of
from tests.api.generated import Generated, NotGenerated, Program, generate, loaded
from tests.journeys import repository
from tests.knowledge.cast import Cast, in_days, make_cast

Comes = Callable[..., Program]
ADDED = "- Times MUST carry the offset from UTC, also when it is zero.\n"
REASON = "Assistants write logs now too, and forget in which zone they live."
READER, AUTHOR, DECIDER = ("read", "write"), ("read", "write"), ("read", "write", "decide")


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    """The client, generated once for the whole run, however many processes the suite uses."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base
    folder, done = shared / "generated", shared / "generated.done"
    with (shared / "generated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            generate(description(), folder)
            done.touch()
    return loaded(description(), folder)


@pytest.fixture
def cast(transactional_db: None, settings: Any, tmp_path: Path) -> Cast:
    settings.DATA_DIR = tmp_path / "data"
    # What is kept per permission epoch outlives the database of another test, whose epochs were the same.
    cache.clear()
    policy.forget()
    organisation._worlds.clear()
    return make_cast()


@pytest.fixture
def comes(generated: Generated, live_server: Any, cast: Cast) -> Iterator[Comes]:
    """Somebody's program begins to speak: ``comes(cast.unit_lead, "read", "decide")``."""
    programs: dict[Any, Program] = {}

    def come(person: Any, *scopes: str) -> Program:
        known = (person.pk, scopes)
        if known not in programs:
            programs[known] = generated.program(live_server.url, secret_of(person, *scopes))
        return programs[known]

    yield come
    for program in programs.values():
        program.close()


def the_timetable_runs() -> None:
    """What a worker and the beat do between two requests: imports, what the calendar brings about, what is told."""
    for number in ImportBatch.objects.filter(state=ImportBatch.State.RUNNING).values_list("pk", flat=True):
        tasks.run_import(number)
    tasks.put_versions_in_force()
    tasks.remind_of_reviews()
    # Past the half minute in which a decision can be taken back.
    ledger.deliver_due(now=timezone.now() + timedelta(minutes=2))


def etag_of(answer: Any) -> str:
    return str(answer.headers["ETag"])


# --- What the generator makes of the description


def test_every_operation_comes_out_as_a_function_with_typed_answers_and_problems(generated: Generated) -> None:
    operations = operations_in(description())
    folder = Path(generated.operation("schema_show").__file__ or "").parents[1]
    assert len({path for path in folder.glob("*/*.py") if path.name != "__init__.py"}) == len(operations)
    problem = generated.models.Problem
    for _, _, operation in operations:
        name = operation["operationId"]
        (answer,) = typing.get_args(typing.get_type_hints(generated.operation(name).sync_detailed)["return"])
        shapes = set(typing.get_args(answer))
        assert problem in shapes, name
        schemas = [one["schema"] for status in ("200", "201") for one in contents(operation, status)]
        assert len(shapes - {problem, typing.Any}) == len(schemas), (name, shapes)


def contents(operation: dict[str, Any], status: str) -> list[dict[str, Any]]:
    return list(operation["responses"].get(status, {}).get("content", {}).values())


def test_a_description_of_which_a_part_cannot_be_generated_is_refused(tmp_path: Path) -> None:
    described = {
        "openapi": "3.1.0",
        "info": {"title": "Remit", "version": "1"},
        "paths": {
            "/things/": {
                "get": {
                    "operationId": "thing_list",
                    "tags": ["things"],
                    "responses": {
                        "200": {
                            "description": "",
                            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/None"}}},
                        }
                    },
                }
            }
        },
    }
    with pytest.raises(NotGenerated):
        generate(described, tmp_path / "broken")


# --- The main job


def test_the_main_job_is_done_by_programs_alone(comes: Comes, cast: Cast, generated: Generated, tmp_path: Path) -> None:
    sponsor = a_sponsor_is_appointed(comes(cast.admin, "read", "administer"), comes)
    standard, review = a_history_is_imported_and_approved_as_a_whole(comes, cast, tmp_path)
    request = a_revision_is_written_by_two_and_submitted_once(comes, cast, standard)
    it_is_decided_by_who_did_not_write_it(comes, cast, standard, request)
    a_unit_finds_it_asks_and_is_answered(comes, cast, standard)
    what_may_not_be_seen_is_not_there(comes, cast)
    an_owner_confirms_what_is_overdue(comes, cast, review)
    the_auditor_follows_it_all(comes, cast, standard)
    a_model_is_changed_by_two_and_rights_follow_at_once(comes, cast, sponsor, standard)
    assert comes(cast.unit_reader, "read").gets("Schema", "schema_show").to_dict() == description()


def a_sponsor_is_appointed(administrator: Program, comes: Comes) -> Any:
    person = User.objects.create_user("sara@example.org", name="Sara Sponsor")
    models = administrator.generated.models
    wish = models.NewRoleRequest(
        person="sara@example.org", role=models.OrganisationRole.SPONSOR, reason="Of the board."
    )
    granted = administrator.gets("RoleGranted", "organisation_role_grant", body=wish)
    assert (granted.role.role, granted.role.person.name) == (models.OrganisationRole.SPONSOR, "Sara Sponsor")
    assert granted.confirmation is None
    me = comes(person, "read").gets("Me", "me_show")
    assert (me.id, me.roles) == (person.public_id, ["sponsor"])
    return person


def a_history_is_imported_and_approved_as_a_whole(comes: Comes, cast: Cast, folder: Path) -> tuple[str, str]:
    """Returns the numbers of the two documents that came in."""
    lead, other = comes(cast.centre_lead, *DECIDER), comes(cast.other_centre_lead, *DECIDER)
    models = lead.generated.models
    bundle = repository.bundle(folder / "source")

    def upload() -> dict[str, Any]:
        file = lead.generated.types.File(io.BytesIO(bundle.read_bytes()), bundle.name, "application/octet-stream")
        wish = models.ImportUploadRequest(unit="COE", capability=models.Capability.KNOWLEDGE, file=file)
        return {"body": wish}

    denied = comes(cast.centre_author, *DECIDER).is_refused(403, "denied", "import_upload", **upload())
    assert denied.reasons is not None
    key = str(uuid4())
    begun = lead.gets("Import", "import_upload", **upload(), idempotency_key=key)
    again = lead.asks("import_upload", **upload(), idempotency_key=key)
    assert (again.parsed, again.headers.get("Idempotency-Replayed")) == (begun, "true")
    assert [each.number for each in lead.rows("Import", "import_list")] == [begun.number]
    assert begun.state is models.ImportState.RUNNING
    the_timetable_runs()

    brought = lead.gets("ImportDetail", "import_show", begun.number)
    assert brought.state is models.ImportState.WAITING, brought
    titles = {each.title: each for each in brought.documents}
    assert titles[repository.LOGS_TITLE].revisions == 4
    asked = lead.gets("RequestDetail", "request_show", brought.request)
    assert asked.kind is models.RequestKind.IMPORT
    own = models.DecideRequest(verdict=models.Verdict.APPROVE, seen_hash=asked.subject_hash)
    refused = lead.is_refused(403, "denied", "request_decide", asked.number, body=own)
    assert "You imported this batch" in refused.detail

    (waiting,) = other.rows("Request", "request_list", list_=models.RequestListList.WAITING)
    assert waiting.number == asked.number
    decided = other.gets("Request", "request_decide", asked.number, body=own)
    assert decided.status is models.RequestStatus.APPROVED
    the_timetable_runs()
    assert lead.gets("ImportDetail", "import_show", begun.number).state is models.ImportState.IN_FORCE
    return titles[repository.LOGS_TITLE].number, titles["Names of services"].number


def a_revision_is_written_by_two_and_submitted_once(comes: Comes, cast: Cast, number: str) -> str:
    """Returns the number of the request."""
    author, lead = comes(cast.centre_author, *AUTHOR), comes(cast.centre_lead, *DECIDER)
    models = author.generated.models
    begun = author.asks("draft_start", number, body=models.StartRequest(reason=REASON))
    first, old = begun.parsed, etag_of(begun)
    assert type(first) is models.Draft
    assert first.saved_by.name == cast.centre_author.name
    saved = lead.asks("draft_save", number, body=models.EditRequest(body=first.body + ADDED), if_match=old)
    assert saved.parsed.body == first.body + ADDED

    mine = models.EditRequest(title="Messages in logs", body="Nothing of it.")
    stale = author.is_refused(412, "stale", "draft_save", number, body=mine, if_match=old)
    assert models.Draft.from_dict(stale.theirs) == saved.parsed
    assert stale.yours == {"title": "Messages in logs", "body": "Nothing of it."}
    kept = author.asks("draft_show", number)
    assert (kept.parsed, etag_of(kept)) == (saved.parsed, etag_of(saved))
    assert author.asks("draft_show", number, if_none_match=etag_of(kept)).status_code == 304
    merged = author.asks(
        "draft_save", number, body=models.EditRequest(title="Messages in logs"), if_match=etag_of(kept)
    )
    assert (merged.parsed.title, merged.parsed.body) == ("Messages in logs", first.body + ADDED)

    sent = {"body": models.StartRequest(reason=REASON), "if_match": etag_of(merged), "idempotency_key": str(uuid4())}
    request = author.gets("Request", "draft_submit", number, **sent)
    again = author.asks("draft_submit", number, **sent)
    assert (again.parsed, again.headers.get("Idempotency-Replayed")) == (request, "true")
    publications = author.asks("request_list", kind=models.RequestKind.PUBLICATION, count=1).parsed
    assert (publications.count, publications.results[0].number) == (1, request.number)
    sent["body"] = models.StartRequest(reason="Another request under the same key.")
    author.is_refused(422, "key-used", "draft_submit", number, **sent)
    assert (request.status, request.submitted_by.name) == (models.RequestStatus.OPEN, cast.centre_author.name)
    return str(request.number)


def it_is_decided_by_who_did_not_write_it(comes: Comes, cast: Cast, number: str, request: str) -> None:
    wrote, decider = comes(cast.centre_lead, *DECIDER), comes(cast.other_centre_lead, *DECIDER)
    models = decider.generated.models
    (waiting,) = decider.rows("Request", "request_list", list_=models.RequestListList.WAITING)
    assert waiting.number == request
    asked = decider.gets("RequestDetail", "request_show", request)
    assert asked.waits_for_me
    assert asked.reason == REASON
    assert {option.action for option in asked.options if option.allowed} >= {"approve", "reject"}
    assert asked.stages[0].waits_for == [cast.other_centre_lead.name]

    approval = models.DecideRequest(verdict=models.Verdict.APPROVE, seen_hash=asked.subject_hash)
    refused = wrote.is_refused(403, "denied", "request_decide", request, body=approval)
    assert "You wrote, edited or submitted this" in refused.detail
    refused = comes(cast.centre_author, *DECIDER).is_refused(403, "denied", "request_decide", request, body=approval)
    assert "You wrote, edited or submitted this" in refused.detail
    assert not wrote.gets("RequestDetail", "request_show", request).waits_for_me
    lacking = comes(cast.other_centre_lead, "read", "write")
    assert lacking.is_refused(403, "scope", "request_decide", request, body=approval).scope is models.ScopeKey.DECIDE

    changed = decider.gets("Comparison", "revision_compare", number, "current..draft")
    assert (changed.clauses_changed.added, changed.clauses_changed.removed, changed.is_same) == (1, 0, False)
    assert [(each.field, each.new) for each in changed.metadata if each.field == "title"] == [
        ("title", "Messages in logs")
    ]
    added = [segment.text for block in changed.blocks for segment in block.segments if segment.kind == "added"]
    assert any("offset from UTC" in text for text in added), added
    other = models.DecideRequest(verdict=models.Verdict.APPROVE, seen_hash="0" * 64)
    decider.is_refused(409, "changed-meanwhile", "request_decide", request, body=other)
    before = decider.gets("DocumentDetail", "document_show", number)
    decided = decider.gets("Request", "request_decide", request, body=approval)
    assert decided.status is models.RequestStatus.APPROVED
    shown = decider.gets("DocumentDetail", "document_show", number)
    assert (shown.status, shown.version) == (models.DocumentStatus.IN_FORCE, before.version + 1)
    assert (shown.in_force.id, shown.draft) == (before.draft.id, None)
    assert (before.approval_recorded, shown.approval_recorded) == (True, True)
    wrote.is_refused(409, "not-possible", "request_withdraw", request, body=models.CommentRequest())


def a_unit_finds_it_asks_and_is_answered(comes: Comes, cast: Cast, number: str) -> None:
    reader, lead = comes(cast.unit_reader, *READER), comes(cast.centre_lead, *DECIDER)
    models = reader.generated.models
    the_timetable_runs()
    found = reader.gets("SearchResult", "search", q="offset from UTC")
    assert [(hit.document.number, hit.document.title) for hit in found.results] == [(number, "Messages in logs")]
    assert type(found.results[0].document) is models.Document
    text = reader.gets("RevisionDetail", "revision_show", number, "current")
    assert ADDED.removeprefix("- ").strip() in text.body
    assert '<section class="clause"' in text.html
    clause = next(each for each in reader.rows("Clause", "clause_list", number, "current") if "offset" in each.text)
    assert clause.level == "must"

    empty = models.AskChangeRequest(document=number, unit="FIN", reason=" ", proposal="")
    assert set(reader.is_refused(422, "invalid", "change_request_open", body=empty).fields.to_dict()) >= {"proposal"}
    about: dict[str, Any] = {"document": number, "unit": "FIN", "clause": clause.id}
    change = reader.gets(
        "Request",
        "change_request_open",
        body=models.AskChangeRequest(**about, reason="Our clocks have none.", proposal="Say it once a file."),
    )
    exception = reader.gets(
        "Request",
        "exception_request_open",
        body=models.AskExceptionRequest(
            **about,
            reason="The ledger is replaced in the spring.",
            until=in_days(90),
            compensating_control="A person adds the zone by hand.",
            risk=models.RiskLevel.LOW,
        ),
    )
    for asked in (change, exception):
        stands = reader.gets("RequestDetail", "request_show", asked.number)
        now = [stage for stage in stands.stages if stage.progress == "now"]
        assert (len(now), stands.asking_unit, stands.submitted_by.name) == (1, "FIN", cast.unit_reader.name)
        assert now[0].waits_for, asked.number
    assert stands.exception.until == in_days(90)
    assert (stands.exception.clause, stands.exception.risk) == (clause.id, models.RiskLevel.LOW)

    mine = {each.number for each in lead.rows("Request", "request_list", list_=models.RequestListList.WAITING)}
    assert mine == {change.number, exception.number}
    granted = models.DecideRequest(
        models.Verdict.APPROVE, comment="Until the spring.", seen_hash=exception.subject_hash
    )
    lead.gets("Request", "request_decide", exception.number, body=granted)
    refused = models.DecideRequest(
        models.Verdict.REJECT, comment="Each line travels alone.", seen_hash=change.subject_hash
    )
    lead.gets("Request", "request_decide", change.number, body=refused)
    answered = reader.gets("RequestDetail", "request_show", exception.number)
    assert answered.status is models.RequestStatus.APPROVED
    assert [(each.person.name, each.comment) for each in answered.decisions] == [
        (cast.centre_lead.name, "Until the spring.")
    ]
    assert reader.gets("RequestDetail", "request_show", change.number).status is models.RequestStatus.REJECTED
    (standing,) = reader.gets("DocumentDetail", "document_show", number).exceptions
    assert (standing.unit, standing.clause, standing.until) == ("FIN", clause.id, in_days(90))


def what_may_not_be_seen_is_not_there(comes: Comes, cast: Cast) -> None:
    author, lead = comes(cast.centre_author, *AUTHOR), comes(cast.centre_lead, *DECIDER)
    models = author.generated.models
    made = author.asks(
        "document_create",
        body=models.NewDocumentRequest(
            unit="COE",
            capability=models.Capability.KNOWLEDGE,
            kind=models.DocumentKind.PROCEDURE,
            title="Cinnabar drills",
            body="The cinnabar drill MUST be kept secret.\n",
            reason="Nobody else is to know.",
            classification=models.Classification.RESTRICTED,
            tags=["cinnabar"],
        ),
    ).parsed
    draft = author.asks("draft_show", made.number)
    request = author.gets("Request", "draft_submit", made.number, body=models.StartRequest(), if_match=etag_of(draft))
    approval = models.DecideRequest(verdict=models.Verdict.APPROVE, seen_hash=request.subject_hash)
    lead.gets("Request", "request_decide", request.number, body=approval)
    the_timetable_runs()

    assert traces_of(lead, made.number) == [1, 1, 1, 1, 1]
    for person in (cast.unit_reader, cast.other_reader, cast.guest, cast.outsider):
        stranger = comes(person, *DECIDER)
        assert traces_of(stranger, made.number) == [0, 0, 0, 0, 0], person.name
        for name, more in (
            ("document_show", {}),
            ("revision_list", {}),
            ("document_event_list", {}),
            ("draft_show", {}),
            ("draft_start", {"body": models.StartRequest()}),
        ):
            hidden = stranger.is_refused(404, "not-found", name, made.number, **more)
            absent = stranger.is_refused(404, "not-found", name, "PRC-9999", **more)
            assert hidden == absent, (person.name, name)
        hidden, absent = (stranger.asks("request_show", number) for number in (request.number, "R-99999"))
        assert (hidden.content, hidden.status_code) == (absent.content, 404)


def traces_of(person: Program, number: str) -> list[int]:
    """In how many rows of lists, searches, counts, suggestions and the inbox a person meets the document."""
    hits = person.gets("SearchResult", "search", q="cinnabar")
    listed = person.rows("Document", "document_list", limit=1)
    counted = person.asks("document_list", q="cinnabar", count=1).parsed.count
    facets = person.gets("Facets", "document_count")
    suggested = person.rows("Suggestion", "suggestion_list", q="cinn")
    assert facets.total == len(listed)
    assert hits.total == len(hits.results) == len([hit for hit in hits.results if hit.document.number == number])
    tagged = [choice.count for choice in facets.tag if choice.value == "cinnabar"]
    return [
        hits.total,
        len([each for each in listed if each.number == number]),
        counted,
        sum(tagged),
        len(suggested),
    ]


def an_owner_confirms_what_is_overdue(comes: Comes, cast: Cast, number: str) -> None:
    owner = comes(cast.centre_lead, *READER)
    models = owner.generated.models
    the_timetable_runs()
    the_timetable_runs()
    (told,) = reminders(owner, number)
    assert (told.unread, told.waits, told.hidden) == (True, True, False)
    assert reminders(comes(cast.unit_reader, "read"), number) == []
    mine = owner.rows("DueReview", "review_list", list_=models.ReviewListList.MINE)
    (due,) = [each for each in mine if each.number == number]
    assert due.days < 0
    wrong = models.ConfirmReviewRequest(seen=uuid4())
    owner.is_refused(409, "changed-meanwhile", "review_confirm", number, body=wrong)
    word = models.ConfirmReviewRequest(seen=due.in_force, comment="Names have not changed.")
    confirmed = owner.gets("ReviewConfirmation", "review_confirm", number, body=word)
    assert (confirmed.revision, confirmed.was_due_on) == (due.in_force, due.next_review_on)
    assert confirmed.next_review_on > in_days(0)
    the_timetable_runs()
    (told,) = reminders(owner, number)
    assert not told.waits
    left = owner.rows("DueReview", "review_list", list_=models.ReviewListList.MINE)
    assert number not in [each.number for each in left]
    said = owner.rows("ReviewConfirmation", "review_confirmation_list", number)
    assert [each.confirmed_by.name for each in said] == [cast.centre_lead.name]


def reminders(person: Program, number: str) -> list[Any]:
    return [
        each for each in person.rows("Notice", "notification_list") if "eview" in each.title and number in each.title
    ]


def the_auditor_follows_it_all(comes: Comes, cast: Cast, number: str) -> None:
    auditor = comes(cast.auditor, "read", "write", "audit")
    models = auditor.generated.models
    history = auditor.rows("Revision", "revision_list", number, limit=2)
    assert [each.is_imported for each in history if each.version is not None][-1]
    newest, first = history[0], history[-1]
    assert {each.name for each in newest.approvals} == {cast.other_centre_lead.name}
    assert first.author == "Ada Brunner"
    compared = auditor.gets("Comparison", "revision_compare", number, f"{first.name}..{newest.name}")
    assert compared.clauses_changed.added == 3
    events = auditor.rows("Event", "document_event_list", number)
    assert {"draft.started", "draft.submitted"} <= {each.event for each in events}

    entries = auditor.rows("Entry", "ledger_list", about=number, limit=10)
    assert [each.id for each in entries] == sorted((each.id for each in entries), reverse=True)
    approved = [each for each in entries if each.event == "approval.approved"][-1]
    assert approved.actor_name == cast.other_centre_lead.name
    opened = auditor.gets("OpenedEntry", "ledger_show", approved.id)
    assert opened.entry == approved
    assert opened.chain.holds
    assert opened.chain.problem_count == 0
    auditor.is_refused(403, "denied", "draft_start", number, body=models.StartRequest())
    comes(cast.auditor, "read").is_refused(403, "scope", "ledger_list")
    comes(cast.unit_lead, "audit").is_refused(403, "denied", "ledger_list")


def a_model_is_changed_by_two_and_rights_follow_at_once(comes: Comes, cast: Cast, sponsor: Any, standard: str) -> None:
    administrator = comes(cast.admin, "read", "decide", "administer")
    second, lead, reader = (
        comes(sponsor, "read", "decide"),
        comes(cast.unit_lead, *DECIDER),
        comes(cast.unit_reader, "read"),
    )
    models = administrator.generated.models
    unit_remit = {"unit": "FIN", "capability": models.Capability.KNOWLEDGE}
    publish = models.RightKey.PUBLISH

    def may_publish() -> bool:
        return {each.right: each.allowed for each in lead.rows("Right", "right_list", **unit_remit)}[publish]

    wish = models.NewPlanRequest(
        title="Finance on its own",
        reason="Finance runs its own systems until the merger is done.",
        changes=[models.NewChangeRequest(unit="FIN", model="independent")],
    )
    lead.is_refused(403, "scope", "plan_create", body=wish)
    plan = administrator.gets("Plan", "plan_create", body=wish)
    assert plan.state is models.PlanState.DRAFT
    shown = administrator.gets("PlanDetail", "plan_show", plan.number)
    assert not [each.message for each in shown.findings if each.veto]
    changes = every_change(administrator, plan.number)
    lost = {(each.unit, each.right, person.name) for each in changes for person in each.lost}
    gained = {(each.unit, each.right, person.name) for each in changes for person in each.gained}
    assert ("FIN", publish, cast.unit_lead.name) in gained
    assert ("FIN", publish, cast.centre_lead.name) in lost
    assert ("COE", models.RightKey.READ, cast.unit_reader.name) in lost
    assert plan.totals["lost"] == sum(each.lost_count for each in changes)
    assert plan.totals["gained"] == sum(each.gained_count for each in changes)

    own = models.ConfirmPlanRequest(seen_hash=plan.plan_hash)
    assert administrator.gets("Plan", "plan_send", plan.number).state is models.PlanState.WAITING
    administrator.is_refused(403, "denied", "plan_confirm", plan.number, body=own)
    administrator.is_refused(409, "not-possible", "plan_apply", plan.number)
    (waiting,) = second.rows("Plan", "plan_list", state=models.PlanState.WAITING)
    assert every_change(second, waiting.number) == changes
    wrong = models.ConfirmPlanRequest(seen_hash="0" * 64)
    second.is_refused(409, "changed-meanwhile", "plan_confirm", plan.number, body=wrong)
    confirmed = second.gets(
        "Plan",
        "plan_confirm",
        plan.number,
        body=models.ConfirmPlanRequest(waiting.plan_hash, comment="Read with Finn."),
    )
    assert confirmed.confirmed_by.name == sponsor.name

    assert not may_publish()
    assert reader.gets("DocumentDetail", "document_show", standard).number == standard
    reader.is_refused(404, "not-found", "plan_show", plan.number)
    applied = administrator.gets("Plan", "plan_apply", plan.number)
    assert (applied.state, applied.applied_by.name) == (models.PlanState.APPLIED, cast.admin.name)
    assert may_publish()
    assert (
        reader.is_refused(404, "not-found", "document_show", standard).to_dict()
        == reader.is_refused(404, "not-found", "document_show", "STD-99999").to_dict()
    )
    remits = {each.capability: each for each in reader.rows("Remit", "unit_remits", "FIN")}
    assert {each.model for each in remits.values()} == {"independent"}
    assert remits[models.Capability.KNOWLEDGE].mode is models.Mode.UNIT
    assignments = reader.rows("Assignment", "assignment_list", unit="FIN")
    assert [(each.model, each.plan, each.centre) for each in assignments] == [("independent", plan.number, None)]
    own_changes = every_change(reader, plan.number)
    assert {person.name for each in own_changes for person in (*each.lost, *each.gained)} == {cast.unit_reader.name}


def every_change(person: Program, number: str) -> list[Any]:
    found: list[Any] = []
    pages, page = 1, 1
    while page <= pages:
        told = person.gets("PlanChanges", "plan_change_list", number, page=page, limit=50)
        found, pages, page = found + told.results, told.pages, page + 1
    assert len(found) == told.total
    return found
