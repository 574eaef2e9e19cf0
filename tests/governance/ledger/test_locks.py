"""A job's lease: one holder, freed at its end, by an error, and by time when its holder died."""

from datetime import timedelta

import pytest

from governance import ledger
from governance.locks import LeaseLost, job_lease
from governance.models import JobHeartbeat

pytestmark = pytest.mark.django_db


def expire() -> None:
    JobHeartbeat.objects.update(lease_until=ledger.database_now() - timedelta(seconds=1))


def test_only_one_holds_a_job_and_the_next_may_when_it_ends() -> None:
    with job_lease("tests.job", seconds=60) as first:
        assert first is not None
        with job_lease("tests.job", seconds=60) as second:
            assert second is None
        with job_lease("tests.other", seconds=60) as other:
            assert other is not None
        first.result = "3 done"
    row = JobHeartbeat.objects.get(name="tests.job")
    assert (row.lease_until, row.last_result, row.last_error) == (None, "3 done", "")
    assert row.finished_at is not None
    with job_lease("tests.job", seconds=60) as third:
        assert third is not None


def test_an_error_frees_the_job_is_kept_and_passes_on() -> None:
    with pytest.raises(ZeroDivisionError), job_lease("tests.job", seconds=60):
        raise ZeroDivisionError("by\x00zero")
    row = JobHeartbeat.objects.get()
    assert row.last_error == "ZeroDivisionError: byzero"
    with job_lease("tests.job", seconds=60) as lease:
        assert lease is not None
    row.refresh_from_db()
    assert row.last_error == ""


def test_a_dead_holders_lease_runs_out_and_it_cannot_end_the_next_ones() -> None:
    with job_lease("tests.job", seconds=60) as slow:
        assert slow is not None
        expire()
        with job_lease("tests.job", seconds=60) as quick:
            assert quick is not None
            with pytest.raises(LeaseLost):
                slow.renew()
            quick.renew()
            slow.result = "from the past"
    assert JobHeartbeat.objects.get().last_result == ""


def test_renewing_moves_the_end() -> None:
    with job_lease("tests.job", seconds=60) as lease:
        assert lease is not None
        expire()
        lease.renew()
        assert JobHeartbeat.objects.get().lease_until > ledger.database_now() + timedelta(seconds=50)  # type: ignore[operator]
