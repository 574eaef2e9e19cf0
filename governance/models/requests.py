"""Requests that wait for a decision: approvals, changes and exceptions, on one engine."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from governance.models.operating_models import OperatingModelVersion
from governance.models.organisation import BusinessUnit, Remit
from governance.vocabulary import RiskLevel


class Request(models.Model):
    """Something that waits for a decision on a frozen route, under a number such as ``R-208`` that is never reused.

    ``route`` and ``state`` are the engine's values as JSON; the route, the model version and the rule are frozen when
    the request is submitted. ``subject_hash`` binds an approval to the exact revision. ``status`` and ``stage`` repeat
    the state for queries.
    """

    class Kind(models.TextChoices):
        PUBLICATION = "publication", "Approval to publish"
        RETIREMENT = "retirement", "Approval to retire"
        IMPORT = "import", "Approval of an import"
        CHANGE = "change", "Change request"
        EXCEPTION = "exception", "Exception request"

    class Status(models.TextChoices):
        OPEN = "open", "Waiting for a decision"
        APPROVED = "approved", "Approved"
        CHANGES_REQUESTED = "changes_requested", "Sent back"
        REJECTED = "rejected", "Rejected"
        WITHDRAWN = "withdrawn", "Withdrawn"
        VOIDED = "voided", "Void: the revision changed"
        UNDECIDABLE = "undecidable", "Nobody can decide"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(max_length=16, unique=True)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.OPEN)
    subject_kind = models.CharField(max_length=32)
    subject_id = models.UUIDField()
    subject_version = models.UUIDField(null=True, blank=True, help_text="Public id of the exact revision.")
    subject_hash = models.CharField(max_length=64, blank=True)
    subject_title = models.CharField(max_length=500)
    remit = models.ForeignKey(Remit, on_delete=models.PROTECT, related_name="requests")
    asking_unit = models.ForeignKey(
        BusinessUnit, null=True, blank=True, on_delete=models.PROTECT, related_name="requests_asked"
    )
    model_version = models.ForeignKey(
        OperatingModelVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    mode = models.CharField(max_length=16, blank=True)
    rule = models.CharField(max_length=500, blank=True)
    route = models.JSONField(default=dict)
    state = models.JSONField(default=dict)
    stage = models.CharField(max_length=32, blank=True)
    stage_since = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True, help_text="When a last call ends.")
    reason = models.TextField(blank=True)
    effective_on = models.DateField(null=True, blank=True)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="requests")
    submission_key = models.UUIDField(null=True, blank=True, unique=True, help_text="One submission, one request.")
    opened_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    review_open = models.BooleanField(default=False, help_text="A post-publication review still waits.")
    undo = models.JSONField(
        null=True, blank=True, help_text="What stood before the last decision, until anything moves."
    )

    class Meta:
        ordering: ClassVar = ["-opened_at"]
        indexes: ClassVar = [
            models.Index(fields=["subject_id", "status"], name="request_by_subject"),
            models.Index(fields=["subject_version"], name="request_by_version"),
            models.Index(fields=["status", "opened_at"], name="request_by_status"),
            models.Index(fields=["-opened_at"], name="request_newest_first"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject_id", "kind"],
                condition=Q(status__in=["open", "undecidable"], kind__in=["publication", "retirement", "import"]),
                name="one_open_approval_per_subject",
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.subject_title}"

    def get_absolute_url(self) -> str:
        """The request's page."""
        return f"/requests/{self.number}/"


class RequestWaiting(models.Model):
    """A person whom a request waits for now. Derived from the state, rewritten with it."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="waiting")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    stage = models.CharField(max_length=32)
    review = models.BooleanField(default=False)
    since = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["request", "user"], name="waits_once_per_person")]
        indexes: ClassVar = [models.Index(fields=["user", "since"], name="waiting_by_user")]


class Decision(models.Model):
    """One person's recorded decision on a request, with everything it stood on. Written once, never changed.

    One that was taken back in time keeps its row and says so in ``undone_at``: it counts for nothing from then on.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="decisions")
    round = models.PositiveSmallIntegerField(default=1)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decisions")
    person_key = models.BigIntegerField(help_text="The natural person.")
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    printed_name = models.CharField(max_length=200)
    verdict = models.CharField(max_length=32)
    meaning = models.CharField(max_length=300)
    comment = models.TextField(blank=True)
    stage = models.CharField(max_length=32)
    seat = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField()
    revision_hash = models.CharField(max_length=64, blank=True)
    model_version = models.ForeignKey(
        OperatingModelVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    mode = models.CharField(max_length=16, blank=True)
    relation = models.CharField(max_length=200, blank=True)
    quorum = models.CharField(max_length=100, blank=True)
    membership = models.ForeignKey(
        "governance.Membership", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    mandate = models.ForeignKey("governance.Mandate", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    delegation = models.ForeignKey(
        "governance.Delegation", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    undone_at = models.DateTimeField(null=True, blank=True, help_text="When whoever gave it took it back.")

    class Meta:
        ordering: ClassVar = ["decided_at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["request", "round", "person_key"],
                condition=Q(undone_at__isnull=True),
                name="a_person_decides_once",
            )
        ]


class Objection(models.Model):
    """A seat's objection in a last call. Cleared by whoever raised it, or by the council's vote; the row stays."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="objections")
    number = models.PositiveSmallIntegerField(default=1, help_text="From 1 within the request.")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    seat = models.CharField(max_length=200)
    text = models.TextField()
    raised_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True, blank=True)
    cleared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["request", "number"], name="objection_number_is_unique")
        ]


class ChangeRequest(models.Model):
    """What a unit asks to be changed in a document."""

    request = models.OneToOneField(Request, primary_key=True, on_delete=models.PROTECT, related_name="change")
    clause = models.UUIDField(null=True, blank=True, help_text="Public id of the clause.")
    clause_label = models.CharField(max_length=200, blank=True)
    proposal = models.TextField()


class ExceptionRequest(models.Model):
    """A unit's wish to be excepted from a clause until a day, with what it does instead. In force once approved."""

    request = models.OneToOneField(Request, primary_key=True, on_delete=models.PROTECT, related_name="exception")
    clause = models.UUIDField(null=True, blank=True)
    clause_label = models.CharField(max_length=200, blank=True)
    until = models.DateField()
    compensating_control = models.TextField()
    risk = models.CharField(max_length=8, choices=[(r.value, r.value.capitalize()) for r in RiskLevel])
    number = models.CharField(max_length=16, blank=True, help_text="The exception's own number once granted.")
    ended_at = models.DateTimeField(null=True, blank=True)
