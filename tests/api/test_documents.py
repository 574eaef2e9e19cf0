"""Documents over the API: what a list costs, what an edit keeps, and what is told of drafts."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Notification
from governance.models import LedgerEntry
from knowledge.models import Document, Revision
from knowledge.search.index import index_documents
from tests.api.clients import JSON, problem, program_of
from tests.knowledge.cast import drafted, in_days, make_cast, published

pytestmark = pytest.mark.django_db
DOCUMENTS = "/api/v1/documents/"


@pytest.fixture
def cast():
    cache.clear()
    return make_cast()


def at(document, rest=""):
    return f"{DOCUMENTS}{document.number}/{rest}"


def save(client, document, etag, **body):
    return client.patch(at(document, "draft/"), body, content_type=JSON, headers={"If-Match": etag})


def test_two_people_who_edit_one_draft_lose_nothing(cast):
    document = drafted(cast.unit_author, cast.unit_remit)
    first, second = program_of(cast.unit_author), program_of(cast.unit_lead)
    etag = first.get(at(document, "draft/"))["ETag"]
    assert second.get(at(document, "draft/"))["ETag"] == etag
    saved = save(first, document, etag, body="Keys MUST be long.")
    assert saved.status_code == 200, saved.content
    stale = save(second, document, etag, body="Keys MUST be short.")
    assert problem(stale) == (412, "stale")
    assert stale.json()["theirs"]["body"] == "Keys MUST be long."
    assert stale.json()["yours"] == {"body": "Keys MUST be short."}
    assert stale["ETag"] == saved["ETag"]
    assert Document.objects.get().draft.body == "Keys MUST be long."
    merged = save(second, document, stale["ETag"], body="Keys MUST be long, not short.")
    assert merged.status_code == 200
    assert merged.json()["title"] == saved.json()["title"], "what is left out stays"
    assert Revision.objects.count() == 3


def test_an_edit_that_cannot_be_kept_saves_nothing(cast):
    document = drafted(cast.unit_author, cast.unit_remit)
    client = program_of(cast.unit_author)
    etag = client.get(at(document, "draft/"))["ETag"]
    before = LedgerEntry.objects.count()
    refused = save(client, document, etag, title=" ", body="Half.", reason="x" * 2_001)
    assert problem(refused) == (422, "invalid")
    assert set(refused.json()["fields"]) >= {"title"}
    assert problem(save(client, document, etag, heading="x")) == (422, "invalid")
    assert LedgerEntry.objects.count() == before
    assert client.get(at(document, "draft/"))["ETag"] == etag


def test_a_file_comes_and_goes_with_the_draft_and_is_fetched_by_who_may(cast):
    document = drafted(cast.unit_author, cast.unit_remit)
    author, stranger = program_of(cast.unit_author), program_of(cast.outsider)
    etag = author.get(at(document, "draft/"))["ETag"]
    wrong = author.post(
        at(document, "draft/files/"),
        {"file": SimpleUploadedFile("plan.png", b"no picture")},
        headers={"If-Match": etag},
    )
    assert problem(wrong) == (422, "invalid")
    kept = author.post(
        at(document, "draft/files/"), {"file": SimpleUploadedFile("plan.txt", b"A plan.")}, headers={"If-Match": etag}
    )
    assert kept.status_code == 201, kept.content
    (file,) = kept.json()["files"]
    path = at(document, f"files/{kept.json()['id']}/{file['name']}/")
    fetched = author.get(path, headers={"Accept": "text/plain"})
    assert b"".join(fetched.streaming_content) == b"A plan."
    assert fetched["ETag"] == f'"{file["sha256"]}"'
    assert fetched["Content-Type"] == "application/octet-stream"
    assert fetched["Content-Disposition"].startswith("attachment")
    assert problem(stranger.get(path)) == (404, "not-found")
    gone = author.delete(at(document, f"draft/files/{file['name']}/"), headers={"If-Match": kept["ETag"]})
    assert (gone.status_code, gone.json()["files"]) == (200, [])
    assert author.get(path).status_code == 200, "the text before it keeps its file"


def test_readers_are_told_nothing_of_a_next_version(cast):
    document = published(cast, "Backups")
    author, reader = program_of(cast.centre_author), program_of(cast.unit_reader)
    before = {rest: reader.get(at(document, rest)).json() for rest in ("", "revisions/", "events/", "revisions/1/")}
    listed = reader.get(DOCUMENTS).json()["results"]
    etag = author.post(at(document, "draft/"), {}, content_type=JSON)["ETag"]
    assert save(author, document, etag, title="Copies", body="Copies MUST be kept.").status_code == 200
    assert {rest: reader.get(at(document, rest)).json() for rest in before} == before
    assert reader.get(DOCUMENTS).json()["results"] == listed
    assert problem(reader.get(at(document, "draft/"))) == (404, "not-found")
    assert author.get(at(document)).json()["draft"]["title"] == "Copies"
    assert author.get(at(document, "compare/1..draft/")).json()["is_same"] is False


def test_a_list_is_narrowed_counted_and_turned(cast):
    for title in ("Apples", "Bananas", "Cherries"):
        published(cast, title, tags=[title[0].lower()])
    drafted(cast.unit_author, cast.unit_remit, title="Dates")
    index_documents(Document.objects.all())
    author, reader = program_of(cast.unit_author), program_of(cast.unit_reader)

    def titles(client, query):
        return [row["title"] for row in client.get(f"{DOCUMENTS}?{query}").json()["results"]]

    assert titles(reader, "status=in_force&sort=title") == ["Apples", "Bananas", "Cherries"]
    assert titles(author, "status=draft") == ["Dates"]
    assert titles(author, "tag=a&tag=c&sort=title") == ["Apples", "Cherries"]
    assert titles(author, "unit=COE&q=bananas") == ["Bananas"]
    assert titles(author, "q=%E2%80%A6") == []
    first = author.get(f"{DOCUMENTS}?sort=title&limit=3&count=1").json()
    assert first["count"] == 4
    assert [row["title"] for row in author.get(first["next"]).json()["results"]] == ["Dates"]
    assert problem(author.get(f"{DOCUMENTS}?status=lost")) == (422, "invalid")
    counted = author.get(f"{DOCUMENTS}facets/?kind=standard").json()
    assert counted["total"] == 4
    assert {row["value"]: row["count"] for row in counted["unit"]} == {"COE": 3, "FIN": 1}
    found = reader.get("/api/v1/search/?q=cherries").json()
    assert [hit["document"]["title"] for hit in found["results"]] == ["Cherries"]
    assert problem(reader.get("/api/v1/search/")) == (422, "invalid")
    assert program_of(cast.other_reader).get("/api/v1/search/?q=dates").json()["total"] == 0


def test_lists_cost_the_same_for_few_rows_and_for_many(cast):
    client = program_of(cast.centre_author)
    costs = {}
    document = published(cast, "Copies kept")
    paths = (
        f"{DOCUMENTS}?count=1",
        f"{DOCUMENTS}facets/",
        "/api/v1/search/?q=copies",
        "/api/v1/search/suggestions/?q=copies",
        "/api/v1/reviews/?within=365",
        "/api/v1/notifications/",
        "/api/v1/people/",
        "/api/v1/tokens/",
        at(document, "revisions/"),
        at(document, "events/"),
        at(document, "revisions/draft/clauses/"),
        at(document, "compare/1..draft/"),
        at(document),
    )
    sizes = []
    for more in (1, 5):
        rise(cast, document, more)
        found = {}
        for path in paths:
            client.get(path)
            with CaptureQueriesContext(connection) as asked:
                answer = client.get(path)
            assert answer.status_code == 200, (path, answer.content)
            costs.setdefault(path, []).append(len(asked))
            found[path] = len(answer.json().get("results", ()))
        sizes.append(found)
    assert {path: cost for path, cost in costs.items() if cost[0] != cost[1]} == {}
    grown = [path for path in paths if sizes[1][path] > sizes[0][path]]
    assert len(grown) >= 9, "the lists did grow"


def rise(cast, document, more):
    """``more`` of everything: documents with a review to come, texts and clauses of one draft, notices, people."""
    for number in range(more):
        published(cast, f"Copies {more}-{number}")
    client = program_of(cast.centre_author)
    known = Document.objects.get(pk=document.pk)
    if known.draft is None:
        client.post(at(document, "draft/"), {}, content_type=JSON)
    for number in range(more):
        body = "\n\n".join(f"Copy {each} MUST be kept {more} times." for each in range(more + number + 1))
        save(client, document, client.get(at(document, "draft/"))["ETag"], body=body)
    Document.objects.exclude(in_force=None).update(next_review_on=in_days(20))
    for number in range(more):
        Notification.objects.create(
            user=cast.centre_author,
            event="review.due",
            key=f"{more}:{number}",
            title="A review",
            subject_kind="document",
            subject_id=document.public_id,
            created_at=timezone.now() - timedelta(minutes=number),
        )
        type(cast.admin).objects.create_user(f"p{more}{number}@example.org", name=f"Person {more}-{number}")
    index_documents(Document.objects.all())
