"""Documents and their revisions, as a Git history tells them."""

import os
import subprocess
from datetime import UTC, datetime

import pytest

from knowledge.importing.git_history import GitSource
from knowledge.importing.problems import SourceRefused
from knowledge.importing.reader import open_source, read_source

LONG = "".join(f"Line {n} of a text that is long enough to be recognised.\n" for n in range(20))


def documents(source, *patterns):
    found = list(read_source(source, patterns) if patterns else read_source(source))
    return {document.key: document for document in found}


def test_every_first_parent_change_is_a_revision_with_its_author_date_and_message(repository):
    first = repository.commit("Begin the standard.\n\nWith a reason.", keys="One.\n")
    second = repository.commit("Say more.", author="Ben Osei", keys="Two.\n")
    repository.commit("Something else.", logs="Logs.\n")
    document = documents(repository.folder)["keys.md"]
    assert [revision.commit for revision in document.revisions] == [first, second]
    assert [revision.author for revision in document.revisions] == ["Ida Berg", "Ben Osei"]
    assert document.revisions[0].message == "Begin the standard.\n\nWith a reason."
    assert document.revisions[0].authored_at == datetime.fromtimestamp(1_600_086_400, tz=UTC)
    assert [revision.body for revision in document.revisions] == ["One.\n", "Two.\n"]
    assert document.retired is None


def test_a_merge_is_one_revision_whose_contributors_wrote_the_branch(repository):
    repository.commit(keys="One.\n", logs="One.\n")
    repository.branch("topic")
    repository.commit("Draft keys.", author="Ada Lind", keys="Two.\n")
    repository.commit("Fix a word.", author="Ben Osei", keys="Three.\n")
    repository.commit("Write logs.", author="Cy Moreau", logs="Two.\n")
    merged = repository.merge("topic", author="Eve Lund")
    found = documents(repository.folder)
    keys = found["keys.md"]
    assert [revision.commit for revision in keys.revisions][1:] == [merged]
    assert keys.newest.author == "Eve Lund"
    assert [(each.name, each.subject) for each in keys.newest.contributors] == [
        ("Ada Lind", "Draft keys."),
        ("Ben Osei", "Fix a word."),
    ]
    assert [each.name for each in found["logs.md"].newest.contributors] == ["Cy Moreau"]
    assert keys.revisions[0].contributors == ()


def test_commits_that_came_by_an_earlier_merge_do_not_contribute_to_a_later_one(repository):
    repository.commit(keys="One.\n")
    repository.branch("topic")
    repository.commit("First.", author="Ada Lind", keys="Two.\n")
    repository.merge("topic")
    repository.git("checkout", "--quiet", "topic")
    repository.commit("Second.", author="Ben Osei", keys="Three.\n")
    repository.merge("topic")
    document = documents(repository.folder)["keys.md"]
    assert [[each.name for each in revision.contributors] for revision in document.revisions] == [
        [],
        ["Ada Lind"],
        ["Ben Osei"],
    ]


def test_named_co_authors_are_contributors(repository):
    repository.commit("Write.\n\nCo-authored-by: Ada Lind <ada@example.org>", keys="One.\n")
    assert [each.name for each in documents(repository.folder)["keys.md"].newest.contributors] == ["Ada Lind"]


def test_a_document_goes_on_through_a_chain_of_renames(repository):
    repository.commit(keys=LONG)
    repository.move("keys.md", "docs/keys.md")
    repository.save({"docs/keys.md": LONG + "More.\n"})
    repository.move("docs/keys.md", "docs/standards/encryption.md")
    document = documents(repository.folder)["keys.md"]
    assert document.path == "docs/standards/encryption.md"
    assert document.previous_paths == ("keys.md", "docs/keys.md")
    assert [revision.path for revision in document.revisions] == [
        "keys.md",
        "docs/keys.md",
        "docs/keys.md",
        "docs/standards/encryption.md",
    ]


def test_a_name_that_is_free_again_begins_another_document(repository):
    repository.commit(keys=LONG)
    repository.move("keys.md", "old.md")
    repository.commit(keys="Something quite different.\n")
    found = documents(repository.folder)
    assert found["keys.md"].path == "old.md"
    assert found["keys.md#2"].path == "keys.md"
    assert len(found["keys.md"].revisions) == 2


def test_two_documents_whose_names_change_hands_in_one_commit_stay_apart(repository):
    repository.commit(a=LONG, b=LONG.replace("text", "standard of another kind"))
    repository.day += 1
    for old, new in (("a.md", "c.md"), ("b.md", "a.md")):
        repository.git("mv", old, new)
    repository.git("commit", "--quiet", "-m", "Shift.")
    found = documents(repository.folder)
    assert {document.path for document in found.values() if document.retired is None} == {"a.md", "c.md"}
    newest = {document.path: document.newest.body for document in found.values() if document.retired is None}
    assert "another kind" in newest["a.md"]
    assert "another kind" not in newest["c.md"]


def test_a_deleted_file_is_a_retired_document_with_who_and_why(repository):
    repository.commit(keys="One.\n")
    gone = repository.commit("No longer needed.", author="Ben Osei", keys=None)
    document = documents(repository.folder)["keys.md"]
    assert document.retired is not None
    assert (document.retired.commit.id, document.retired.commit.author) == (gone, "Ben Osei")
    assert document.retired.commit.message == "No longer needed."
    assert document.deleted_at == document.retired.commit.authored_at
    assert [revision.body for revision in document.revisions] == ["One.\n"]


def test_a_path_that_is_added_again_brings_its_document_back(repository):
    repository.commit(keys="One.\n")
    repository.commit(keys=None)
    repository.commit(keys="Two.\n")
    found = documents(repository.folder)
    assert list(found) == ["keys.md"]
    assert found["keys.md"].retired is None
    assert len(found["keys.md"].retirements) == 1
    assert [revision.body for revision in found["keys.md"].revisions] == ["One.\n", "Two.\n"]


def test_a_copy_is_a_document_of_its_own(repository):
    repository.commit(keys=LONG)
    repository.commit(copy=LONG, keys=LONG + "x\n")
    found = documents(repository.folder)
    assert len(found["keys.md"].revisions) == 2
    assert len(found["copy.md"].revisions) == 1


def test_a_file_that_leaves_the_pattern_is_retired_and_says_where_it_went(repository):
    repository.commit(docs__keys=LONG)
    repository.move("docs/keys.md", "archive/keys.md")
    document = documents(repository.folder, "docs/**")["docs/keys.md"]
    assert document.retired is not None
    assert "archive/keys.md" in document.retired.reason
    assert documents(repository.folder)["docs/keys.md"].retired is None


def test_a_file_that_comes_under_the_pattern_begins_there(repository):
    repository.save({"draft.txt": LONG})
    repository.move("draft.txt", "docs/keys.md")
    assert len(documents(repository.folder)["docs/keys.md"].revisions) == 1


def test_symbolic_links_and_submodules_are_reported_and_not_followed(repository, tmp_path):
    (tmp_path / "secret.md").write_text("secret")
    repository.commit(good="Fine.\n", turned="Real at first.\n")
    (repository.folder / "link.md").symlink_to(tmp_path / "secret.md")
    (repository.folder / "turned.md").unlink()
    (repository.folder / "turned.md").symlink_to("good.md")
    repository.git("add", "--all")
    commit = repository.git("rev-parse", "HEAD")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},module.md")
    repository.git("commit", "--quiet", "-m", "Links.")
    with open_source(repository.folder) as source:
        found = {document.key: document for document in source.documents()}
        problems = {problem.path: problem.reason for problem in source.problems}
    assert "symbolic link" in problems["link.md"]
    assert "submodule" in problems["module.md"]
    assert found["turned.md"].retired is not None
    assert found["turned.md"].newest.body == "Real at first.\n"
    assert set(found) == {"good.md", "turned.md"}
    assert "secret" not in "".join(revision.body for document in found.values() for revision in document.revisions)


@pytest.mark.parametrize(
    "name", ["with space.md", "-rf.md", "--output=x.md", "päth ünïcode.md", "a'b\"c.md", "$(touch x).md"]
)
def test_odd_names_are_read_like_any_other(repository, name):
    repository.save({name: "Text.\n"})
    assert documents(repository.folder)[name].newest.body == "Text.\n"


def test_names_that_cannot_be_kept_are_reported(repository):
    repository.commit(good="Fine.\n")
    (repository.folder / "tab\tname.md").write_text("x")
    (repository.folder / os.fsdecode(b"latin\xe9.md")).write_text("x")
    (repository.folder / "back\\slash.md").write_text("x")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "-m", "Odd.")
    with open_source(repository.folder) as source:
        assert [document.key for document in source.documents()] == ["good.md"]
        assert len(source.problems) == 3


def test_a_bundle_a_bare_repository_and_the_working_one_tell_the_same(repository, tmp_path):
    repository.commit(keys="One.\n")
    repository.branch("topic")
    repository.commit(keys="Two.\n")
    repository.merge("topic")
    bundle = repository.bundle(tmp_path / "history.bundle")
    bare = tmp_path / "bare.git"
    subprocess.run(
        ["git", "clone", "--quiet", "--bare", str(repository.folder), str(bare)], check=True, capture_output=True
    )
    told = [documents(source) for source in (repository.folder, bundle, bare)]
    assert told[0] == told[1] == told[2]
    keys = set()
    for source in (repository.folder, bundle, bare):
        with open_source(source) as opened:
            keys.add((opened.plan.source_kind, opened.plan.source_key))
    assert keys == {("git", repository.git("rev-list", "--max-parents=0", "HEAD"))}


def test_only_what_is_behind_a_commit_is_read_again(repository):
    first = repository.commit(keys="One.\n")
    second = repository.commit(keys="Two.\n")
    with open_source(repository.folder) as source:
        planned = source.plan.documents[0]
        newer = source.read(planned, after=first)
        assert newer is not None
        assert [revision.commit for revision in newer.revisions] == [second]
        assert source.read(planned, after=second) is None


def test_the_plan_counts_before_anything_is_read(repository):
    repository.commit(a="1\n", b="1\n")
    repository.commit(a="2\n", b=None)
    with open_source(repository.folder) as source:
        assert (source.plan.current, source.plan.retired, source.plan.revisions) == (1, 1, 3)


def test_settings_and_hooks_of_the_source_run_nothing(repository, tmp_path):
    trap = tmp_path / "sprung"
    script = tmp_path / "trap.sh"
    script.write_text(f"#!/bin/sh\ntouch {trap}\ncat\n")
    script.chmod(0o755)
    repository.save({"keys.md": "One.\n", ".gitattributes": "*.md diff=trap filter=trap\n"})
    for setting in ("core.fsmonitor", "core.sshCommand", "diff.external", "diff.trap.textconv", "diff.trap.command",
                    "filter.trap.smudge", "filter.trap.clean", "core.pager", "core.editor", "core.askPass",
                    "uploadpack.packObjectsHook", "core.alternateRefsCommand"):  # fmt: skip
        repository.git("config", setting, str(script))
    hooks = repository.folder / ".git" / "hooks"
    for hook in ("post-checkout", "reference-transaction", "pre-auto-gc", "post-index-change"):
        (hooks / hook).write_text(script.read_text())
        (hooks / hook).chmod(0o755)
    repository.git("config", "core.hooksPath", str(hooks))
    trap.unlink(missing_ok=True)
    assert documents(repository.folder)["keys.md"].newest.body == "One.\n"
    assert not trap.exists()


def test_the_source_is_left_as_it_was(repository):
    repository.commit(keys="One.\n")
    before = sorted((str(path), path.stat().st_mtime_ns) for path in repository.folder.rglob("*"))
    documents(repository.folder)
    assert sorted((str(path), path.stat().st_mtime_ns) for path in repository.folder.rglob("*")) == before


def test_what_is_no_source_is_refused_with_a_sentence(repository, tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("x")
    broken = tmp_path / "broken.bundle"
    broken.write_bytes(b"# v2 git bundle\nnot really\n")
    for source in (tmp_path / "nothing", text, broken, repository.folder, "https://example.org/x.git", "ext::sh -c id",
                   "--upload-pack=id", "a\x00b"):  # fmt: skip
        with pytest.raises(SourceRefused) as refused, open_source(source):
            pass
        assert str(refused.value).endswith(".")


def test_a_pattern_that_leads_out_is_refused(repository):
    for pattern in ("/etc/*.md", "../*.md", "docs/../../x.md", "~/x.md", "x" * 600):
        with pytest.raises(SourceRefused), open_source(repository.folder, (pattern,)):
            pass


def test_a_history_that_another_time_zone_or_no_calendar_wrote_is_read(repository):
    repository.write("keys.md", "One.\n")
    repository.git("add", "--all")
    tree = repository.git("write-tree")
    author = "author Ida Berg <ida@example.org> 99999999999999 +9900"
    raw = f"tree {tree}\n{author}\ncommitter R <r@example.org> 1 -0000\n\nFar.\n"
    done = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--literally", "--stdin"],
        cwd=repository.folder, input=raw.encode(), capture_output=True, check=True,
    )  # fmt: skip
    repository.git("update-ref", "refs/heads/main", done.stdout.decode().strip())
    document = documents(repository.folder)["keys.md"]
    assert document.newest.authored_at.year == 1970
    assert document.newest.committed_at == datetime.fromtimestamp(1, tz=UTC)


def test_files_that_are_fetched_ahead_are_those_that_were_asked_for(repository):
    """More than are fetched at once, then out of turn, one missing, one too large, and one read twice."""
    for number in range(70):
        repository.save({"a.md": f"text {number}\n"})
    objects = [repository.git("rev-parse", f"HEAD~{69 - number}:a.md") for number in range(70)]
    missing = "0" * 40
    with GitSource(repository.folder) as source:
        source.expect([*objects, missing, objects[3]])
        read = [source.read(each, 100)[0] for each in objects[:66]]
        assert read == [f"text {number}\n".encode() for number in range(66)]
        assert source.read(objects[1], 100) == (b"text 1\n", 7)
        assert source.read(objects[66], 3) == (None, 8)
        assert source.read(missing, 100) == (None, -1)
        assert [source.read(each, 100)[0] for each in (objects[3], objects[69], objects[68])] == [
            b"text 3\n",
            b"text 69\n",
            b"text 68\n",
        ]


def test_an_image_is_looked_for_under_names_of_any_length(repository):
    """Names longer than a pipe holds are asked alone: both sides would wait for the other to read."""
    commit = repository.save({"a.md": "# A\n", "images/a.png": b"png"})
    (repository.folder / "images/link.png").symlink_to("a.png")
    linked = repository.save({"b.md": "# B\n"})
    with GitSource(repository.folder) as source:
        long = [f"{letter * 90_000}.png" for letter in "xyz"]
        found = source.find(commit, [*long, "images/none.png", "../a.png", "images/a.png"])
        assert found is not None
        assert (found[0], found[2]) == ("images/a.png", 3)
        assert source.find(linked, ["images/link.png"]) is None
        assert source.find(linked, []) is None
