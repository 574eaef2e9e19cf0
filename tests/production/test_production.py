"""The production shape, run as its files describe it: the main job under faults, and nothing lost.

One installation serves the whole test, for starting it is most of the cost: PostgreSQL as it is at hand with a database
of its own, a Redis of its own, a web server, two workers, two beats and a mail server. ``REMIT_PROVE_FAULTS`` says how
many faults are made (each with a document of its own); a campaign makes hundreds, the suite one of each kind.
"""

import faulthandler
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.production.installation import HOST, Installation, eventually
from tests.production.person import Away, Person
from tests.production.post_office import PostOffice
from tests.production.setting import MAKE, PASSWORD

pytestmark = [pytest.mark.postgresql, pytest.mark.redis, pytest.mark.production]

AUTHOR, LEAD = "carl@example.org", "cora@example.org"
KINDS = ("worker_before", "worker_after", "redis", "database", "web")
FAULTS = int(os.environ.get("REMIT_PROVE_FAULTS") or len(KINDS))
VERIFY = "from django.core.management import call_command as run; run('verify_ledger'); run('verify_permissions')"
WORKERS, BEATS = ("worker-1", "worker-2"), ("beat-1", "beat-2")


class Work:
    """The main job, done by its two people in the running installation."""

    def __init__(self, site: Installation, post: PostOffice) -> None:
        self.site, self.post = site, post
        self.author, self.lead = Person(site.web_port), Person(site.web_port)
        self.mail_kills = 0

    def sign_in(self) -> None:
        self.author.sign_in(AUTHOR, PASSWORD)
        self.lead.sign_in(LEAD, PASSWORD)

    def submit(self, number: str, document: str, *, text: str) -> str:
        """The author edits the draft and submits it; returns the request's number."""

        def step() -> None:
            body = f"In short: {text}.\n\n## Scope\n\nSystems MUST {text}.\n"
            self.author.send(f"/s/{number}/edit/", body=body, reason="It is needed.", step="submit")

        found: str = self.author.insists(step, lambda: self.request_of(document))
        return found

    def request_of(self, document: str) -> Any:
        return self.site.value("SELECT number FROM governance_request WHERE subject_id = %s", document)

    def lead_is_asked(self, request: str) -> None:
        eventually(f"a mail about {request} comes to its decider", lambda: self.post.came_to(LEAD, request))

    def approve(self, number: str, request: str, *, text: str) -> None:
        """The lead decides, and the version is in force; told by the page that its author reads."""
        self.lead.insists(
            lambda: self.lead.send(f"/requests/{request}/", step="approve"),
            lambda: self.site.value("SELECT status <> 'open' FROM governance_request WHERE number = %s", request),
        )
        self.author.insists(lambda: None, lambda: self._reads(number, text))

    def _reads(self, number: str, text: str) -> bool:
        try:
            return text in self.author.get(f"/s/{number}/").text
        except Away:
            return False

    def settled(self) -> bool:
        """Whether nothing is owed any more, not even what is held back."""
        owed = self.site.value(
            "SELECT (SELECT count(*) FROM governance_delivery WHERE state = 'pending')"
            " + (SELECT count(*) FROM accounts_outgoingmail WHERE state = 'waiting')"
        )
        return bool(owed == 0)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Installation]:
    for program in ("redis-server", "redis-cli", "pg_dump", "pg_restore", "pg_isready"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not at hand: install redis-server and postgresql-client.")
    if len(KINDS) < FAULTS:
        # A campaign takes the time it takes; what hangs in it is found by the patience of each step.
        faulthandler.cancel_dump_traceback_later()
    post = PostOffice()
    post.open()
    found = Installation(tmp_path, server=os.environ["DATABASE_URL"], mail_port=post.port)
    found.post = post  # type: ignore[attr-defined]
    try:
        yield found
    finally:
        found.remove()
        post.close()


def test_the_main_job_under_faults_loses_nothing(site: Installation) -> None:
    post: PostOffice = site.post  # type: ignore[attr-defined]
    site.start("redis")
    site.prepare()
    eventually("Redis is healthy", lambda: site.healthy("redis"))
    assert site.healthy("database")
    drafts = json.loads(
        site.run("python", "manage.py", "shell", "-v", "0", "-c", MAKE.format(drafts=FAULTS + 2)).splitlines()[-1]
    )
    site.start("web", *WORKERS, *BEATS)
    work = Work(site, post)
    stranger = Person(site.web_port)
    eventually("the web server answers", lambda: _answers(stranger, "/livez"))
    eventually("everything is ready", lambda: _answers(stranger, "/readyz"))
    _static_files_are_kept_for_ever_and_sent_compressed(stranger)
    work.sign_in()

    _the_main_job_joins_log_jobs_and_ledger(work, *drafts[0])
    _one_beat_works(site)
    _kill_the_beat_that_works(site)
    for index in range(FAULTS):
        _one_fault(work, KINDS[index % len(KINDS)], index, *drafts[index + 1])
    _the_other_beat_took_over(site)
    _metrics_tell_of_it(stranger, site)
    _a_stop_lets_the_mail_in_hand_leave(work, *drafts[-1])
    eventually("nothing is owed any more", work.settled)
    eventually("everything is ready again", lambda: _answers(stranger, "/readyz"))
    _nothing_was_lost(work, len(drafts))
    _a_restored_backup_is_equal(site)
    _a_stop_lets_the_request_in_hand_be_answered(site, Person(site.web_port))


# --- The shape


def _answers(person: Person, path: str) -> bool:
    try:
        return person.get(path).status == 200
    except Away:
        return False


def _static_files_are_kept_for_ever_and_sent_compressed(stranger: Person) -> None:
    page = stranger.get("/signin/").text
    style = page.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = stranger.get(style, **{"Accept-Encoding": "gzip"})
    assert answer.status == 200
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Encoding"] == "gzip"


def _the_main_job_joins_log_jobs_and_ledger(work: Work, number: str, document: str) -> None:
    site = work.site
    work.author.asked_as = "proxy-2031.0001"
    request = work.submit(number, document, text="keep the first promise")
    work.author.asked_as = ""
    work.lead_is_asked(request)
    work.approve(number, request, text="keep the first promise")
    recorded = {
        event
        for (event,) in site.execute(
            "SELECT event FROM governance_ledgerentry WHERE request_id = %s", "proxy-2031.0001"
        )
    }
    assert {"draft.submitted", "approval.submitted"} <= recorded, recorded
    assert '"request_id": "proxy-2031.0001"' in site.running["web"].says()
    jobs = "".join(site.running[name].says() for name in WORKERS)
    assert '"request_id": "proxy-2031.0001"' in jobs, "the job that the request started names it"
    named_after_itself = [
        line for line in jobs.splitlines() if '"event": "task_started"' in line and '"request_id": "' not in line
    ]
    assert named_after_itself == [], "a job that no request started is its own"


def _one_beat_works(site: Installation) -> None:
    def sent(name: str) -> int:
        return site.running[name].says().count("Sending due task")

    eventually("a beat sends", lambda: sum(map(sent, BEATS)) >= 4)
    assert sorted(sent(name) > 0 for name in BEATS) == [False, True], {name: sent(name) for name in BEATS}
    assert all(site.healthy(name) for name in BEATS), "who stands by is as healthy as who works"
    assert site.healthy("web")
    assert site.healthy("worker-1")


def _kill_the_beat_that_works(site: Installation) -> None:
    site.running[_working_beat(site)].kill()


def _working_beat(site: Installation) -> str:
    return next(name for name in BEATS if "Sending due task" in site.running[name].says())


def _the_other_beat_took_over(site: Installation) -> None:
    standing = next(name for name in BEATS if site.running[name].lives())
    eventually("the beat that stood by sends", lambda: "Sending due task" in site.running[standing].says())


# --- The faults


def _one_fault(work: Work, kind: str, index: int, number: str, document: str) -> None:
    """One main job with one fault in the middle: while the mail leaves, or while somebody submits or decides."""
    text = f"keep promise {index}"
    if kind.startswith("worker"):
        request = _submitted_while_the_worker_dies(work, number, document, text=text, moment=kind.partition("_")[2])
        work.lead_is_asked(request)
        work.approve(number, request, text=text)
        return
    strike = {
        "redis": work.site.kill_redis,
        "database": work.site.cut_connections,
        "web": work.site.kill_web_process,
    }[kind]
    while_submitting = (index // len(KINDS) + index) % 2 == 0
    delay = Random(index).uniform(0.0, 0.4)
    with _struck(strike, after=delay, really=while_submitting):
        request = work.submit(number, document, text=text)
    work.lead_is_asked(request)
    with _struck(strike, after=delay, really=not while_submitting):
        work.approve(number, request, text=text)


class _struck:  # noqa: N801 - reads as a word at its place
    """While the block runs, the fault strikes from the side; leaving it waits for its end."""

    def __init__(self, strike: Callable[[], object], *, after: float, really: bool) -> None:
        self._thread = Thread(target=lambda: (time.sleep(after), strike()), daemon=True) if really else None

    def __enter__(self) -> None:
        if self._thread is not None:
            self._thread.start()

    def __exit__(self, *_: object) -> None:
        if self._thread is not None:
            self._thread.join()


def _submitted_while_the_worker_dies(work: Work, number: str, document: str, *, text: str, moment: str) -> str:
    """Every worker is killed while one of them hands over a mail: before the mail server took it in, or after."""
    work.post.somebody_waits.clear()
    work.post.slow = moment
    request = work.submit(number, document, text=text)
    assert work.post.somebody_waits.wait(90), "a worker hands a mail over"
    work.site.restart_killed(*WORKERS)
    work.mail_kills += 1
    work.post.slow = ""
    return request


# --- What must hold in the end


def _nothing_was_lost(work: Work, documents: int) -> None:
    site = work.site
    assert site.value("SELECT count(*) FROM knowledge_document WHERE in_force_id IS NOT NULL") == documents
    assert (
        site.execute(
            "SELECT r.number, r.status, count(d.id) FROM governance_request r"
            " LEFT JOIN governance_decision d ON d.request_id = r.id GROUP BY r.id HAVING count(d.id) <> 1"
        )
        == []
    )
    assert site.execute("SELECT status, count(*) FROM governance_request GROUP BY status") == [("approved", documents)]
    assert (
        site.execute("SELECT handler, last_error FROM governance_delivery WHERE state NOT IN ('done', 'cancelled')")
        == []
    )
    assert (
        site.execute("SELECT state, last_error FROM accounts_outgoingmail WHERE state NOT IN ('sent', 'dropped')") == []
    )
    taken = work.post.taken()
    sent = {row[0] for row in site.execute("SELECT message_id FROM accounts_outgoingmail WHERE state = 'sent'")}
    assert sent - set(taken) == set(), "a mail that is marked as sent was taken by nobody"
    again = sum(count - 1 for count in taken.values())
    assert again <= work.mail_kills, f"{again} mails came again after {work.mail_kills} kills in the middle of one"
    notices = site.execute("SELECT user_id, key, count(*) FROM accounts_notification GROUP BY 1, 2 HAVING count(*) > 1")
    assert notices == [], "a notice in the inbox twice"


def _metrics_tell_of_it(stranger: Person, site: Installation) -> None:
    assert stranger.get("/metrics").status == 404
    token = (site.folder / "secret-metrics_token").read_text(encoding="utf-8").strip()
    answer = stranger.get("/metrics", Authorization=f"Bearer {token}")
    assert answer.status == 200
    for line in (
        'remit_requests_total{method="POST",route="document-edit",status="302"}',
        'remit_request_seconds_bucket{le="0.5",method="GET",route="document"}',
        'remit_request_statements_total{method="GET",route="document"}',
        'remit_jobs_total{outcome="success",task="governance.sweep_deliveries"}',
        'remit_outbox_waiting{outbox="mail"}',
        'remit_outbox_dead{outbox="deliveries"} 0.0',
        "remit_permission_epoch ",
        "remit_beat_age_seconds ",
        "remit_workers 2.0",
    ):
        assert line in answer.text, f"{line}\n{answer.text[-4000:]}"


def _a_stop_lets_the_mail_in_hand_leave(work: Work, number: str, document: str) -> None:
    """Workers that are asked to stop in the middle of a mail send it, mark it, and end."""
    site, text = work.site, "keep the last promise"
    work.post.somebody_waits.clear()
    work.post.slow = "after"
    request = work.submit(number, document, text=text)
    assert work.post.somebody_waits.wait(90)
    stopping = [Thread(target=site.running[name].stop) for name in WORKERS]
    for each in stopping:
        each.start()
    time.sleep(0.5)
    work.post.slow = ""
    for each in stopping:
        each.join()
    ends = {name: site.running[name].process.returncode for name in WORKERS}
    last_words = [site.running[name].says()[-3000:] for name, code in ends.items() if code]
    assert set(ends.values()) == {0}, "\n".join([str(ends), *last_words])
    site.start(*WORKERS)
    work.lead_is_asked(request)
    work.approve(number, request, text=text)


def _a_stop_lets_the_request_in_hand_be_answered(site: Installation, visitor: Person) -> None:
    """Half a form has arrived when the server is asked to stop; the other half still does, and is answered."""
    values = {**visitor.get("/signin/").fields(), "email": AUTHOR, "password": PASSWORD}
    body = urlencode(values).encode()
    head = (
        f"POST /signin/ HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-Proto: https\r\nReferer: https://{HOST}/signin/\r\n"
        f"Cookie: {'; '.join(f'{name}={value}' for name, value in visitor.cookies.items())}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    web = site.running["web"]
    with socket.create_connection(("127.0.0.1", site.web_port), timeout=30) as half:
        half.sendall(head.encode() + body[:20])
        time.sleep(0.5)
        stopping = Thread(target=web.stop)
        stopping.start()
        time.sleep(0.5)
        half.sendall(body[20:])
        answer = half.recv(65536)
    stopping.join()
    assert answer.startswith(b"HTTP/1.1 302"), answer[:300]
    assert web.process.returncode == 0


def _a_restored_backup_is_equal(site: Installation) -> None:
    """As docs/operations.md says it: pg_dump, pg_restore into an empty database, both verify commands; and as nothing
    moves any more, what holds there is what is here."""
    dump, restored = site.folder / "remit.dump", f"{site.database}_restored"
    site.execute(f'CREATE DATABASE "{restored}"', database=None)
    try:
        for command in (
            ["pg_dump", "--format=custom", f"--file={dump}", site.url(site.database)],
            ["pg_restore", "--no-owner", "--exit-on-error", f"--dbname={site.url(restored)}", str(dump)],
        ):
            done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
            assert done.returncode == 0, done.stderr[-2000:]
        verified = site.run("python", "manage.py", "shell", "-v", "0", "-c", VERIFY, DATABASE_URL=site.url(restored))
        assert "The ledger holds" in verified
        assert "are what the organisation compiles to" in verified
        for rows in (
            "SELECT name, last_sequence, last_hash FROM governance_ledgerstream ORDER BY name",
            "SELECT number, in_force_id FROM knowledge_document ORDER BY number",
        ):
            there = site.execute(rows, database=restored)
            assert there
            assert there == site.execute(rows)
    finally:
        site.execute(f'DROP DATABASE IF EXISTS "{restored}" WITH (FORCE)', database=None)
