"""Run the whole suite: ``python -m tests.suite [pytest arguments]``.

One pass on SQLite, one on PostgreSQL where a server answers, and with each what else is at hand: a Redis, a Chromium.
What is not there is skipped by name and said again at the end; under REMIT_FORBID_SKIPS=1 it is a failure.
"""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from urllib.parse import quote

import psycopg
import redis

PATIENCE = 3
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True)
class Service:
    """Something that tests may need: where it is, or why it is not there."""

    name: str
    where: str = ""
    why_not: str = ""


def postgresql() -> Service:
    """Look for the server of REMIT_TEST_DATABASE_URL, else for the one of PostgreSQL's usual variables."""
    env = os.environ
    password = f":{quote(env['PGPASSWORD'], safe='')}" if env.get("PGPASSWORD") else ""
    url = env.get("REMIT_TEST_DATABASE_URL") or (
        f"postgres://{quote(env.get('PGUSER', 'postgres'), safe='')}{password}"
        f"@{env.get('PGHOST', '127.0.0.1')}:{env.get('PGPORT', '5432')}/postgres"
    )
    try:
        with psycopg.connect(url, connect_timeout=PATIENCE):
            return Service("PostgreSQL", where=url)
    except psycopg.Error as error:
        first_line = str(error).strip().splitlines()[0]
        return Service("PostgreSQL", why_not=f"set REMIT_TEST_DATABASE_URL to a server ({first_line})")


def redis_server() -> Service:
    """Look for the Redis of REMIT_TEST_REDIS_URL, else for one on this machine; tests use its database 15."""
    url = os.environ.get("REMIT_TEST_REDIS_URL") or "redis://127.0.0.1:6379/15"
    try:
        redis.Redis.from_url(url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE).ping()
    except redis.RedisError as error:
        return Service("Redis", why_not=f"set REMIT_TEST_REDIS_URL to a server ({error})")
    return Service("Redis", where=url)


def browser() -> Service:
    """Look for the Chromium of REMIT_TEST_BROWSER, else for one among the installed programs."""
    for name in (os.environ.get("REMIT_TEST_BROWSER", ""), *BROWSERS):
        if name and (path := shutil.which(name)):
            return Service("Chromium", where=path)
    return Service("Chromium", why_not="install chromium, or set REMIT_TEST_BROWSER to its path")


def run_pass(name: str, arguments: list[str], environment: dict[str, str]) -> bool:
    """Run pytest once and return whether it passed. A pass whose selection leaves nothing has not failed."""
    print(f"\n=== The suite on {name} ===", flush=True)
    begun = time.monotonic()
    # The slow journeys stand together in the order of files: a process that has nothing left takes over some of them.
    spread = ["-n", os.environ.get("REMIT_TEST_PROCESSES", "2"), "--dist", "worksteal"]
    command = [sys.executable, "-m", "pytest", *spread, *arguments]
    code = subprocess.run(command, env=environment, check=False).returncode
    print(
        f"=== {name}: {'passed' if code == 0 else f'FAILED ({code})'} in {time.monotonic() - begun:.0f} s ===",
        flush=True,
    )
    return code == 0 or (code == 5 and bool(arguments))


def main(arguments: list[str]) -> int:
    """Return 0 when every pass passed."""
    database, cache, chromium = postgresql(), redis_server(), browser()
    missing = [service for service in (database, cache, chromium) if not service.where]
    for service in missing:
        print(f"{service.name} is not at hand, so what needs it is not tested: {service.why_not}", flush=True)
    strict = os.environ.get("REMIT_FORBID_SKIPS") == "1"
    if strict and missing:
        print("REMIT_FORBID_SKIPS=1: nothing may be skipped here.")
        return 1

    # The suite says itself where it runs: an installation's own settings have no say in it.
    own = {"DATABASE_URL", "REDIS_URL", "REMIT_ENV", "DEMO_MODE", "REMIT_DATA", "SECRET_KEY", "EMAIL_URL"}
    environment = {key: value for key, value in os.environ.items() if key not in own}
    environment["REMIT_TEST_REDIS_URL"] = cache.where
    environment["REMIT_TEST_BROWSER"] = chromium.where
    environment["REMIT_NO_POSTGRESQL"] = database.why_not

    passed = run_pass("SQLite", arguments, environment)
    if database.where:
        passed &= run_pass("PostgreSQL", arguments, {**environment, "DATABASE_URL": database.where})
    for service in missing:
        print(f"Not tested, for want of {service.name}: {service.why_not}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
