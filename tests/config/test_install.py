"""The program that installs the locks, before any package is there."""

import hashlib
import importlib.util
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("install", ROOT / "requirements" / "install.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "VENV", tmp_path)
    monkeypatch.setattr(module, "PYTHON", tmp_path / "bin" / "python")
    return module


def _pip_says(monkeypatch: pytest.MonkeyPatch, settings: str) -> None:
    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 0, stdout=settings, stderr="")

    monkeypatch.setattr(subprocess, "run", run)


def test_a_python_that_is_too_old_is_told_how_to_name_another(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "OLDEST", (99, 0))
    with pytest.raises(SystemExit, match="make PYTHON="):
        install.main("run")


def test_what_is_installed_already_is_left_alone_and_a_changed_lock_is_not(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    monkeypatch.setattr(install, "make_venv", lambda: begun.append("venv"))
    monkeypatch.setattr(install, "bootstrap_uv", lambda: None)
    monkeypatch.setattr(install, "install", lambda uv, lock: begun.append(lock.name))
    install.PYTHON.parent.mkdir()
    install.PYTHON.touch()

    install.main("dev")
    assert begun == ["venv", "dev.txt"]
    install.main("dev")
    install.main("run")
    assert begun == ["venv", "dev.txt"]

    old = hashlib.sha256(b"an older lock").hexdigest()
    (install.VENV / ".remit-installed").write_text(f"run {old}\n", encoding="utf-8")
    install.main("run")
    assert begun[2:] == ["venv", "run.txt"]


def test_uv_hears_where_pip_was_told_to_look_but_not_of_folders_that_are_not_there(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    _pip_says(
        monkeypatch,
        f"global.index-url='https://packages.example.org/simple'\n:env:.find-links='{tmp_path} /nowhere/wheels'\n"
        "install.extra-index-url='file:///nowhere/simple'\nglobal.timeout='60'\n",
    )
    heard = install.environment_for_uv()
    assert heard["UV_DEFAULT_INDEX"] == "https://packages.example.org/simple"
    assert heard["UV_FIND_LINKS"] == str(tmp_path)
    assert "UV_INDEX" not in heard


def test_what_uv_was_told_itself_stands(install: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://own.example.org/simple")
    _pip_says(monkeypatch, "global.index-url='https://packages.example.org/simple'\n")
    assert install.environment_for_uv()["UV_DEFAULT_INDEX"] == "https://own.example.org/simple"
