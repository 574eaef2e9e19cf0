"""Knowledge's jobs: what the calendar brings about. Each bears being run twice, and at once."""

from celery import shared_task

from governance.errors import RemitError
from governance.locks import job_lease
from knowledge.actions import imports
from knowledge.actions.publication import put_in_force
from knowledge.actions.reviews import remind_due_reviews
from knowledge.models import ImportBatch
from knowledge.selectors.imports import batches_to_carry_on, job_name


@shared_task(name="knowledge.put_versions_in_force")
def put_versions_in_force() -> str:
    """Every approved version and retirement whose day has come has taken effect."""
    with job_lease("knowledge.put_versions_in_force", seconds=600) as lease:
        if lease is None:
            return "another run is under way"
        lease.result = f"{put_in_force()} took effect"
        return lease.result


@shared_task(name="knowledge.remind_of_reviews")
def remind_of_reviews() -> str:
    """Every owner of a document whose review is due or overdue has been told once."""
    with job_lease("knowledge.remind_of_reviews", seconds=900) as lease:
        if lease is None:
            return "another run is under way"
        lease.result = f"{remind_due_reviews()} reminded"
        return lease.result


IMPORT_LEASE = 180
"""Seconds that an import may take over one document before another job takes it for dead."""


@shared_task(name="knowledge.run_import")
def run_import(batch_id: int) -> str:
    """The import is carried on to its end by whoever started it. Told twice, the second run finds the first at work."""
    batch = ImportBatch.objects.select_related("remit__unit", "imported_by").get(pk=batch_id)
    with job_lease(job_name(batch), seconds=IMPORT_LEASE) as lease:
        if lease is None:
            return "another run is under way"
        held = lease
        try:
            batch = imports.run_import(actor=batch.imported_by, batch=batch, progress=lambda _batch: held.renew())
        except RemitError as error:
            # The batch says so itself, and whoever opens its page reads it.
            lease.result = error.message
            return lease.result
        lease.result = f"{batch.number}: {batch.get_state_display()}, {batch.revisions_new} revisions"
        return lease.result


@shared_task(name="knowledge.carry_on_imports")
def carry_on_imports() -> str:
    """Every import whose job died is begun again."""
    waiting = batches_to_carry_on()
    for batch_id in waiting:
        run_import.delay(batch_id)
    return f"{len(waiting)} carried on"


def run_import_soon(batch_id: int) -> None:
    """A worker will carry the import on, if the broker can be reached; else the beat job finds it."""
    run_import.apply_async((batch_id,), retry=False, ignore_result=True)


SCHEDULE = {
    "knowledge.put_versions_in_force": {
        "task": "knowledge.put_versions_in_force",
        "schedule": 300,
        "at_start": True,
    },
    "knowledge.carry_on_imports": {
        "task": "knowledge.carry_on_imports",
        "schedule": 120,
        "at_start": True,
    },
    "knowledge.remind_of_reviews": {
        "task": "knowledge.remind_of_reviews",
        "schedule": 900,
        "at_start": True,
    },
}
