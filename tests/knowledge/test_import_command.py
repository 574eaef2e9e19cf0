"""``manage.py import_documents``: what it prints, whom it refuses, and that a dry run writes nothing."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from governance.models import Delivery
from knowledge.models import Document, ImportBatch, Revision, SearchEntry
from tests.knowledge.imported import document, standards
from tests.knowledge.importing.repository import Repository

pytestmark = pytest.mark.django_db


@pytest.fixture
def source(tmp_path):
    return standards(tmp_path / "source")


def run(source, *more: str, unit: str = "COE", capability: str = "knowledge", by: str = "cora@example.org"):
    out, err = StringIO(), StringIO()
    named = ["--by", by] if by else []
    path = str(source.folder if isinstance(source, Repository) else source)
    call_command(
        "import_documents", path, "--unit", unit, "--capability", capability, *named, *more, stdout=out, stderr=err
    )
    return out.getvalue(), err.getvalue()


def test_it_tells_what_came_and_what_comes_next(cast, source):
    out, err = run(source)
    assert "4 of 4 documents" in out
    assert "I-1: 3 current documents and 1 retired ones (4 new), 5 revisions." in out
    assert "It takes effect once R-1 is approved: /requests/R-1/" in out
    assert "revisions a second" in out
    assert "MB of memory" in out
    assert err == ""
    assert "Nothing new" in run(source)[0]


def test_what_was_imported_is_found_at_once(cast, source):
    run(source)
    assert SearchEntry.objects.filter(document=document("Logging")).exists()
    assert not Delivery.objects.filter(state="pending").exists()


def test_it_names_what_it_left_out(cast, source):
    source.save({"empty.md": "", "yaml.md": "---\na: [\n---\nText.\n"})
    _, err = run(source)
    assert "Left out: empty.md" in err
    assert "It is empty." in err
    assert "Left out: yaml.md" in err


def test_a_kind_and_paths_can_be_chosen(cast, source):
    run(source, "--kind", "guideline", "--path", "later/**", "--path", "naming.md")
    assert sorted(Document.objects.values_list("title", "kind")) == [("Logging", "guideline"), ("Naming", "guideline")]
    assert document("Naming").number == "GDL-0002"


def test_a_dry_run_writes_nothing(cast, source):
    out, _ = run(source, "--dry-run")
    assert "An import would bring 4 new documents and 5 revisions, and retire 1." in out
    assert not ImportBatch.objects.exists()
    assert not Revision.objects.exists()


def test_an_attested_import_is_in_force_and_says_so(cast, source):
    out, _ = run(source, "--attest", "It was in force in the old wiki.")
    assert "not approved" in out
    assert document("Naming").in_force is not None


def test_without_a_person_it_takes_the_only_one_who_may_and_never_guesses(cast, source):
    with pytest.raises(CommandError, match=r"--by who imports; these may: cleo@example\.org, cora@example\.org"):
        run(source, by="")
    cast.other_centre_lead.is_active = False
    cast.other_centre_lead.save()
    assert "By Cora Centre, the only person who may import there." in run(source, by="")[0]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"unit": "NONE"}, "no unit with the code 'NONE'"),
        ({"capability": "poetry"}, "no capability 'poetry'"),
        ({"by": "nobody@example.org"}, "no active account with the address nobody@example.org"),
        ({"by": "fred@example.org"}, "No rule gives Fred Finance the right to import documents"),
        ({"by": "ada@example.org"}, "No rule gives Ada Admin the right to import documents"),
    ],
)
def test_it_refuses_with_a_sentence(cast, source, more, told):
    with pytest.raises(CommandError, match=told):
        run(source, **more)
    assert not ImportBatch.objects.exists()


@pytest.mark.parametrize(("more", "told"), [(("--kind", "poem"), "no kind 'poem'"), (("--path", "/x"), "path")])
def test_it_refuses_what_it_cannot_take(cast, source, more, told):
    with pytest.raises(CommandError, match=told):
        run(source, *more)


def test_it_refuses_what_is_no_source(cast, tmp_path):
    with pytest.raises(CommandError, match="nothing at this path"):
        run(tmp_path / "nowhere")
    (tmp_path / "file.txt").write_text("words")
    with pytest.raises(CommandError, match="no Git bundle"):
        run(tmp_path / "file.txt")
    (tmp_path / "folder").mkdir()
    with pytest.raises(CommandError, match="No file in it is a document"):
        run(tmp_path / "folder")


def test_to_attest_needs_the_right_to_publish(cast, source):
    with pytest.raises(CommandError, match="No rule gives"):
        run(source, "--attest", "My word.", by="fay@example.org")
