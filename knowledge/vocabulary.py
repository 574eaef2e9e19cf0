"""The fixed words of documents: where one stands, in the ten words of the product."""

from enum import StrEnum


class Status(StrEnum):
    """Where a document, or the draft of its next version, stands."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    IN_FORCE = "in_force"
    REVIEW_DUE = "review_due"
    OVERDUE = "overdue"
    RETIRED = "retired"
    REPLACED = "replaced"
    SENT_BACK = "sent_back"
    REJECTED = "rejected"

    @property
    def label(self) -> str:
        """The word as people read it, for example ``In force``."""
        return self.value.replace("_", " ").capitalize()

    @property
    def is_in_force(self) -> bool:
        """Whether a version is in force."""
        return self in IN_FORCE_STATUSES


IN_FORCE_STATUSES = frozenset({Status.IN_FORCE, Status.REVIEW_DUE, Status.OVERDUE})
"""The words for a document with a version in force; the last two also say that its review waits."""

REVIEW_NOTICE_DAYS = 14
"""A review is due from so many days before its day; after its day it is overdue."""
