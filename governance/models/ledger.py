"""What happened, and what still has to be told: the ledger's rows, the outbox and the heartbeat of the beat jobs.

Nothing here is written but by ``governance.ledger``. Triggers in the database refuse every change to an entry
(``governance/ledger/triggers.py``); people appear only by their pseudonymous public id, so that erasing an entry's
payload erases the person and leaves the chain whole.
"""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


class LedgerStream(models.Model):
    """A chain of entries about one thing, and its head.

    Made with its first entry, never deleted; only ``last_sequence`` and ``last_hash`` move, and only forward.
    The head is kept here so that appending needs no search for the newest entry, and so that a cut tail shows.
    """

    name = models.CharField(max_length=120, unique=True, help_text="kind:id, for example document:3f0c…")
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=80)
    last_sequence = models.PositiveBigIntegerField(default=0)
    last_hash = models.CharField(max_length=64, default="", blank=True)

    class Meta:
        verbose_name = "ledger stream"

    def __str__(self) -> str:
        return self.name


class LedgerEntry(models.Model):
    """One thing that happened: appended, never changed, never deleted.

    ``sequence`` is gap-free per stream from 1; ``hash`` covers every other column and the hash before it.
    What was changed and why lies in the payload; the entry holds only its salted hash.
    """

    stream = models.ForeignKey(LedgerStream, on_delete=models.PROTECT, related_name="entries")
    sequence = models.PositiveBigIntegerField()
    schema_version = models.PositiveSmallIntegerField()
    event = models.CharField(max_length=80)
    recorded_at = models.DateTimeField(help_text="The database's clock.")
    occurred_at = models.DateTimeField(null=True, blank=True, help_text="When it is claimed to have happened.")
    actor = models.CharField(max_length=36, help_text="The actor's public id, or system.")
    on_behalf_of = models.CharField(max_length=36, blank=True, default="")
    subject = models.CharField(max_length=120, help_text="kind:id of what it is about.")
    change_id = models.CharField(max_length=36, help_text="Shared by all entries of one transaction.")
    request_id = models.CharField(max_length=80, blank=True, default="")
    payload_hash = models.CharField(max_length=64)
    previous_hash = models.CharField(max_length=64, blank=True, default="")
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = "ledger entry"
        verbose_name_plural = "ledger entries"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["stream", "sequence"], name="ledgerentry_stream_sequence"),
            models.CheckConstraint(condition=models.Q(sequence__gte=1), name="ledgerentry_sequence_from_one"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["event", "-id"], name="ledgerentry_event"),
            models.Index(fields=["actor", "-id"], name="ledgerentry_actor"),
            models.Index(fields=["subject", "-id"], name="ledgerentry_subject"),
            models.Index(fields=["recorded_at"], name="ledgerentry_recorded_at"),
            models.Index(fields=["change_id"], name="ledgerentry_change"),
        ]

    def __str__(self) -> str:
        return f"{self.event} #{self.sequence}"


class LedgerPayload(models.Model):
    """What an entry says in words and values, with the salt of its hash; made with the entry, never changed.

    Deleting the row is erasure: the entry and its hash stay. ``body`` is the canonical JSON text exactly as hashed,
    so that no database's own idea of JSON can change a byte of it.
    """

    entry = models.OneToOneField(LedgerEntry, on_delete=models.PROTECT, primary_key=True, related_name="payload")
    salt = models.CharField(max_length=64)
    body = models.TextField()

    class Meta:
        verbose_name = "ledger payload"

    def __str__(self) -> str:
        return f"payload of entry {self.pk}"


class Delivery(models.Model):
    """One entry to be told to one handler: the outbox, committed with the change itself.

    ``pending`` until the handler has finished (``done``), its change was undone in time (``cancelled``), or it has
    failed too often (``dead``, which a person may send again). ``attempts`` is the fencing number of a claim: only
    the attempt that holds it may mark the row. ``lease_until`` is told by the database's clock.
    """

    class State(models.TextChoices):
        """Where a delivery stands."""

        PENDING = "pending", "Pending"
        DONE = "done", "Done"
        DEAD = "dead", "Failed for good"
        CANCELLED = "cancelled", "Cancelled"

    entry = models.ForeignKey(LedgerEntry, on_delete=models.PROTECT, related_name="deliveries")
    handler = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    not_before = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["entry", "handler"], name="delivery_entry_handler"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["not_before", "id"], condition=models.Q(state="pending"), name="delivery_due"),
            models.Index(fields=["state", "-id"], name="delivery_state"),
        ]

    def __str__(self) -> str:
        return f"{self.handler} of entry {self.entry_id}: {self.state}"


class JobHeartbeat(models.Model):
    """When a beat job last ran, how it ended, and who holds its lease now; one row per job, made at its first run.

    ``turn`` is the fencing number: it grows with every lease, and only the turn that holds it may write the end.
    """

    name = models.CharField(max_length=80, primary_key=True)
    turn = models.PositiveBigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    last_result = models.TextField(blank=True, default="")
    last_error = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return self.name


class WorkerHeartbeat(models.Model):
    """When a worker last ran the job that only says "I consume"; one row per worker, made when it first did.

    Kept in the database and not beside the messages: a worker that lost the broker may still believe that it listens.
    Rows of workers that are long gone are deleted by those that live.
    """

    name = models.CharField(max_length=200, primary_key=True, help_text="As the worker names itself: celery@host.")
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
