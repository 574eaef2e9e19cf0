"""Requests as people find them: what waits for them, what they asked for, and one request with everything it says."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import BooleanField, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.utils import timezone

from governance import subjects
from governance.compiler.world import World
from governance.models import Decision, Objection, Remit, Request, RequestWaiting
from governance.permissions import policy
from governance.permissions.standing import NARROW, Standing, standing_of
from governance.rights import Right
from governance.selectors.organisation import current_world
from governance.vocabulary import Classification
from governance.workflow import engine
from governance.workflow.eligibility import CurrentHolders
from governance.workflow.events import Action, Option
from governance.workflow.freezing import from_json
from governance.workflow.route import StageKind
from governance.workflow.state import Actor, RequestState
from governance.workflow.storing import state_from_json
from governance.workflow.waiting import StageView, describe

_NUMBER = re.compile(r"[A-Za-z]{1,8}-[0-9]{1,9}")
LENT = frozenset({Action.APPROVE, Action.REQUEST_CHANGES, Action.REJECT, Action.OBJECT, Action.RECORD_REVIEW})
"""What a substitute does for whom they stand in for; to withdraw and to clear an objection is one's own."""


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A request in a list: where it stands, with whom, since when. ``step`` of ``steps`` counts what must be passed."""

    request: Request
    step: int
    steps: int
    stage_title: str
    holders: tuple[str, ...]
    since: datetime | None
    waits_for_me: bool


@dataclass(frozen=True, slots=True)
class RequestPage:
    """Everything the page of one request says. ``options`` are what the actor can do, allowed or refused with why.

    ``stands_in_for`` is the account for which the actor would decide by delegation; None where they decide for
    themselves, or not at all.
    """

    request: Request
    state: RequestState
    stages: tuple[StageView, ...]
    decisions: tuple[Decision, ...]
    objections: tuple[Objection, ...]
    options: tuple[Option, ...]
    names: dict[int, str]
    subject: Any
    affected: dict[str, Any]
    waits_for_me: bool
    stands_in_for: Any
    because: str
    publishes: bool
    may_read_version: bool
    may_undo: bool

    def option(self, action: str) -> Option | None:
        """Return the option for ``action``, None where the request has no such step."""
        return next((option for option in self.options if option.action == Action(action)), None)


def requests_visible_to(actor: Any) -> "QuerySet[Request]":
    """Return the requests ``actor`` may see: those they asked for, decide, decided or answer for, and an auditor's all.

    The thing it is about must be open to them: whoever lost the document loses the request's title too. Only whoever
    decided on it keeps it, with its decisions and nothing more of the thing: they answer for what they said. A
    restricted thing has no name for those to whom it is closed, so its requests go with it.
    """
    held = standing_of(actor)
    if held is None:
        return Request.objects.none()
    few = None if held.is_auditor else _few_concerning(actor, held)
    if few is not None:
        return _rows().filter(pk__in=few)
    among = _among_open_subjects(actor)
    if not held.is_auditor:
        among = (among & _among_concerning(actor, held)) | (Q(pk__in=_ids(Decision, actor)) & _among_unrestricted())
    return _rows().filter(among)


def _rows() -> "QuerySet[Request]":
    return Request.objects.select_related("remit__unit", "asking_unit", "submitted_by", "exception", "change")


def _few_concerning(actor: Any, held: Standing) -> list[int] | None:
    """The requests that the actor sees, where those that concern them are few: each way is looked up by its own index,
    so that all the other requests and documents cost nothing. None where they are many."""
    remits = held.remits(Right.DECIDE) | held.remits(Right.READ_DRAFT)
    if len(remits) > NARROW:
        return None
    fields = ("pk", "subject_kind", "subject_id")
    own = Request.objects.order_by()
    ways = [Q(submitted_by=actor.pk), Q(asking_unit_id__in=_led_by(held)), Q(remit_id__in=sorted(remits))]
    ways.append(Q(pk__in=_ids(RequestWaiting, actor)))
    found_by = [own.filter(way).annotate(decided=Value(value=False)) for way in ways]
    found_by.append(own.filter(pk__in=_ids(Decision, actor)).annotate(decided=Value(value=True)))
    first, *others = [rows.values_list(*fields, "decided") for rows in found_by]
    found = set(first.union(*others, all=True)[: NARROW + 1])
    if len(found) > NARROW:
        return None
    readable = _open_subjects(actor, found)
    left = [row[0] for row in found if row[3] and (row[1], row[2]) not in readable]
    kept = own.filter(_among_unrestricted(), pk__in=left).values_list("pk", flat=True) if left else ()
    return sorted({row[0] for row in found if (row[1], row[2]) in readable} | set(kept))


def _ids(model: Any, actor: Any) -> "QuerySet[Any]":
    found: QuerySet[Any] = model.objects.order_by().filter(user=actor.pk).values("request_id")
    return found


def _open_subjects(actor: Any, found: Iterable[tuple[int, str, UUID, bool]]) -> set[tuple[str, UUID]]:
    """Which of the things that these requests are about are open to the actor; one statement for each kind there is."""
    by_kind: dict[str, set[UUID]] = defaultdict(set)
    for _, kind, subject, _ in found:
        by_kind[kind].add(subject)
    readable = set()
    for kind, wanted in by_kind.items():
        things = _things(kind).filter(public_id__in=wanted)
        rows = policy.visible(actor, things, Right.READ, Right.READ_DRAFT)
        readable |= {(kind, public_id) for public_id in rows.order_by().values_list("public_id", flat=True)}
    return readable


def _unrestricted(kind: str) -> "QuerySet[Any]":
    things = _things(kind)
    classification = policy.governed_of(things.model).classification
    return things.exclude(**{classification: Classification.RESTRICTED.value}) if classification else things


def _among_unrestricted() -> Q:
    free = Q(pk__in=[])
    for kind in subjects.kinds():
        free |= Q(subject_kind=kind, subject_id__in=_unrestricted(kind).order_by().values("public_id"))
    return free


def _is_unrestricted() -> Q:
    free = Q(pk__in=[])
    for kind in subjects.kinds():
        free |= Q(subject_kind=kind) & Q(_holds(_unrestricted(kind).filter(public_id=OuterRef("subject_id"))))
    return free


def _things(kind: str) -> "QuerySet[Any]":
    return subjects.subject_kind(kind).queryset().select_related(None)


def _among_open_subjects(actor: Any) -> Q:
    open_ones = Q(pk__in=[])
    for kind in subjects.kinds():
        for right in (Right.READ, Right.READ_DRAFT):
            things = policy.visible(actor, _things(kind), right).order_by().values("public_id")
            open_ones |= Q(subject_kind=kind, subject_id__in=things)
    return open_ones


def _among_concerning(actor: Any, held: Standing) -> Q:
    mine = Q(submitted_by=actor.pk) | Q(asking_unit_id__in=_led_by(held))
    mine |= Q(pk__in=_ids(RequestWaiting, actor)) | Q(pk__in=_ids(Decision, actor))
    for right in (Right.DECIDE, Right.READ_DRAFT):
        mine |= Q(remit_id__in=policy.visible(actor, Remit.objects.all(), right).values("pk"))
    return mine


def _is_concerning(actor: Any, held: Standing) -> Q:
    """The same as a question about one row apart."""
    this, remit = OuterRef("pk"), Remit.objects.filter(pk=OuterRef("remit_id"))
    mine = Q(submitted_by=actor.pk) | Q(asking_unit_id__in=_led_by(held))
    for model in (RequestWaiting, Decision):
        mine |= Q(_holds(model.objects.filter(user=actor.pk, request=this)))
    for right in (Right.DECIDE, Right.READ_DRAFT):
        mine |= Q(_holds(policy.visible(actor, remit, right)))
    return mine


def _subject_is_open(actor: Any) -> Q:
    open_ones = Q(pk__in=[])
    for kind in subjects.kinds():
        thing = _things(kind).filter(public_id=OuterRef("subject_id"))
        for right in (Right.READ, Right.READ_DRAFT):
            open_ones |= Q(subject_kind=kind) & Q(_holds(policy.visible(actor, thing, right)))
    return open_ones


def _holds(rows: "QuerySet[Any]") -> Subquery:
    """Whether there is such a row. As EXISTS, PostgreSQL would rather read all of them once, and cache them."""
    return Subquery(rows.order_by().annotate(is_so=Value(True)).values("is_so")[:1], output_field=BooleanField())


def _led_by(held: Standing) -> list[int]:
    """The units that the person leads, by reach too."""
    return [unit for _, kind, unit, _, role in held.parties if kind == "unit" and role == "lead" and unit is not None]


def waiting_for(actor: Any) -> "QuerySet[Request]":
    """Return the requests that wait for ``actor``, the longest waiting first."""
    if standing_of(actor) is None:
        return Request.objects.none()
    mine = RequestWaiting.objects.filter(user=actor.pk, request=OuterRef("pk"))
    return _rows().filter(Exists(mine)).order_by("stage_since", "pk")


def asked_by(actor: Any) -> "QuerySet[Request]":
    """Return what ``actor`` asked for, newest first."""
    return requests_visible_to(actor).filter(submitted_by=actor.pk).order_by("-opened_at")


def asked_by_units_of(actor: Any) -> "QuerySet[Request]":
    """Return what the units that ``actor`` leads have asked for, newest first."""
    held = standing_of(actor)
    leads = [] if held is None else _led_by(held)
    return requests_visible_to(actor).filter(asking_unit_id__in=leads).order_by("-opened_at")


def rows_for(actor: Any, requests: "list[Request]") -> list[InboxRow]:
    """Return the given requests as list rows, with the names of whom each waits for, by one statement for all."""
    waiting: dict[int, list[tuple[int, str]]] = {}
    people = RequestWaiting.objects.filter(request__in=[request.pk for request in requests]).values_list(
        "request_id", "user_id", "user__name"
    )
    for request_id, user, name in people.order_by("user__name"):
        waiting.setdefault(request_id, []).append((user, name))
    return [_row(request, waiting.get(request.pk, []), actor) for request in requests]


def _row(request: Request, waiting: list[tuple[int, str]], actor: Any) -> InboxRow:
    stages = [stage for stage in from_json(request.route).stages if stage.kind is not StageKind.REVIEW]
    keys = [stage.key for stage in stages]
    place = keys.index(request.stage) if request.stage in keys else len(keys) - 1
    title = stages[place].title if stages else ""
    return InboxRow(
        request=request,
        step=place + 1,
        steps=len(stages),
        stage_title="Post-publication review" if request.review_open else title,
        holders=tuple(name for _, name in waiting),
        since=request.stage_since,
        waits_for_me=any(user == actor.pk for user, _ in waiting),
    )


def request_by_number(actor: Any, number: str) -> Request:
    """Return the request if ``actor`` may see it; raises ``Request.DoesNotExist`` as for one that is not there."""
    if not _NUMBER.fullmatch(number):
        raise Request.DoesNotExist(f"No request has the number {number[:20]!r}.")
    held = standing_of(actor)
    if held is None:
        raise Request.DoesNotExist("Nobody is signed in.")
    among = _subject_is_open(actor)
    if not held.is_auditor:
        decided = Decision.objects.filter(user=actor.pk, request=OuterRef("pk"))
        among = (among & _is_concerning(actor, held)) | (Q(_holds(decided)) & _is_unrestricted())
    return _rows().filter(among, number=number.upper()).get()


def request_page(actor: Any, number: str) -> RequestPage:
    """Return everything the page of a request says to ``actor``; raises ``Request.DoesNotExist``."""
    request = request_by_number(actor, number)
    state = state_from_json(request.state, from_json(request.route))
    world = current_world()
    check = CurrentHolders(world)
    now = timezone.now()
    kind = subjects.subject_kind(request.subject_kind)
    subject = subjects.find_subject(request.subject_kind, request.subject_id)
    stages = describe(state, now, check)
    delegator, options = _options(actor, state, world)
    reads_subject = bool(_open_subjects(actor, [(request.pk, request.subject_kind, request.subject_id, False)]))
    decisions = tuple(request.decisions.select_related("user", "on_behalf_of"))
    return RequestPage(
        request=request,
        state=state,
        stages=stages,
        decisions=decisions,
        objections=tuple(request.objections.select_related("user", "cleared_by")),
        options=options,
        names=_names(stages),
        subject=subject,
        affected=kind.affected(subject) if reads_subject else {},
        waits_for_me=RequestWaiting.objects.filter(request=request, user=actor.pk).exists(),
        stands_in_for=delegator,
        because=state.current.rule if state.current else "",
        publishes=_publishes(state),
        may_read_version=_may_read_version(actor, kind, request),
        may_undo=_may_undo(actor, request, decisions, now),
    )


def stands_in_for(actor: Any, request: Request) -> Any:
    """Return the account for which ``actor`` would decide on the request by delegation; None where they decide for
    themselves, or not at all."""
    state = state_from_json(request.state, from_json(request.route))
    return _options(actor, state, current_world())[0]


def _options(actor: Any, state: RequestState, world: World) -> tuple[Any, tuple[Option, ...]]:
    """Whom the actor stands in for, if anybody, with what they can do then. Who holds a seat acts for themselves."""
    now, check = timezone.now(), CurrentHolders(world)
    me = Actor(actor.pk, actor.person_id, actor.name)
    own = engine.available(state, me, now, check)
    if any(option.allowed and option.action in LENT for option in own):
        return None, own
    lenders = [row.delegator for row in world.snapshot.delegations if row.substitute == actor.pk]
    for lender in dict.fromkeys(lenders):
        if not check.lends(state.route, lender, actor.pk):
            continue
        lent = engine.available(state, replace(me, on_behalf_of=lender), now, check)
        if any(option.allowed and option.action in LENT for option in lent):
            rest = tuple(option for option in own if option.action not in LENT)
            return get_user_model().objects.get(pk=lender), (*(o for o in lent if o.action in LENT), *rest)
    return None, own


def _may_undo(actor: Any, request: Request, decisions: tuple[Decision, ...], now: datetime) -> bool:
    """Whether the last thing that happened is the actor's own decision, and so short ago that it can be taken back."""
    kept = request.undo
    if kept is None or now > datetime.fromisoformat(kept["until"]):
        return False
    return any(each.pk == kept["decision"] and each.person_key == actor.person_id for each in decisions)


def _publishes(state: RequestState) -> bool:
    """Whether an approval at this stage is the last one before the effect."""
    deciding = [stage.key for stage in state.route.stages if stage.kind is not StageKind.REVIEW]
    return bool(deciding) and state.stage == deciding[-1]


def _may_read_version(actor: Any, kind: subjects.SubjectKind, request: Request) -> bool:
    if request.subject_version is None:
        return False
    return kind.version_is_open(actor, request.subject_version)


def _names(stages: tuple[StageView, ...]) -> dict[int, str]:
    users = {user for stage in stages for seat in stage.seats for user in seat.holders}
    users |= {user for stage in stages for user in stage.waits_for}
    return dict(get_user_model().objects.filter(pk__in=users).values_list("pk", "name"))
