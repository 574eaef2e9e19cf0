"""``python -m benchmarks``: make an organisation of each size, measure, write what was found.

    python -m benchmarks --sizes 10k,100k --turns 20 --out benchmarks/results

Each size has a database of its own (``REMIT_BENCH_URL`` names the server, or SQLite files are made), which is dropped
afterwards; ``--keep`` keeps it, and the next run with ``--keep`` finds it filled.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from benchmarks.run import PARTS
from benchmarks.sizes import SIZES

RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """Measure every size asked for, each in a process of its own, then draw the table and the plots."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--sizes", default="10k", help=f"some of {', '.join(SIZES)}")
    parser.add_argument("--turns", type=int, default=20, help="times per round and case; three rounds")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--keep", action="store_true", help="keep the databases for the next run")
    parser.add_argument("--only", default=",".join(PARTS), help="parts to measure; the others stay as they are")
    arguments = parser.parse_args()
    server = os.environ.get("REMIT_BENCH_URL", "")
    arguments.out.mkdir(parents=True, exist_ok=True)
    for size in arguments.sizes.split(","):
        if size not in SIZES:
            parser.error(f"There is no size {size}; there are {', '.join(SIZES)}.")
        with tempfile.TemporaryDirectory(prefix="remit-bench-") as folder:
            code = _one_size(size, server, folder, arguments)
        if code:
            return code
    from benchmarks.reporting import write_report

    write_report(arguments.out)
    return 0


def _one_size(size: str, server: str, folder: str, arguments: argparse.Namespace) -> int:
    name = f"remit_bench_{size}"
    url = urlunsplit(urlsplit(server)._replace(path=f"/{name}")) if server else f"sqlite:///{folder}/{name}.sqlite3"
    if server:
        _create(server, name)
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "REMIT_DATA": folder,
        "REMIT_STATIC_ROOT": f"{folder}/static",
        "REMIT_LOG_LEVEL": "CRITICAL",
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
    }
    database = "postgresql" if server else "sqlite"
    target = arguments.out / f"{database}-{size}.json"
    command = [sys.executable, "-m", "benchmarks.run", size, str(target), str(arguments.turns), arguments.only]
    try:
        return subprocess.run(command, env=environment, check=False).returncode
    finally:
        if server and not arguments.keep:
            _drop(server, name)


def _create(server: str, name: str) -> None:
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(f'CREATE DATABASE "{name}"')


def _drop(server: str, name: str) -> None:
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


if __name__ == "__main__":
    sys.exit(main())
