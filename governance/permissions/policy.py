"""May this person do this, and why; which of these may they see; who may do it. The only door to these answers.

``can`` and ``visible`` agree for every right, person and thing. The answer stands on the compiled grants, the
classification of the document, special grants and what waits for the person; never on ``is_superuser`` and never on
``has_perm``.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, reduce
from operator import and_, or_
from typing import Any, TypeVar, cast
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, Group
from django.db.models import BooleanField, Case, Exists, Model, OuterRef, Q, QuerySet, Value, When

from governance.errors import Denied
from governance.governed import Governed
from governance.ledger import SYSTEM
from governance.models import (
    Membership,
    OrganisationRoleHolding,
    Party,
    Remit,
    RemitGroupPermission,
    RequestWaiting,
    SpecialGrant,
)
from governance.permissions import standing as standings
from governance.permissions.beyond import Beyond
from governance.permissions.explaining import explain_power, explain_right
from governance.permissions.expressions import AnyOf, Holds
from governance.permissions.standing import NARROW, Standing, beyond_of, organisation_roles, standing_of
from governance.rights import Power, Right
from governance.vocabulary import CENTRE_KINDS, Classification, OrganisationRole, Role

one_request = standings.one_request
forget = standings.forget

Row = TypeVar("Row", bound=Model)

READING = frozenset({Right.READ, Right.READ_DRAFT})
BY_READERS = frozenset({Right.REQUEST_CHANGE, Right.REQUEST_EXCEPTION, Right.ACKNOWLEDGE})
ON_PUBLISHED = BY_READERS | {Right.CONFIRM_REVIEW, Right.GRANT_EXCEPTION}
WRITING = (Right.DRAFT, Right.DECIDE, Right.PUBLISH)


@dataclass
class Decision:
    """An answer: whether it is allowed, and why. ``sentence`` and ``reasons`` are worked out when they are read."""

    allowed: bool
    _explain: Callable[[], tuple[str, tuple[str, ...]]] = field(repr=False)

    def __bool__(self) -> bool:
        return self.allowed

    @cached_property
    def _explained(self) -> tuple[str, tuple[str, ...]]:
        return self._explain()

    @property
    def sentence(self) -> str:
        """One sentence fit to show: what is allowed or not, why, and whom to ask."""
        return self._explained[0]

    @property
    def reasons(self) -> tuple[str, ...]:
        """The chain: membership, relation, model version, mode, grant; or what is missing."""
        return self._explained[1]


def governed_of(model: type[Model]) -> Governed:
    """Return how ``model`` stands under the filter; ``TypeError`` when it does not declare it."""
    found = getattr(model, "governed", None)
    if not isinstance(found, Governed):
        raise TypeError(f"{model.__name__} has no `governed` declaration, so nobody can say who may see it.")
    return found


def can(actor: Any, right: Right | Power, subject: Any = None) -> Decision:
    """Return whether ``actor`` may do ``right`` to ``subject`` (a governed row; None for a power).

    Raises ``ValueError`` on a right or power that does not exist.
    """
    known = _known(right)
    if isinstance(known, Power):
        allowed = actor is SYSTEM or bool(known.holders & organisation_roles(actor))
        return Decision(allowed, lambda: explain_power(actor, known, allowed))
    if subject is None:
        raise ValueError(f"The right {known.value} is held on something: name the remit or the document.")
    governed = governed_of(type(subject))
    allowed = actor is SYSTEM or _allowed(actor, known, subject, governed)
    return Decision(allowed, lambda: explain_right(actor, known, _remit_of(subject, governed), allowed, subject))


def require(actor: Any, right: Right | Power, subject: Any = None) -> None:
    """Return if ``actor`` may; raise ``Denied`` with the sentence and the reasons otherwise."""
    decision = can(actor, right, subject)
    if not decision:
        raise Denied(decision.sentence, reasons=decision.reasons)


def visible(actor: Any, queryset: "QuerySet[Row]", right: Right = Right.READ, *others: Right) -> "QuerySet[Row]":
    """Return the rows of ``queryset`` on which ``actor`` holds ``right``, or one of the others: the one permission
    filter.

    The shape follows from how much the person sees: nothing is filtered for whoever holds the right everywhere, few
    remits become an array of ids, many a correlated look-up in the order of the list.
    """
    if actor is SYSTEM:
        return queryset
    return queryset.filter(_condition(actor, _rights((right, *others)), queryset.model))


def holding(actor: Any, model: type[Model], right: Right = Right.READ) -> Case:
    """Return, as a column of ``model``'s rows, whether ``visible`` would keep the row: for lists that show more of
    some rows than of others. It costs no second look at the table."""
    if actor is SYSTEM:
        return Case(default=Value(True), output_field=BooleanField())
    condition = _condition(actor, _rights((right,)), model)
    if not condition:
        return Case(default=Value(True), output_field=BooleanField())
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


def _rights(rights: Iterable[Right | Power]) -> frozenset[Right]:
    known = [_known(right) for right in rights]
    for each in known:
        if isinstance(each, Power):
            raise ValueError(f"{each.value} is a power over the organisation; it filters no rows.")
    return frozenset(each for each in known if isinstance(each, Right))


def who_can(right: Right | Power, subject: Any = None) -> "QuerySet[Any]":
    """Return the active accounts that may do ``right`` to ``subject``."""
    known = _known(right)
    users = get_user_model().objects.filter(is_active=True)
    if isinstance(known, Power):
        holdings = OrganisationRoleHolding.objects.valid_at().filter(role__in=[role.value for role in known.holders])
        return users.filter(pk__in=holdings.values("user_id"))
    governed = governed_of(type(subject))
    remit = _remit_of(subject, governed)
    if governed.is_remit:
        return users.filter(_holds(known, remit)).distinct()
    return users.filter(_holders_on(known, subject, governed, remit)).distinct()


def rights_on(actor: Any, subject: Any) -> frozenset[Right]:
    """Return every right that ``actor`` holds on one governed row, at the cost of one decision."""
    return frozenset(right for right in Right if can(actor, right, subject))


def _known(right: Right | Power) -> Right | Power:
    if isinstance(right, Right | Power):
        return right
    raise ValueError(f"There is no right called {right!r}.")


def _value(row: Any, path: str | None) -> Any:
    for step in (path or "").split("__"):
        if row is None or not step:
            return row
        row = getattr(row, step, None)
    return row


def _remit_of(subject: Any, governed: Governed) -> Remit:
    return cast("Remit", _value(subject, governed.remit))


def _remit_id(subject: Any, governed: Governed) -> int:
    if governed.is_remit:
        return cast("int", subject.pk)
    path, _, last = governed.remit.rpartition("__")
    return cast("int", getattr(_value(subject, path), f"{last}_id"))


# --- one row, in Python -------------------------------------------------------------------------------------------


def _allowed(actor: Any, right: Right, subject: Any, governed: Governed) -> bool:
    held = standing_of(actor)
    if held is None:
        return _is_nobody(actor) and right is Right.READ and _open_to_all(subject, governed)
    rights = held.rights_in(_remit_id(subject, governed))
    if governed.is_remit:
        return right in rights
    if right is Right.READ:
        return _may_read(actor, held, rights, subject, governed)
    if right is Right.READ_DRAFT:
        return _may_read_draft(actor, held, rights, subject, governed)
    if right is Right.CONFIRM_REVIEW and _owns(held, subject, governed):
        return _may_read(actor, held, rights, subject, governed) and _is_published(subject, governed)
    if right in ON_PUBLISHED:
        return (
            right in rights and _is_published(subject, governed) and _may_read(actor, held, rights, subject, governed)
        )
    return right in rights and _passes_classification(held, rights, subject, governed)


def _is_nobody(actor: Any) -> bool:
    """Whether nobody is signed in. An account that is not active is somebody, and is refused everything."""
    return isinstance(actor, AnonymousUser)


def _is_published(subject: Any, governed: Governed) -> bool:
    return governed.published is not None and _value(subject, governed.published) is not None


def _passes_classification(held: Standing, rights: frozenset[Right], subject: Any, governed: Governed) -> bool:
    if _value(subject, governed.classification) != Classification.RESTRICTED:
        return True
    return held.is_auditor or any(right in rights for right in WRITING)


def _may_read(actor: Any, held: Standing, rights: frozenset[Right], subject: Any, governed: Governed) -> bool:
    if _is_published(subject, governed):
        if Right.READ in rights and _passes_classification(held, rights, subject, governed):
            return True
        if _open_to_all(subject, governed) or _specially_granted(actor, Right.READ, subject, governed):
            return True
    return _waits_for(actor, subject, governed)


def _may_read_draft(actor: Any, held: Standing, rights: frozenset[Right], subject: Any, governed: Governed) -> bool:
    if Right.READ_DRAFT in rights and _passes_classification(held, rights, subject, governed):
        return True
    if _specially_granted(actor, Right.READ_DRAFT, subject, governed):
        return True
    return _waits_for_version(actor, subject, governed)


def _owns(held: Standing, subject: Any, governed: Governed) -> bool:
    if governed.owner_role is None:
        return False
    remit = _remit_of(subject, governed)
    if not _has_owners(remit):
        return False
    person, deputy = _value(subject, governed.owner_person), _value(subject, governed.owner_deputy)
    if person is not None or deputy is not None:
        named = held.user_id in {getattr(person, "pk", None), getattr(deputy, "pk", None)}
        return named and _fit_to_own().filter(pk=held.user_id).exists()
    reached, direct = held.posts(Role(_value(subject, governed.owner_role)))
    return remit.unit_id in (direct if remit.unit.is_centre else reached)


def _has_owners(remit: Remit) -> bool:
    """A closed unit's remits are only read, and a unit without a model grants nothing."""
    return not remit.unit.is_closed and remit.model_version_id is not None


def _fit_to_own() -> "QuerySet[Any]":
    """The accounts that may own a document by name: auditors only read, and outside guests only draft and read."""
    auditing = OrganisationRoleHolding.objects.valid_at().filter(role=OrganisationRole.AUDITOR.value)
    held = Membership.objects.valid_at().filter(user=OuterRef("pk"))
    is_guest = Exists(held.filter(guest=True)) & ~Exists(held.filter(guest=False, unit__closed_at__isnull=True))
    return get_user_model().objects.exclude(is_guest).exclude(person__in=auditing.values("user__person"))


def _open_to_all(subject: Any, governed: Governed) -> bool:
    if governed.is_remit or _value(subject, governed.classification) != Classification.PUBLIC:
        return False
    return _is_published(subject, governed) and _public_reading()


def _public_reading() -> bool:
    return standings.public_reading()


def _specially_granted(actor: Any, right: Right, subject: Any, governed: Governed) -> bool:
    return _value(subject, governed.subject) in beyond_of(actor).granted(right)


def _waits_for(actor: Any, subject: Any, governed: Governed) -> bool:
    known = beyond_of(actor)
    if governed.version is not None:
        waits = _value(subject, governed.version) in known.versions
    else:
        waits = _value(subject, governed.subject) in known.waiting
    return waits or _is_in_waiting_bundle(actor, subject, governed)


def _waits_for_version(actor: Any, subject: Any, governed: Governed) -> bool:
    version = _value(subject, governed.version or governed.draft_version)
    if version is None:
        return False
    return version in beyond_of(actor).versions or _is_in_waiting_bundle(actor, subject, governed)


def _is_in_waiting_bundle(actor: Any, subject: Any, governed: Governed) -> bool:
    bundles = beyond_of(actor).bundles
    if governed.bundle is None or not bundles:
        return False
    return _bundled(bundles, type(subject), governed.bundle).filter(pk=subject.pk).exists()


def _bundled(bundles: frozenset[UUID], model: type[Model], bundle: str) -> "QuerySet[Any]":
    """The rows that are part of something which waits, as a whole."""
    return model._base_manager.filter(**{f"{bundle}__in": sorted(bundles)}).order_by()


# --- many rows, in SQL --------------------------------------------------------------------------------------------

NOTHING = Q(pk__in=[])
EVERYTHING = Q()
_BOTH_READING = frozenset({Right.READ, Right.READ_DRAFT})


def _condition(actor: Any, rights: frozenset[Right], model: type[Model]) -> Q:
    """The condition on a model's rows of holding one of the rights; ``EVERYTHING`` where none is needed."""
    governed = governed_of(model)
    held = standing_of(actor)
    if held is None:
        return _public_rows(governed) if _is_nobody(actor) and Right.READ in rights else NOTHING
    if rights == _BOTH_READING and not governed.is_remit:
        return _readable_or_draft(actor, held, model)
    return _any(*(_one_right(actor, held, right, model) for right in sorted(rights)))


def _one_right(actor: Any, held: Standing, right: Right, model: type[Model]) -> Q:
    governed = governed_of(model)
    if governed.is_remit:
        return _in_remits(held, right, governed)
    if right is Right.READ:
        return _readable(actor, held, model)
    if right is Right.READ_DRAFT:
        return _draft_readable(actor, held, model)
    if right in ON_PUBLISHED:
        granted = _in_remits(held, right, governed)
        if right is Right.CONFIRM_REVIEW:
            granted = _any(granted, _owned_rows(held, governed))
        return _all(granted, _published_rows(governed), _readable(actor, held, model))
    return _all(_in_remits(held, right, governed), _classified_rows(held, governed))


def _any(*conditions: Q) -> Q:
    """One of these holds. An empty condition holds always, which ``|`` would take for one that is not there."""
    if any(condition == EVERYTHING for condition in conditions):
        return EVERYTHING
    return reduce(or_, (each for each in conditions if each != NOTHING), Q()) or NOTHING


def _all(*conditions: Q) -> Q:
    """All of these hold."""
    return NOTHING if any(condition == NOTHING for condition in conditions) else reduce(and_, conditions, Q())


def _in_remits(held: Standing, right: Right, governed: Governed) -> Q:
    reach = held.reach(right)
    if reach.is_nowhere:
        return NOTHING
    if reach.is_everywhere:
        return EVERYTHING
    remit = f"{governed.remit}_id" if governed.remit else "pk"
    if reach.remits is not None and len(reach.remits) <= NARROW:
        return Q(AnyOf(remit, reach.remits))
    return Q(Holds(_grants_of(held, OuterRef(remit)).filter(permission_id=reach.permission or 0)))


def _grants_of(held: Standing, remit: Any) -> "QuerySet[RemitGroupPermission]":
    return RemitGroupPermission.objects.filter(AnyOf("group_id", held.groups), content_object_id=remit)


def _published_rows(governed: Governed) -> Q:
    return NOTHING if governed.published is None else Q(**{f"{governed.published}__isnull": False})


def _public_rows(governed: Governed) -> Q:
    if governed.is_remit or governed.classification is None or not _public_reading():
        return NOTHING
    return Q(**{f"{governed.classification}": Classification.PUBLIC.value}) & _published_rows(governed)


def _classified_rows(held: Standing, governed: Governed) -> Q:
    if governed.classification is None or held.is_auditor:
        return EVERYTHING
    open_rows = ~Q(**{f"{governed.classification}": Classification.RESTRICTED.value})
    return _any(open_rows, *(_in_remits(held, right, governed) for right in WRITING))


def _readable(actor: Any, held: Standing, model: type[Model]) -> Q:
    governed = governed_of(model)
    granted = _all(_published_rows(governed), _in_remits(held, Right.READ, governed), _classified_rows(held, governed))
    return _any(granted, *_readable_beyond(actor, model))


def _draft_readable(actor: Any, held: Standing, model: type[Model]) -> Q:
    governed = governed_of(model)
    granted = _all(_in_remits(held, Right.READ_DRAFT, governed), _classified_rows(held, governed))
    return _any(granted, *_draft_readable_beyond(actor, model))


def _readable_or_draft(actor: Any, held: Standing, model: type[Model]) -> Q:
    """What a library shows: ``_readable`` or ``_draft_readable``, written so that an index leads through it.

    Whoever reads a remit's drafts reads what is published there: the remits of both are one array.
    """
    governed = governed_of(model)
    published, drafts = held.reach(Right.READ), held.reach(Right.READ_DRAFT)
    if published.remits is None or drafts.remits is None or not drafts.remits <= published.remits:
        granted = _any(
            _all(_published_rows(governed), _in_remits(held, Right.READ, governed)),
            _in_remits(held, Right.READ_DRAFT, governed),
        )
    else:
        state = _any(_published_rows(governed), _in_remits(held, Right.READ_DRAFT, governed))
        granted = _all(_in_remits(held, Right.READ, governed), state)
    return _any(
        _all(granted, _classified_rows(held, governed)),
        *_readable_beyond(actor, model),
        *_draft_readable_beyond(actor, model),
    )


def _readable_beyond(actor: Any, model: type[Model]) -> Iterator[Q]:
    """What is open to read though no grant says so; nothing at all for nearly everybody."""
    governed, known = governed_of(model), beyond_of(actor)
    if subjects := known.granted(Right.READ):
        yield _all(_published_rows(governed), Q(**{f"{governed.subject}__in": sorted(subjects)}))
    yield _public_rows(governed)
    yield from _bundled_rows(known, model)
    if governed.version is not None:
        yield from _waiting_versions(known, model, governed.version)
    elif known.waiting:
        yield Q(**{f"{governed.subject}__in": sorted(known.waiting)})


def _draft_readable_beyond(actor: Any, model: type[Model]) -> Iterator[Q]:
    governed, known = governed_of(model), beyond_of(actor)
    if subjects := known.granted(Right.READ_DRAFT):
        yield Q(**{f"{governed.subject}__in": sorted(subjects)})
    yield from _bundled_rows(known, model)
    if path := governed.version or governed.draft_version:
        yield from _waiting_versions(known, model, path)


def _bundled_rows(known: Beyond, model: type[Model]) -> Iterator[Q]:
    bundle = governed_of(model).bundle
    if bundle is not None and known.bundles:
        yield Q(pk__in=_bundled(known.bundles, model, bundle).values("pk"))


def _waiting_versions(known: Beyond, model: type[Model], path: str) -> Iterator[Q]:
    """The rows of these exact versions, found by the versions' own index and not by a join for every row."""
    if not known.versions:
        return
    versions, (way, _, name) = sorted(known.versions), path.rpartition("__")
    if not way:
        yield Q(**{f"{name}__in": versions})
        return
    related: Any = model
    for step in way.split("__"):
        related = related._meta.get_field(step).related_model
    yield Q(**{f"{way}__in": related._base_manager.filter(**{f"{name}__in": versions}).order_by().values("pk")})


def _owned_rows(held: Standing, governed: Governed) -> Q:
    if governed.owner_role is None:
        return NOTHING
    nobody_named = Q(**{f"{governed.owner_person}__isnull": True, f"{governed.owner_deputy}__isnull": True})
    named = Q(**{f"{governed.owner_person}_id": held.user_id}) | Q(**{f"{governed.owner_deputy}_id": held.user_id})
    rows = named & Q(Exists(_fit_to_own().filter(pk=held.user_id)))
    centres = sorted(CENTRE_KINDS)
    for role in Role:
        reached, direct = held.posts(role)
        by_role = nobody_named & Q(**{f"{governed.owner_role}": role.value})
        in_centre = Q(**{f"{governed.remit_field('unit__kind')}__in": centres})
        if reached:
            rows |= by_role & ~in_centre & Q(AnyOf(governed.remit_field("unit_id"), reached))
        if direct:
            rows |= by_role & in_centre & Q(AnyOf(governed.remit_field("unit_id"), direct))
    has_owners = {"unit__closed_at__isnull": True, "model_version__isnull": False}
    return rows & Q(**{governed.remit_field(name): value for name, value in has_owners.items()})


# --- holders -----------------------------------------------------------------------------------


def _holds(right: Right, remit: Remit) -> Q:
    granted = RemitGroupPermission.objects.filter(content_object=remit, permission__codename=right.value)
    return Q(groups__in=Group.objects.filter(pk__in=granted.values("group_id")))


def _holders_on(right: Right, subject: Any, governed: Governed, remit: Remit) -> Q:
    if right is Right.READ:
        return _readers(subject, governed, remit)
    if right is Right.READ_DRAFT:
        granted = SpecialGrant.objects.valid_at().filter(
            right=right.value, subject_id=_value(subject, governed.subject)
        )
        drafting = _holds(right, remit) & _let_through(subject, governed, remit)
        return drafting | Q(pk__in=granted.values("user_id")) | _waited_for(subject, governed, drafts=True)
    if right in ON_PUBLISHED:
        if not _is_published(subject, governed):
            return NOTHING
        holders = _holds(right, remit)
        if right is Right.CONFIRM_REVIEW:
            holders |= _owners(subject, governed, remit)
        readers = get_user_model().objects.filter(_readers(subject, governed, remit))
        return Q(pk__in=get_user_model().objects.filter(holders).values("pk")) & Q(pk__in=readers.values("pk"))
    return _holds(right, remit) & _let_through(subject, governed, remit)


def _readers(subject: Any, governed: Governed, remit: Remit) -> Q:
    waited_for = _waited_for(subject, governed, drafts=False)
    if not _is_published(subject, governed):
        return waited_for
    if _open_to_all(subject, governed):
        return Q()
    granted = SpecialGrant.objects.valid_at().filter(subject_id=_value(subject, governed.subject))
    reading = _holds(Right.READ, remit) & _let_through(subject, governed, remit)
    return reading | Q(pk__in=granted.values("user_id")) | waited_for


def _let_through(subject: Any, governed: Governed, remit: Remit) -> Q:
    """Who is not stopped by the classification. Asked on its own, for a person's right and writing may come from
    different parties."""
    if _value(subject, governed.classification) != Classification.RESTRICTED:
        return Q()
    writing = RemitGroupPermission.objects.filter(
        content_object=remit, permission__codename__in=[right.value for right in WRITING]
    )
    groups = Group.objects.filter(Q(pk__in=writing.values("group_id")) | Q(party__kind="auditors"))
    return Q(pk__in=get_user_model().objects.filter(groups__in=groups).values("pk"))


def _waited_for(subject: Any, governed: Governed, *, drafts: bool) -> Q:
    waiting = RequestWaiting.objects.filter(request__subject_id=_value(subject, governed.subject))
    if drafts or governed.version is not None:
        version = _value(subject, governed.version or governed.draft_version)
        if version is None:
            return NOTHING
        waiting = waiting.filter(request__subject_version=version)
    people = Q(pk__in=waiting.values("user_id"))
    if governed.bundle is not None:
        bundles = type(subject)._base_manager.filter(pk=subject.pk).values(governed.bundle)
        together = RequestWaiting.objects.filter(request__subject_id__in=bundles)
        people |= Q(pk__in=together.values("user_id"))
    return people


def _owners(subject: Any, governed: Governed, remit: Remit) -> Q:
    if governed.owner_role is None:
        return NOTHING
    if not _has_owners(remit):
        return NOTHING
    person, deputy = _value(subject, governed.owner_person), _value(subject, governed.owner_deputy)
    if person is not None or deputy is not None:
        named = [each.pk for each in (person, deputy) if each is not None]
        return Q(pk__in=_fit_to_own().filter(pk__in=named).values("pk"))
    kind = "direct" if remit.unit.is_centre else "unit"
    posts = Party.objects.filter(kind=kind, unit=remit.unit_id, role=_value(subject, governed.owner_role))
    return Q(groups__in=posts.values("group_id"))
