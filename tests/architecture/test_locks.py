"""What `make run` installs is what was tested."""

import re
import tomllib

from tests.architecture.repository import ROOT

Lock = dict[str, tuple[str, frozenset[str]]]


def _lock(name: str) -> Lock:
    """Return package → (version and marker, hashes) of one lock."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    packages: Lock = {}
    for line in text.splitlines():
        requirement, *hashes = line.split("--hash=")
        package, _, version = requirement.strip().partition("==")
        packages[package] = (version.strip(), frozenset(entry.strip() for entry in hashes))
    return packages


def _plain(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match
    return re.sub(r"[-_.]+", "-", match.group()).lower()


def test_every_package_of_every_lock_is_pinned_by_version_and_hash() -> None:
    for name in ("run", "dev", "uv"):
        for package, (version, hashes) in _lock(name).items():
            assert version, (name, package)
            assert hashes, (name, package)
            assert all(entry.startswith("sha256:") for entry in hashes), (name, package)


def test_the_dev_lock_holds_the_run_lock_version_for_version() -> None:
    run, dev = _lock("run"), _lock("dev")
    assert {name: pinned for name, pinned in run.items() if dev.get(name) != pinned} == {}


def test_the_locks_hold_what_the_project_asks_for_and_the_run_lock_no_tool() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = {_plain(requirement) for requirement in project["project"]["dependencies"]}
    tools = {_plain(requirement) for requirement in project["dependency-groups"]["dev"]}
    run, dev = _lock("run"), _lock("dev")
    assert needed - run.keys() == set()
    assert (needed | tools) - dev.keys() == set()
    assert tools & run.keys() == set()
