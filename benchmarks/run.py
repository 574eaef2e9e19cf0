"""One size in one process: migrate, fill, measure, write the JSON after each part."""

import json
import os
import platform
import resource
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

PARTS = ("starting", "reading", "serving", "reviewing", "importing", "writing", "switching")
"""In this order: the later ones change what the earlier ones measure."""
_SERVED_SECONDS, _SERVED_ROUNDS = 3.0, 2
_MOST_IMPORTED = 1_000


def main(size: str, target: Path, turns: int, only: frozenset[str]) -> None:
    """The results of this size are in ``target``; parts that are not measured now stay as they were found."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from benchmarks.filling import fill, sign_in
    from benchmarks.organisation import organisation
    from benchmarks.sizes import SIZES
    from governance.models import BusinessUnit

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    made = organisation(SIZES[size])
    found: dict[str, Any] = json.loads(target.read_text()) if target.exists() else {}
    found |= {
        "size": {"name": size, "units": made.size.units, "people": made.size.people, "documents": made.size.documents},
        "database": connection.vendor,
    }

    def keep(part: str, result: dict[str, Any]) -> None:
        found[part] = {**result, "load": f"{os.getloadavg()[0]:.1f}"}
        found["machine"] = _machine(connection)
        found["measured_at"] = datetime.now(UTC).isoformat(timespec="seconds")
        found["memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        target.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
        say(f"{size}: {part} measured")

    if not BusinessUnit.objects.exists():
        begun = perf_counter()
        filled = fill(made)
        seconds = perf_counter() - begun
        keep(
            "filled",
            {
                "seconds": round(seconds, 1),
                "documents_per_second": round(made.size.documents / seconds),
                "revisions": filled.revisions,
                "grants": filled.grants,
                "compile_seconds": round(filled.compile_seconds, 2),
            },
        )
    documents = made.documents()
    sessions = sign_in([person for people in made.measured.values() for person in people])
    measures = _measures(made, documents, sessions, turns, size)
    for part in PARTS:
        if part in only:
            keep(part, measures[part]())


def _measures(
    made: Any, documents: Any, sessions: dict[int, str], turns: int, size: str
) -> dict[str, Callable[[], dict[str, Any]]]:
    from benchmarks import importing, reading, reviewing, servers, switching, writing
    from benchmarks.serving import Server

    def read() -> dict[str, Any]:
        found = reading.read(made, Server(sessions), documents, turns=turns, guardian=_guardian(size))
        return {
            "measured": {name: each.as_json() for name, each in found.measured.items()},
            "statements": found.statements,
            "bytes": found.bytes,
        }

    def serve() -> dict[str, Any]:
        _guardian(size)
        cases = reading.served(made, documents, guardian=size != "1m")
        cookies = [servers.cookie(sessions[person]) for person in made.measured["division"]]
        return servers.serve(cases, cookies, seconds=_SERVED_SECONDS, rounds=_SERVED_ROUNDS)

    reader = made.measured["division"][0]
    return {
        "starting": servers.start,
        "reading": read,
        "serving": serve,
        "reviewing": reviewing.review,
        "importing": lambda: importing.take_in(made, documents=min(_MOST_IMPORTED, made.size.documents // 20)),
        "writing": lambda: writing.write(made, documents, times=turns),
        "switching": lambda: switching.switch(made, (reader, sessions[reader])),
    }


def _guardian(size: str) -> str:
    """Rights on each document need tens of rows a document: made up to 100,000 documents, where the point is plain."""
    if size == "1m":
        return ""
    from django.db import connection

    from benchmarks.guardians import PER_DOCUMENT

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM guardian_groupobjectpermission")
        if cursor.fetchone()[0] == 0:
            cursor.execute(PER_DOCUMENT)
            cursor.execute(
                "VACUUM ANALYZE guardian_groupobjectpermission" if connection.vendor == "postgresql" else "ANALYZE"
            )
    return "document"


def _machine(connection: Any) -> dict[str, str]:
    from importlib.metadata import version as installed

    import django

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version" if connection.vendor == "postgresql" else "SELECT sqlite_version()")
        version = str(cursor.fetchone()[0]).split()[0]
    return {
        "processors": str(os.cpu_count()),
        "load": f"{os.getloadavg()[0]:.1f}",
        "python": platform.python_version(),
        "django": django.get_version(),
        "guardian": installed("django-guardian"),
        connection.vendor: version,
    }


def say(words: str) -> None:
    """A line for whoever waits."""
    print(f"{datetime.now(UTC):%H:%M:%S} {words}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), frozenset(sys.argv[4].split(",")))
