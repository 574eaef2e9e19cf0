"""History and comparison: complete for who may read drafts, published versions for the rest."""

import pytest

from governance import ledger
from governance.actions.requests import decide
from knowledge.actions.drafts import save_draft
from knowledge.actions.publication import publish_revision
from knowledge.models import Document, Publication
from tests.knowledge.cast import TEXT, approved, drafted, next_version, published, submitted
from tests.knowledge.imported import imported, request_about, standards
from tests.knowledge.views.pages import found_by_search, signed_in, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_versions(cast):
    document = published(cast)
    approved(next_version(cast, document, TEXT.replace("12 months", "6 months")), cast.centre_lead)
    next_version(cast, document, TEXT.replace("12 months", "3 months"))
    return Document.objects.get(pk=document.pk)


def test_the_history_names_author_approver_and_reason_of_every_version(cast, two_versions):
    for person in (cast.centre_author, cast.auditor):
        page = text_of(signed_in(person).get(f"{two_versions.get_absolute_url()}history/"))
        for words in ("Cora Centre", "Carl Centre", "It must be better.", "Draft submitted", "Version in force"):
            assert words in page, words


def test_who_reads_only_what_is_published_hears_nothing_of_drafts(cast, two_versions):
    client = signed_in(cast.unit_reader)
    url = two_versions.get_absolute_url()
    page = client.get(f"{url}history/")
    assert "2 versions." in text_of(page)
    assert "Draft" not in text_of(page)
    assert "/v/r" not in page.content.decode()
    for pair in ("2..draft", "1..r5", "1..r4", "r2..2", "1..9", "1..", "..", "x", "1..2..draft"):
        assert client.get(f"{url}compare/{pair}/").status_code == 404, pair
    shown = text_of(client.get(f"{url}compare/1..2/"))
    assert "Removed: 12 Added: 6 months" in shown
    assert "3 months" not in shown


def test_two_are_chosen_and_compared(cast, two_versions):
    client = signed_in(cast.centre_author)
    url = two_versions.get_absolute_url()
    assert client.get(f"{url}compare/?a=1&b=draft")["Location"] == f"{url}compare/1..draft/"
    assert client.get(f"{url}compare/?a=1")["Location"] == f"{url}history/"
    assert client.get(f"{url}compare/?a=//evil.example&b=1")["Location"] == f"{url}history/"
    assert "Removed: 12 Added: 3 months" in text_of(client.get(f"{url}compare/1..draft/"))
    assert "They say the same." in text_of(client.get(f"{url}compare/2..2/"))


def test_an_imported_version_says_that_its_approval_was_not_recorded(cast):
    document = drafted(cast.centre_author, cast.centre_remit)
    with ledger.change(actor=cast.centre_lead) as change:
        locked = Document.objects.select_for_update().get(pk=document.pk)
        basis = Publication.Basis.NOT_RECORDED
        publish_revision(change, document=locked, revision=locked.draft, basis=basis, actor=cast.centre_lead)
    page = text_of(signed_in(cast.auditor).get(f"{document.get_absolute_url()}history/"))
    assert "Approval not recorded" in page


def test_a_long_history_is_paged(cast, django_assert_max_num_queries):
    document = drafted(cast.unit_author, cast.unit_remit)
    for number in range(32):
        document.refresh_from_db()
        save_draft(
            actor=cast.unit_author,
            document=document,
            base=document.draft.public_id,
            title="T",
            body=f"Text {number}.",
            reason=f"Reason {number}.",
        )
    client = signed_in(cast.unit_author)
    url = f"{document.get_absolute_url()}history/"
    client.get(url)
    with django_assert_max_num_queries(12):
        first = client.get(url)
    assert "1–30 of 33 texts" in text_of(first)
    second = client.get(f"{url}?page=2&events=2")
    assert "31–33 of 33 texts" in text_of(second)
    assert "31–33 of 33 events" in text_of(second)
    assert client.get(f"{url}?page=x&events=-1").status_code == 200


def test_a_draft_in_approval_is_called_so_and_once_it_was_sent_back_that(cast):
    document = drafted(cast.unit_author, cast.unit_remit, "Waiting")
    url = f"{document.get_absolute_url()}history/"
    assert "In approval" not in text_of(signed_in(cast.unit_author).get(url))
    request = submitted(cast.unit_author, document)
    assert "In approval" in text_of(signed_in(cast.unit_author).get(url))
    seen = request.subject_hash
    decide(actor=cast.unit_lead, request=request, verdict="request_changes", comment="No.", seen_hash=seen)
    page = text_of(signed_in(cast.unit_author).get(url))
    assert "Sent back" in page
    assert "In approval" not in page


def test_what_a_source_claims_is_marked_and_what_waits_for_its_approval_says_so(cast, tmp_path):
    """Author and day of an imported text are what its source says; until the batch is decided the draft waits."""
    batch = imported(cast, standards(tmp_path / "source").folder)
    url = Document.objects.get(title="Naming").get_absolute_url()
    client = signed_in(cast.centre_lead)
    found_by_search()
    waits, claimed = "Imported, waiting for approval", "as stated by the source"
    for path in ("/library/", "/library/?q=plain", url, f"{url}history/"):
        assert waits in text_of(client.get(path)), path
    for path in (url, f"{url}history/"):
        assert claimed in text_of(client.get(path)), path
    assert "approval not recorded" in text_of(client.get(f"{url}history/")).lower()
    approved(request_about(batch), cast.other_centre_lead)
    for path in ("/library/", url, f"{url}history/"):
        assert waits not in text_of(client.get(path)), path
    assert claimed in text_of(client.get(f"{url}history/"))
    assert "In force" in text_of(client.get(f"{url}history/"))


def test_library_search_document_and_history_cost_so_many_statements(cast, django_assert_max_num_queries):
    """With session, account and the page's shell; what a person stands for is kept from the first request on.

    Who is a member of nothing is asked for their roles by a statement of its own; two more where a locked action says
    what is missing, and whom to ask.
    """
    document = published(cast, "Encryption of personal data", tags=["law"])
    found_by_search()
    for person, roles, locked in ((cast.centre_lead, 0, 0), (cast.unit_reader, 0, 0), (cast.auditor, 1, 2)):
        client = signed_in(person)
        for path, most in (
            ("/library/", 8),
            ("/library/?q=encrypt", 8),
            ("/library/?q=encrypt&status=in_force&tag=law", 8),
            (document.get_absolute_url(), 8 + locked),
            (f"{document.get_absolute_url()}history/", 9),
        ):
            client.get(path)
            with django_assert_max_num_queries(most + roles, info=f"{person}: {path}"):
                assert client.get(path).status_code == 200, path
