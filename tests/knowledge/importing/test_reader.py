"""Sources read document by document, the broken ones reported and passed over."""

import os
from datetime import date

import pytest

from knowledge.importing.problems import Severity, Unreadable
from knowledge.importing.reader import open_source, read_source


def read(source, **options):
    with open_source(source, **options) as opened:
        found = {document.key: document for document in opened.documents()}
        return found, opened.problems


def put(folder, path, content):
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())


def test_a_folder_gives_each_file_as_a_document_with_one_revision(tmp_path):
    put(tmp_path, "a.md", "# Keys\n\nText.\n")
    put(tmp_path, "deep/er/b.markdown", "---\ntitle: Logs\n---\nText.\n")
    put(tmp_path, "c.html.md.erb", "x\n")
    put(tmp_path, "notes.txt", "no\n")
    put(tmp_path, ".git-like/hidden.md", "no\n")
    put(tmp_path, "node_modules/lib/README.md", "no\n")
    found, problems = read(tmp_path)
    assert {key: document.newest.title for key, document in found.items()} == {
        "a.md": "Keys",
        "deep/er/b.markdown": "Logs",
        "c.html.md.erb": "C",
    }
    assert problems == []
    assert found["a.md"].newest.commit == ""
    assert len(found["a.md"].newest.digest) == 64


BROKEN = {
    "yaml.md": (b"---\ntitle: [unclosed\n---\nText.\n", "not valid YAML"),
    "fence.md": (b"---\ntitle: never closed\n\nText.\n", "not closed"),
    "latin.md": ("Größe\n".encode("latin-1"), "not UTF-8 (byte 3)"),
    "utf16.md": ("Text\n".encode("utf-16"), "NUL"),
    "empty.md": (b"", "empty"),
    "blank.md": (b" \n\t\n", "empty"),
    "nul.md": (b"Te\x00xt\n", "NUL"),
    "large.md": (b"x" * 5000, "at most"),
}


@pytest.mark.parametrize("as_history", [False, True])
def test_broken_files_are_reported_with_path_and_reason_and_the_rest_is_read(as_history, tmp_path, repository):
    folder = repository.folder if as_history else tmp_path / "folder"
    for path, (content, _reason) in BROKEN.items():
        put(folder, path, content)
    put(folder, "good.md", "Text.\n")
    if as_history:
        repository.save({})
    found, problems = read(folder, max_bytes=4000)
    assert list(found) == ["good.md"]
    skipped = {problem.path: problem.reason for problem in problems if problem.severity is Severity.SKIPPED}
    assert set(skipped) == set(BROKEN)
    for path, (_content, reason) in BROKEN.items():
        assert reason in skipped[path]
        assert skipped[path].endswith(".")


def test_links_out_of_a_folder_are_reported_and_not_followed(tmp_path):
    source = tmp_path / "source"
    put(source, "good.md", "![x](../secret.png) ![y](link.png)\n")
    put(tmp_path, "secret.md", "secret\n")
    put(tmp_path, "secret.png", b"secret")
    put(tmp_path, "other/inside.md", "secret\n")
    (source / "link.md").symlink_to(tmp_path / "secret.md")
    (source / "link.png").symlink_to(tmp_path / "secret.png")
    (source / "folder").symlink_to(tmp_path / "other")
    os.mkfifo(source / "pipe.md")
    found, problems = read(source)
    assert list(found) == ["good.md"]
    assert found["good.md"].newest.attachments == ()
    assert {problem.path for problem in problems if problem.severity is Severity.SKIPPED} == {"link.md", "pipe.md"}


def test_a_folder_inside_a_repository_says_how_to_bring_the_history(repository):
    repository.commit(docs__keys="Text.\n")
    _found, problems = read(repository.folder / "docs")
    assert ["docs/**" in problem.reason for problem in problems] == [True]


def test_a_revision_that_is_broken_in_the_middle_leaves_the_others(repository):
    good = "---\ntitle: Keys\nlast_reviewed_on: 2024-01-31\n---\n\n"
    repository.commit(keys=good + "One.\n")
    broken_yaml = repository.commit(keys="---\ntitle: Keys: and more\n---\n\nTwo, still readable.\n")
    not_text = repository.commit(keys=b"\xff\xfe binary")
    empty = repository.commit(keys="")
    repository.commit(keys=good + "Five.\n")
    found, problems = read(repository.folder)
    revisions = found["keys.md"].revisions
    assert [revision.body for revision in revisions] == ["One.\n", "Two, still readable.\n", "Five.\n"]
    carried = revisions[1].front_matter
    assert carried.title == "Keys"
    assert carried.reviewed_on == date(2024, 1, 31)
    assert "and more" in carried.unparsed
    assert {problem.commit: problem.severity for problem in problems} == {
        broken_yaml: Severity.NOTE,
        not_text: Severity.SKIPPED,
        empty: Severity.SKIPPED,
    }


def test_a_document_whose_newest_text_is_broken_says_so(repository):
    first = repository.commit(keys="One.\n")
    repository.commit(keys=b"\xff\xff")
    found, problems = read(repository.folder)
    assert [revision.commit for revision in found["keys.md"].revisions] == [first]
    assert any("newest text cannot be read" in problem.reason for problem in problems)


def test_what_every_revision_repeats_is_reported_once_where_it_was_last(repository):
    repository.save({"keys.md.erb": "<%= secret %> one\n"})
    last = repository.save({"keys.md.erb": "<%= secret %> two\n"})
    _found, problems = read(repository.folder)
    assert [(problem.commit, problem.severity) for problem in problems] == [(last, Severity.NOTE)]


def test_embedded_ruby_is_resolved_in_erb_files_only(repository):
    text = "---\ntitle: Keys\n---\n# <%= current_page.data.title %>\n\n<%= partial 'more/logs' %>\n"
    repository.save({"keys.html.md.erb": text, "plain.md": text, "more/_logs.md": "Logs.\n"})
    found, _problems = read(repository.folder)
    assert found["keys.html.md.erb"].newest.body == "# Keys\n\n[Logs](remit:doc:more/_logs.md)\n"
    assert "<%= current_page" in found["plain.md"].newest.body


def test_links_between_documents_survive_renames(repository):
    long = "Words that make this text long enough to be followed.\n" * 10
    repository.commit(
        docs__keys=long, docs__logs="See [keys](keys.md#s), [web](/keys/), [out](https://example.org/keys).\n"
    )
    repository.move("docs/keys.md", "docs/standards/encryption.md")
    found, _problems = read(repository.folder)
    assert found["docs/logs.md"].newest.body == (
        "See [keys](remit:doc:docs/keys.md#s), [web](remit:doc:docs/keys.md), [out](https://example.org/keys).\n"
    )
    assert found["docs/keys.md"].path == "docs/standards/encryption.md"


def test_images_come_along_as_they_were_at_each_revision(repository):
    repository.save({"docs/keys.md": "![Plan](../img/plan.png)\n", "img/plan.png": b"first"})
    repository.save({"docs/keys.md": "![Plan](/img/plan.png) again, ![gone](gone.png)\n", "img/plan.png": b"second"})
    with open_source(repository.folder) as source:
        document = next(iter(source.documents()))
        assert [revision.body for revision in document.revisions] == [
            "![Plan](plan.png)\n",
            "![Plan](plan.png) again, ![gone](gone.png)\n",
        ]
        attachments = [revision.attachments[0] for revision in document.revisions]
        assert [(each.name, each.path, each.media_type, each.size) for each in attachments] == [
            ("plan.png", "img/plan.png", "image/png", 5),
            ("plan.png", "img/plan.png", "image/png", 6),
        ]
        assert [source.attachment(each) for each in attachments] == [b"first", b"second"]
        assert [problem.reason for problem in source.problems] == ["The image gone.png is not in the source."]


def test_two_images_of_one_name_get_two_names(tmp_path):
    put(tmp_path, "a.md", "![1](x/p.png) ![2](y/p.png)\n")
    put(tmp_path, "x/p.png", b"1")
    put(tmp_path, "y/p.png", b"2")
    found, _problems = read(tmp_path)
    assert found["a.md"].newest.body == "![1](p.png) ![2](y-p.png)\n"
    assert [each.name for each in found["a.md"].newest.attachments] == ["p.png", "y-p.png"]


def test_an_image_that_is_too_large_is_left_out_and_reported(tmp_path):
    put(tmp_path, "a.md", "![1](p.png)\n")
    put(tmp_path, "p.png", b"x" * 200)
    found, problems = read(tmp_path, max_bytes=100)
    assert found["a.md"].newest.attachments == ()
    assert "too large" in problems[0].reason


def test_an_attachment_that_is_gone_is_unreadable(tmp_path):
    put(tmp_path, "a.md", "![1](p.png)\n")
    put(tmp_path, "p.png", b"x")
    with open_source(tmp_path) as source:
        attachment = next(iter(source.documents())).newest.attachments[0]
        (tmp_path / "p.png").unlink()
        with pytest.raises(Unreadable):
            source.attachment(attachment)


def test_line_ends_byte_order_marks_and_invisible_controls_are_put_right(tmp_path):
    put(tmp_path, "a.md", b"\xef\xbb\xbf---\r\ntitle: Keys\r\n---\r\nOne.\r\nTwo.\r\n")
    put(tmp_path, "b.md", "safe\u202etxt\n")
    found, problems = read(tmp_path)
    assert found["a.md"].newest.title == "Keys"
    assert found["a.md"].newest.body == "One.\nTwo.\n"
    assert found["b.md"].newest.body == "safetxt\n"
    assert [problem.path for problem in problems] == ["b.md"]


def test_a_file_of_front_matter_alone_is_a_document_without_text(tmp_path):
    put(tmp_path, "a.md", "---\ntitle: Index\n---\n")
    found, _problems = read(tmp_path)
    assert found["a.md"].newest.body == ""


def test_titles_come_from_the_front_matter_else_the_first_heading_else_the_name(tmp_path):
    put(tmp_path, "a.md", "---\ntitle: From the matter\n---\n# Heading\n")
    put(tmp_path, "b.md", "# A *fine* `heading` #\n")
    put(tmp_path, "data-stores/index.md", "text\n")
    put(tmp_path, "some_long-name.html.md.erb", "text\n")
    titles = {document.key: document.newest.title for document in read_source(tmp_path)}
    assert titles == {
        "a.md": "From the matter",
        "b.md": "A fine heading",
        "data-stores/index.md": "Data stores",
        "some_long-name.html.md.erb": "Some long name",
    }


def test_patterns_choose_what_is_a_document(tmp_path):
    for path in ("a.md", "docs/b.md", "docs/deep/c.md", "docs/d.txt", ".hidden/e.md"):
        put(tmp_path, path, "x\n")
    assert set(read(tmp_path, patterns=("docs/*.md",))[0]) == {"docs/b.md"}
    assert set(read(tmp_path, patterns=("docs/**/*.md",))[0]) == {"docs/b.md", "docs/deep/c.md"}
    assert set(read(tmp_path, patterns=("docs/",))[0]) == {"docs/b.md", "docs/deep/c.md", "docs/d.txt"}
    assert set(read(tmp_path, patterns=("*.MD",))[0]) == {"a.md", "docs/b.md", "docs/deep/c.md"}
    assert set(read(tmp_path, patterns=("?.md", ".hidden/*.md"))[0]) == {
        "a.md",
        "docs/b.md",
        "docs/deep/c.md",
        ".hidden/e.md",
    }
