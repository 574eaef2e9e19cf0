"""Who decided on revisions, read together with the rows they belong to: no statement for each."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from django.db.models import Aggregate, JSONField, Model, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import JSONObject

from governance.models import Decision, Request

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's decision on a revision."""

    name: str
    verdict: str
    comment: str
    decided_at: datetime
    stage: str
    request: str

    @property
    def is_approval(self) -> bool:
        """Whether the person approved."""
        return self.verdict == "approve"


class _List(Aggregate):
    """All values of a group as one JSON list, in no order."""

    function = "JSONB_AGG"
    output_field = JSONField()
    name = "List"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """The same with SQLite's function."""
        return self.as_sql(compiler, connection, function="JSON_GROUP_ARRAY", **context)


def with_approvals(rows: "QuerySet[Row]", *, version: str, request: str) -> "QuerySet[Row]":
    """Return the rows with ``decided``, for ``approvals_of``: the decisions on the revision whose public id is at
    ``version`` and those of the request at ``request``."""
    # The requests first, each by its own index: over the join, the condition would read every decision there is.
    about = Q(subject_version=OuterRef(OuterRef(version)), kind=Request.Kind.PUBLICATION)
    asked = Request.objects.filter(about | Q(pk=OuterRef(OuterRef(request)))).order_by().values("pk")
    decisions = Decision.objects.filter(request__in=asked, undone_at__isnull=True).order_by()
    said = JSONObject(
        name="printed_name",
        verdict="verdict",
        comment="comment",
        decided_at="decided_at",
        stage="stage",
        request="request__number",
    )
    together = decisions.annotate(one=Value(1)).values("one").annotate(all=_List(said)).values("all")
    return cast("QuerySet[Row]", rows.annotate(decided=Subquery(together)))


def approvals_of(row: Any) -> tuple[Approval, ...]:
    """Return the decisions of a row of ``with_approvals`` in the order they were given."""
    found = json.loads(row.decided) if isinstance(row.decided, str) else row.decided
    said = [json.loads(each) if isinstance(each, str) else each for each in found or ()]
    approvals = [Approval(**{**each, "decided_at": _moment(each["decided_at"])}) for each in said]
    return tuple(sorted(approvals, key=lambda each: each.decided_at))


def approvers(approvals: Iterable[Approval]) -> tuple[str, ...]:
    """Return the names of those who approved, each once."""
    return tuple(dict.fromkeys(each.name for each in approvals if each.is_approval))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
