"""An embedded installation's backup: taken while it runs, put back elsewhere, verified to be equal."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from governance import ledger
from governance.actions.units import rename_unit
from governance.models import LedgerStream
from tests.architecture.repository import ROOT
from tests.knowledge.cast import make_cast, published, unit


def _manage(data: Path, command: str) -> str:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("REMIT_", "DATABASE_"))}
    done = subprocess.run(
        [sys.executable, "manage.py", command],
        cwd=ROOT,
        env={**inherited, "REMIT_DATA": str(data)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _heads() -> dict[str, tuple[int, str]]:
    rows = LedgerStream.objects.values_list("name", "last_sequence", "last_hash")
    return {name: (sequence, last) for name, sequence, last in rows}


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_a_restored_backup_has_the_same_ledger_and_permissions(tmp_path: Path, settings: Any) -> None:
    cast = make_cast()
    published(cast)
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.MEDIA_ROOT.mkdir()
    (settings.MEDIA_ROOT / "picture.png").write_bytes(b"a picture")
    restored = tmp_path / "restored"
    call_command("back_up", str(restored), stdout=None)
    then = _heads()
    rename_unit(actor=cast.admin, unit=unit("HR"), name="After the backup", reason="It came later.")
    assert _heads() != then

    assert (restored / "files" / "picture.png").read_bytes() == b"a picture"
    assert "The ledger holds" in _manage(restored, "verify_ledger")
    assert "are what the organisation compiles to" in _manage(restored, "verify_permissions")
    with sqlite3.connect(restored / "remit.sqlite3") as copy:
        rows = copy.execute("SELECT name, last_sequence, last_hash FROM governance_ledgerstream").fetchall()
    assert {name: (sequence, last) for name, sequence, last in rows} == then
    assert ledger.deliver_due().dead == 0


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_an_older_backup_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "remit.sqlite3").write_text("an older one", encoding="utf-8")
    with pytest.raises(CommandError, match="is not empty"):
        call_command("back_up", str(tmp_path))
    assert (tmp_path / "remit.sqlite3").read_text(encoding="utf-8") == "an older one"


@pytest.mark.postgresql
@pytest.mark.django_db
def test_on_postgresql_the_way_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="pg_dump"):
        call_command("back_up", str(tmp_path / "new"))
    assert not (tmp_path / "new").exists()
