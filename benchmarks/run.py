"""One size in one process: migrate, fill, measure, write the JSON."""

import json
import os
import platform
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any


def main(size: str, target: Path, turns: int, only: frozenset[str]) -> None:
    """The results of this size are in ``target``."""
    begun = perf_counter()
    import django

    django.setup()
    cold = perf_counter() - begun
    from django.core.management import call_command
    from django.db import connection

    from benchmarks.filling import fill, sign_in
    from benchmarks.organisation import organisation
    from benchmarks.sizes import SIZES
    from governance.models import BusinessUnit

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    made = organisation(SIZES[size])
    found: dict[str, Any] = {
        "size": {"name": size, "units": made.size.units, "people": made.size.people, "documents": made.size.documents},
        "database": connection.vendor,
        "machine": _machine(connection),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "start_seconds": round(cold, 2),
    }
    if not BusinessUnit.objects.exists():
        begun = perf_counter()
        filled = fill(made)
        found["filled"] = {
            "seconds": round(perf_counter() - begun, 1),
            "revisions": filled.revisions,
            "grants": filled.grants,
            "compile_seconds": round(filled.compile_seconds, 2),
        }
        say(f"{size}: filled in {found['filled']['seconds']} s")
    documents = made.documents()
    everybody = [person for people in made.measured.values() for person in people]
    sessions = sign_in(everybody)
    if "reading" in only:
        from benchmarks import reading
        from benchmarks.serving import Server

        read = reading.read(made, Server(sessions), documents, turns=turns, guardian=_guardian(size))
        found["reading"] = {
            "measured": {name: each.as_json() for name, each in read.measured.items()},
            "statements": read.statements,
            "bytes": read.bytes,
        }
        say(f"{size}: reading measured")
    if "writing" in only:
        from benchmarks import writing

        found["writing"] = writing.write(made, documents, times=turns)
        say(f"{size}: writing measured")
    if "switching" in only:
        from benchmarks import switching

        found["switching"] = switching.switch(made)
        say(f"{size}: switching measured")
    found["memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    target.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


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
            if connection.vendor == "postgresql":
                cursor.execute("VACUUM ANALYZE guardian_groupobjectpermission")
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
    print(words, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), frozenset(sys.argv[4].split(",")))
