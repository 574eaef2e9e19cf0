"""What accounts do when something happened: whoever the routes table names is told, what is settled waits no more."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from accounts.actions.notices import LONGEST_REASON, Message, end_waiting, several_lines, tell
from accounts.models import User
from accounts.routes import BY_EVENT, ENDS_WAITING, PHRASES, REQUEST_EVENTS, About, Route, Who
from governance import ledger
from governance.ledger import LedgerEntryView
from governance.models import BusinessUnit, Request, RequestWaiting
from governance.workflow.freezing import from_json
from governance.workflow.route import StageKind

_WAITING_EVENTS = tuple(event for event, route in BY_EVENT.items() if route.who is Who.WAITING)
_UNDECIDABLE_EVENTS = tuple(event for event, route in BY_EVENT.items() if route.about is About.UNDECIDABLE)


def follow(entry: LedgerEntryView) -> None:
    """Everybody whom the entry concerns has been told, once; what it settles no longer waits for anybody.

    Runs in the delivery's transaction: notices, mails and the mark that this was done commit together.
    """
    request = _request_of(entry)
    route = BY_EVENT.get(entry.event)
    if route is not None and not entry.erased:
        if route.who is Who.WAITING:
            _tell_those_waited_for(entry, route, request)
        else:
            _tell(_people(entry, route, request), entry, route, request)
    _settle(entry, request)


def _tell(people: Iterable[User], entry: LedgerEntryView, route: Route, request: Request | None) -> None:
    words = _words(entry, request)
    tell(people, _message(entry, route, request, words, key=_key(entry)))


def _tell_those_waited_for(entry: LedgerEntryView, route: Route, request: Request | None) -> None:
    """Whoever the request waits for now, whatever it was when the entry was written: nobody is called in vain, and
    whoever was called to a stage already is not called to it again."""
    if request is None:
        return
    stages: dict[str, list[User]] = defaultdict(list)
    for row in RequestWaiting.objects.filter(request=request).select_related("user").order_by("user_id"):
        stages[row.stage].append(row.user)
    for stage, people in stages.items():
        words = _words(entry, request) | {"verb": _verb(request, stage)}
        tell(people, _message(entry, route, request, words, key=f"waits:{request.public_id}:{stage}"))


def _message(
    entry: LedgerEntryView, route: Route, request: Request | None, words: dict[str, str], *, key: str
) -> Message:
    title = route.title.format(**words)
    number = f" ({request.number})" if request is not None and request.number not in title else ""
    return Message(
        event=route.event,
        key=key,
        title=title,
        body=_body(entry, route, request),
        url=route.url.format(**words) if route.url else entry.subject_url,
        subject_kind=entry.subject_kind if route.about is About.SUBJECT else route.about.value,
        subject_id=_subject_id(entry, route),
        needs_action=route.needs_action,
        happened_at=entry.moment,
        mail_subject=f"{title}{number}" if route.mail else "",
        because=route.because.format(**words),
    )


def _body(entry: LedgerEntryView, route: Route, request: Request | None) -> str:
    """Who asks, and why: nothing about a document where the reader may be one who sees none."""
    if route.about is About.UNDECIDABLE:
        return "Its route has nobody left who may decide. Appoint a lead, or change the operating model of the unit."
    lines = []
    reason = entry.reason
    if route.who is Who.WAITING and request is not None:
        lines.append(f"{request.submitted_by.name} asks.")
        reason = request.reason
    elif (actor := _actor(entry)) is not None:
        lines.append(f"By {actor.name}.")
    if reason and route.about is not About.PERSON:
        lines.append(f"“{several_lines(reason, longest=LONGEST_REASON)}”")
    return "\n".join(lines)


def _key(entry: LedgerEntryView) -> str:
    """What the notice is about. A review is told once for its day, everything else once for its entry."""
    due = (entry.after or {}).get("due_on")
    return f"{entry.event}:{entry.subject}:{due}" if due else f"{entry.event}:{entry.stream}#{entry.sequence}"


def _subject_id(entry: LedgerEntryView, route: Route) -> UUID | None:
    if route.about is About.PERSON:
        return None
    name = entry.subject if route.about is About.SUBJECT else entry.stream
    return _uuid(name.partition(":")[2])


def _people(entry: LedgerEntryView, route: Route, request: Request | None) -> list[User]:
    if route.who is Who.SUBMITTER:
        wanted = [request.submitted_by_id] if request is not None else []
    else:
        wanted = list(entry.people)
    rows = User.objects.filter(pk__in=wanted, is_active=True).order_by("pk")
    actor = None if route.needs_action or route.who is Who.OWN else _uuid(entry.actor)
    return list(rows.exclude(public_id=actor) if actor is not None else rows)


def _words(entry: LedgerEntryView, request: Request | None) -> dict[str, str]:
    """What the templates of the routes table may name."""
    after, before = entry.after or {}, entry.before or {}
    unit = _unit(entry, request)
    subject = entry.subject_title if request is None else request.subject_title
    due = after.get("due_on")
    return {
        "subject": subject,
        "what": subject if request is None else PHRASES[request.kind].format(subject=subject),
        "number": request.number if request is not None else "",
        "verb": "",
        "actor": getattr(_actor(entry), "name", "Remit"),
        "role": _article(str(after.get("role") or before.get("role") or "")),
        "unit": unit.name if unit is not None else "the organisation",
        "unit_url": unit.get_absolute_url() if unit is not None else "/units/",
        "day": _day(date.fromisoformat(due)) if due else "",
    }


def _verb(request: Request, stage: str) -> str:
    """What the person is asked to do, and by when where there is a day."""
    kinds = {each.key: each.kind for each in from_json(request.route).stages}
    kind = kinds.get(stage, StageKind.REVIEW)
    if kind is StageKind.REVIEW:
        return "Review what was published"
    if kind is StageKind.LAST_CALL:
        return f"Object by {_day(request.not_before)}, if you do" if request.not_before else "Object, if you do"
    return "Decide"


def _day(day: date | datetime) -> str:
    return f"{day.day} {day:%b %Y}"


def _article(role: str) -> str:
    return f"{'an' if role[:1] in 'aeiou' else 'a'} {role}" if role else ""


def _unit(entry: LedgerEntryView, request: Request | None) -> BusinessUnit | None:
    if request is not None:
        return request.remit.unit
    kind, _, key = entry.stream.partition(":")
    public_id = _uuid(key)
    if kind != "unit" or public_id is None:
        return None
    return BusinessUnit.objects.filter(public_id=public_id).first()


def _actor(entry: LedgerEntryView) -> User | None:
    public_id = _uuid(entry.actor)
    return User.objects.filter(public_id=public_id).first() if public_id is not None else None


def _request_of(entry: LedgerEntryView) -> Request | None:
    kind, _, key = entry.stream.partition(":")
    if kind != "request":
        return None
    rows = Request.objects.select_related("remit__unit", "submitted_by")
    return rows.filter(public_id=key).first()


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _settle(entry: LedgerEntryView, request: Request | None) -> None:
    if request is not None:
        _settle_request(request)
    ended, (kind, _, key) = ENDS_WAITING.get(entry.event), entry.subject.partition(":")
    public_id = _uuid(key)
    if ended and public_id is not None:
        end_waiting(events=ended, subject_kind=kind, subject_id=public_id)


def _settle_request(request: Request) -> None:
    waits_for: Any = RequestWaiting.objects.filter(request=request).values_list("user_id", flat=True)
    end_waiting(
        events=_WAITING_EVENTS, subject_kind=About.REQUEST, subject_id=request.public_id, but_for=list(waits_for)
    )
    if request.status != Request.Status.UNDECIDABLE:
        end_waiting(events=_UNDECIDABLE_EVENTS, subject_kind=About.UNDECIDABLE, subject_id=request.public_id)


ledger.subscribe(
    *REQUEST_EVENTS,
    *sorted({event for event in (*BY_EVENT, *ENDS_WAITING) if not event.startswith(REQUEST_EVENTS)}),
    name="accounts.tell",
    handler=follow,
)
