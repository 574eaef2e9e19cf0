"""The jobs of accounts: mail leaves."""

from celery import shared_task
from django.conf import settings

from accounts.actions import outbox
from governance.locks import SWEEP_LEASE, job_lease


@shared_task(name="accounts.send_mail_due")
def send_mail_due() -> str:
    """Every mail that is due has left; safe to run any number of times at once."""
    return str(outbox.send_due_mail())


@shared_task(name="accounts.send_mail_on_beat")
def send_mail_on_beat() -> str:
    """The same, once at a time and with a heartbeat: what a lost message or a killed worker left behind is found."""
    with job_lease("accounts.send_mail", seconds=SWEEP_LEASE) as lease:
        if lease is None:
            return "another sweep is running"
        lease.result = str(outbox.send_due_mail())
        return lease.result


def send_soon() -> None:
    """A worker will look into the outbox now, if the broker can be reached; else the beat job does."""
    send_mail_due.apply_async(retry=False, expires=60, ignore_result=True)


def register() -> None:
    """Each commit that leaves a mail asks for a sweep."""
    outbox.set_dispatcher(send_soon)


SCHEDULE = {
    "accounts.send_mail": {
        "task": "accounts.send_mail_on_beat",
        "schedule": settings.SWEEP_SECONDS,
        "at_start": True,
    }
}
