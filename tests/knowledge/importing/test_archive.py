"""An uploaded zip is unpacked only when its list of contents does no harm."""

import stat
import zipfile
from pathlib import Path

import pytest

from knowledge.importing import archive
from knowledge.importing.archive import unpack
from knowledge.importing.problems import SourceRefused


def zipped(tmp_path: Path, files: dict[str, bytes | str]) -> Path:
    path = tmp_path / "upload.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return path


def test_a_folder_comes_out_as_it_was_packed(tmp_path):
    unpack(zipped(tmp_path, {"docs/one.md": "# One", "docs/deep/two.md": "# Two"}), tmp_path / "out")
    assert (tmp_path / "out/docs/deep/two.md").read_text() == "# Two"


def test_a_git_folder_inside_stays_out(tmp_path):
    unpack(zipped(tmp_path, {"one.md": "# One", ".git/config": "[core]\nfsmonitor=evil"}), tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["one.md"]


@pytest.mark.parametrize(
    "name", ["../out.md", "/etc/one.md", "a/../../b.md", "a\\..\\b.md", "C:one.md", "/".join("a" * 25), "a\nb.md"]
)
def test_a_file_outside_or_too_deep_is_refused(tmp_path, name):
    with pytest.raises(SourceRefused, match="outside itself|damaged"):
        unpack(zipped(tmp_path, {name: "x"}), tmp_path / "out")
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_a_symbolic_link_is_refused(tmp_path):
    path = tmp_path / "upload.zip"
    with zipfile.ZipFile(path, "w") as file:
        link = zipfile.ZipInfo("link.md")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, "/etc/passwd")
    with pytest.raises(SourceRefused, match="link"):
        unpack(path, tmp_path / "out")


def test_the_same_file_twice_is_refused_whatever_its_case(tmp_path):
    with pytest.raises(SourceRefused, match="twice"):
        unpack(zipped(tmp_path, {"one.md": "a", "ONE.md": "b"}), tmp_path / "out")


def test_what_unfolds_to_very_much_is_refused_before_it_is_read(tmp_path):
    with pytest.raises(SourceRefused, match="unfolds"):
        unpack(zipped(tmp_path, {"large.md": b"\0" * (8 * 1024 * 1024)}), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_too_many_and_too_large_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MOST_FILES", 2)
    with pytest.raises(SourceRefused, match="files"):
        unpack(zipped(tmp_path, {f"{number}.md": "x" for number in range(3)}), tmp_path / "out")
    monkeypatch.setattr(archive, "MOST_BYTES", 5)
    with pytest.raises(SourceRefused, match="MB"):
        unpack(zipped(tmp_path, {"one.md": "123456"}), tmp_path / "out")


def test_a_list_of_contents_that_lies_is_found_out(tmp_path):
    path = zipped(tmp_path, {"one.md": "0123456789" * 1000})
    with zipfile.ZipFile(path) as file:
        size = file.getinfo("one.md").file_size.to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(size, (5).to_bytes(4, "little")))
    with pytest.raises(SourceRefused, match="damaged"):
        unpack(path, tmp_path / "out")


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 half"])
def test_what_is_no_zip_is_refused(tmp_path, content):
    path = tmp_path / "upload.zip"
    path.write_bytes(content)
    with pytest.raises(SourceRefused, match="damaged"):
        unpack(path, tmp_path / "out")


def test_a_bare_repository_is_refused(tmp_path):
    files = {"HEAD": "ref: refs/heads/main", "objects/info/x": "", "refs/heads/main": "", "config": ""}
    with pytest.raises(SourceRefused, match="bundle"):
        unpack(zipped(tmp_path, files), tmp_path / "out")
