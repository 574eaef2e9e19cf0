"""What is open to a person beyond the model: by a special grant, or because a request waits for them.

Within one request it is read once, together with the permission epoch; a change that the request itself makes is seen
at once.
"""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import QuerySet, Subquery, Value
from django.db.models.functions import JSONObject

from governance.models import Request, RequestWaiting, SpecialGrant
from governance.permissions.expressions import JSONList
from governance.rights import Right


@dataclass(frozen=True, slots=True)
class Beyond:
    """Public ids: of subjects granted for reading, of those granted with their drafts, of subjects of requests that
    wait for the person, of the exact versions these are about, and of what waits as a whole (an import)."""

    read: frozenset[UUID] = frozenset()
    draft: frozenset[UUID] = frozenset()
    waiting: frozenset[UUID] = frozenset()
    versions: frozenset[UUID] = frozenset()
    bundles: frozenset[UUID] = frozenset()

    def granted(self, right: Right) -> frozenset[UUID]:
        """The subjects on which a special grant gives ``right``; a grant on the drafts includes the document."""
        return self.read | self.draft if right is Right.READ else self.draft


NOTHING = Beyond()


def columns(user: int) -> dict[str, Subquery]:
    """Return what ``parse`` reads, as columns beside whatever row is read anyway."""
    waiting = RequestWaiting.objects.filter(user=user)
    asked = JSONObject(subject="request__subject_id", version="request__subject_version", kind="request__kind")
    granted = SpecialGrant.objects.valid_at().filter(user=user)
    return {
        "waiting": _together(waiting, asked),
        "granted": _together(granted, JSONObject(subject="subject_id", right="right")),
    }


def parse(waiting: Any, granted: Any) -> Beyond:
    """Return what the columns say."""
    asked, given = _rows(waiting), _rows(granted)
    if not asked and not given:
        return NOTHING
    return Beyond(
        read=frozenset(UUID(each["subject"]) for each in given if each["right"] == Right.READ),
        draft=frozenset(UUID(each["subject"]) for each in given if each["right"] == Right.READ_DRAFT),
        waiting=frozenset(UUID(each["subject"]) for each in asked),
        versions=frozenset(UUID(each["version"]) for each in asked if each["version"]),
        bundles=frozenset(UUID(each["subject"]) for each in asked if each["kind"] == Request.Kind.IMPORT),
    )


def read(user: int) -> Beyond:
    """Return what is open to the account beyond the model, by a statement of its own."""
    found = get_user_model().objects.filter(pk=user).values_list(*columns(user).values()).first()
    return parse(*found) if found is not None else NOTHING


def _together(rows: "QuerySet[Any]", said: JSONObject) -> Subquery:
    return Subquery(rows.order_by().annotate(one=Value(1)).values("one").annotate(all=JSONList(said)).values("all"))


def _rows(found: Any) -> list[dict[str, str]]:
    """The list as both databases give it: SQLite's is text, and so may be what is in it."""
    listed = json.loads(found) if isinstance(found, str) else found or []
    return [json.loads(each) if isinstance(each, str) else each for each in listed]
