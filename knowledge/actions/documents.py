"""Controlled documents as such: made once, and what is known of them beside their text. Every field in the ledger."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.utils import timezone

from governance import ledger
from governance.actions.numbers import next_number
from governance.errors import Invalid, NotAllowed
from governance.models import Remit
from governance.permissions import policy
from governance.rights import Right
from governance.vocabulary import Classification, Role
from knowledge import events
from knowledge.actions.recording import locked, record, title_of
from knowledge.actions.revisions import Content, metadata_of, save_revision
from knowledge.days import add_months
from knowledge.models import KINDS, Document, DocumentAlias
from knowledge.text.characters import MAX_BODY, clean_line, clean_text, text_problem, title_problem

LONGEST_REVIEW = 120
MOST_TAGS = 20
LONGEST_TAG = 50
LONGEST_REASON = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """What a new document begins with. Without ``review_months`` it takes its kind's interval."""

    remit: Remit
    kind: str
    title: str
    body: str = ""
    reason: str = ""
    effective_on: date | None = None
    classification: str = Classification.INTERNAL.value
    language: str = "en"
    owner_role: str = Role.LEAD.value
    owner_person: Any = None
    owner_deputy: Any = None
    review_months: int | None = None
    tags: Sequence[str] = ()
    aliases: Sequence[str] = ()
    submission_key: UUID | None = None


def create_document(*, actor: Any, new: NewDocument) -> Document:
    """The document exists under a number of its own, with a first draft.

    Needs ``draft`` on the remit. Refuses an unknown kind, an unfit title, and a named owner or deputy who could not
    read the document once it is published (``Invalid``). The same ``submission_key`` again returns the same document.
    """
    policy.require(actor, Right.DRAFT, new.remit)
    _refuse(_problems_of(new))
    now = timezone.now()
    with ledger.change(actor=actor) as change:
        public_id = _id_of(actor, new.submission_key)
        earlier = Document.objects.filter(public_id=public_id).select_related("draft").first()
        if earlier is not None:
            change.nothing_happened()
            return earlier
        document = Document(
            public_id=public_id,
            number=next_number(KINDS[new.kind][1], width=4),
            kind=new.kind,
            title=clean_line(new.title),
            remit=new.remit,
            classification=new.classification,
            language=new.language,
            owner_role=new.owner_role,
            owner_person=new.owner_person,
            owner_deputy=new.owner_deputy,
            review_months=new.review_months or KINDS[new.kind][2],
            tags=clean_tags(new.tags),
            created_by=actor,
            updated_at=now,
        )
        _refuse(_owner_problems(document))
        document.save()
        content = Content(
            title=document.title,
            body=clean_text(new.body),
            metadata=metadata_of(document),
            effective_on=new.effective_on,
            reason=new.reason.strip(),
        )
        document.draft = save_revision(document, content, sequence=1, author=actor, now=now, based_on=None)
        document.save(update_fields=["draft"])
        _save_aliases(document, new.aliases)
        record(
            change,
            events.DOCUMENT_CREATED,
            document,
            after={
                "number": document.number,
                "title": document.title,
                "revision": str(document.draft.public_id),
                "sequence": 1,
                "hash": document.draft.content_hash,
                **content.metadata,
            },
        )
    return document


def change_owner(
    *, actor: Any, document: Document, role: str, person: Any = None, deputy: Any = None, reason: str = ""
) -> Document:
    """The document is owned by the post ``role`` in its remit, and by name by ``person`` and ``deputy`` if given.

    Refuses a person who cannot read the document.
    """
    if role not in [each.value for each in Role]:
        raise Invalid({"role": "Choose reader, author or lead."})
    with ledger.change(actor=actor) as change:
        known = _manageable(actor, document)
        before = _owner_of(known)
        known.owner_role, known.owner_person, known.owner_deputy = role, person, deputy
        _refuse(_owner_problems(known))
        fields = ["owner_role", "owner_person", "owner_deputy"]
        people = [named.pk for named in (person, deputy) if named is not None]
        _save(change, events.DOCUMENT_OWNER_CHANGED, known, fields, before, _owner_of(known), reason, people)
    return known


def change_classification(*, actor: Any, document: Document, classification: str, reason: str = "") -> Document:
    """The document is public, internal or restricted from now on; its owners by name must still be able to read it."""
    if classification not in [each.value for each in Classification]:
        raise Invalid({"classification": "Choose public, internal or restricted."})
    with ledger.change(actor=actor) as change:
        known = _manageable(actor, document)
        before = {"classification": known.classification}
        known.classification = classification
        _refuse(_owner_problems(known))
        after = {"classification": classification}
        _save(change, events.DOCUMENT_RECLASSIFIED, known, ["classification"], before, after, reason)
    return known


def change_review_interval(*, actor: Any, document: Document, months: int, reason: str = "") -> Document:
    """The document is reviewed every ``months`` months, counted from its last review or its coming into force."""
    if not 1 <= months <= LONGEST_REVIEW:
        raise Invalid({"review_months": f"Choose between 1 and {LONGEST_REVIEW} months."})
    with ledger.change(actor=actor) as change:
        known = _manageable(actor, document)
        before = _review_of(known)
        known.review_months = months
        start = known.last_reviewed_on or known.in_force_since
        if known.in_force_id is not None and start is not None:
            known.next_review_on = add_months(start, months)
            known.review_is_estimated = False
        fields = ["review_months", "next_review_on", "review_is_estimated"]
        after = _review_of(known)
        _save(change, events.DOCUMENT_REVIEW_INTERVAL_CHANGED, known, fields, before, after, reason)
    return known


def change_tags(*, actor: Any, document: Document, tags: Sequence[str]) -> Document:
    """The document carries exactly these tags."""
    _refuse(_tag_problems(tags))
    with ledger.change(actor=actor) as change:
        known = _manageable(actor, document)
        before = {"tags": list(known.tags)}
        known.tags = clean_tags(tags)
        _save(change, events.DOCUMENT_TAGS_CHANGED, known, ["tags"], before, {"tags": known.tags}, "")
    return known


def add_alias(*, actor: Any, document: Document, value: str) -> Document:
    """The document is also found under this reference; nothing happens when it already is."""
    problem = text_problem(value, limit=200)
    _refuse({"alias": problem} if problem else {})
    reference = clean_line(value, limit=200)
    if not reference:
        raise Invalid({"alias": "Enter the other reference."})
    with ledger.change(actor=actor) as change:
        known = _manageable(actor, document)
        _, is_new = DocumentAlias.objects.get_or_create(document=known, value=reference)
        if is_new:
            record(change, events.DOCUMENT_ALIAS_ADDED, known, after={"alias": reference})
        else:
            change.nothing_happened()
    return known


def clean_tags(tags: Sequence[str]) -> list[str]:
    """Tags as they are kept: small letters, each once, in the order given. Refuses too many and too long ones."""
    cleaned = list(dict.fromkeys(tag for tag in (clean_line(each).lower() for each in tags) if tag))
    if len(cleaned) > MOST_TAGS:
        raise Invalid({"tags": f"Give at most {MOST_TAGS} tags; there are {len(cleaned)}."})
    for tag in cleaned:
        if len(tag) > LONGEST_TAG:
            raise Invalid({"tags": f"Shorten the tag “{tag[:30]}…” to {LONGEST_TAG} characters or fewer."})
    return cleaned


def text_problems(title: str, body: str, reason: str) -> dict[str, str]:
    """What is wrong with a draft's title, body and reason, by field."""
    problems = {
        "title": title_problem(title),
        "body": text_problem(body, limit=MAX_BODY),
        "reason": text_problem(reason, limit=LONGEST_REASON),
    }
    return {name: problem for name, problem in problems.items() if problem}


def could_read(person: Any, document: Document) -> bool:
    """Whether the person may read the document, or could if it were published now."""
    published = copy.copy(document)
    published.first_published_at = document.first_published_at or timezone.now()
    return bool(policy.can(person, Right.READ, published))


def right_to_manage(document: Document) -> Right:
    """The right to change what stands beside the text: who publishes, once it was published; before, who drafts."""
    return Right.PUBLISH if document.first_published_at is not None else Right.DRAFT


def _manageable(actor: Any, document: Document) -> Document:
    known = locked(document)
    policy.require(actor, right_to_manage(known), known)
    if known.is_retired:
        raise NotAllowed(f"{title_of(known)} was retired; nothing about it changes any more.")
    return known


def _save(
    change: ledger.Change,
    event: str,
    document: Document,
    fields: list[str],
    before: dict[str, Any],
    after: dict[str, Any],
    reason: str,
    people: Sequence[int] = (),
) -> None:
    if before == after:
        change.nothing_happened()
        return
    problem = text_problem(reason, limit=LONGEST_REASON)
    _refuse({"reason": problem} if problem else {})
    document.updated_at = timezone.now()
    document.save(update_fields=[*fields, "updated_at"])
    record(change, event, document, before=before, after=after, reason=reason.strip(), people=people)


def _id_of(actor: Any, key: UUID | None) -> UUID:
    """The id of a new document: the same for the same submission of the same person, and nobody else's."""
    return uuid5(actor.public_id, str(key)) if key is not None else uuid4()


def _problems_of(new: NewDocument) -> dict[str, str]:
    problems = {**text_problems(new.title, new.body, new.reason), **_tag_problems(new.tags)}
    if new.kind not in KINDS:
        problems["kind"] = "Choose what kind of document this is."
    if new.classification not in [each.value for each in Classification]:
        problems["classification"] = "Choose public, internal or restricted."
    if new.owner_role not in [each.value for each in Role]:
        problems["owner_role"] = "Choose reader, author or lead."
    if new.review_months is not None and not 1 <= new.review_months <= LONGEST_REVIEW:
        problems["review_months"] = f"Choose between 1 and {LONGEST_REVIEW} months."
    return problems


def _tag_problems(tags: Sequence[str]) -> dict[str, str]:
    """Why tags that somebody typed cannot be kept; imported ones are cleaned instead."""
    problem = text_problem(", ".join(tags))
    return {"tags": problem} if problem else {}


def _owner_problems(document: Document) -> dict[str, str]:
    problems = {}
    for field, word in (("owner_person", "owner"), ("owner_deputy", "deputy")):
        named = getattr(document, field)
        if named is not None and not (named.is_active and could_read(named, document)):
            problems[field] = f"{named.get_full_name()} cannot read this document. Choose a {word} who can."
    if document.owner_person is not None and document.owner_person == document.owner_deputy:
        problems["owner_deputy"] = "Choose a deputy other than the owner."
    return problems


def _refuse(problems: dict[str, str]) -> None:
    if problems:
        raise Invalid(problems)


def _owner_of(document: Document) -> dict[str, Any]:
    return {
        "role": document.owner_role,
        "person": str(document.owner_person.public_id) if document.owner_person else None,
        "deputy": str(document.owner_deputy.public_id) if document.owner_deputy else None,
    }


def _review_of(document: Document) -> dict[str, Any]:
    due = document.next_review_on
    return {"review_months": document.review_months, "next_review_on": due.isoformat() if due else None}


def _save_aliases(document: Document, aliases: Sequence[str]) -> None:
    values = dict.fromkeys(clean_line(alias, limit=200) for alias in aliases)
    DocumentAlias.objects.bulk_create(DocumentAlias(document=document, value=value) for value in values if value)
