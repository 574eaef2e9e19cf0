"""Who owns a document: the person and deputy named, else everyone in the post, in its remit."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from governance.selectors.organisation import current_world
from governance.vocabulary import Role
from knowledge.models import Document


def owners_of(document: Document) -> "QuerySet[Any]":
    """Return the accounts that own the document now, by name: the named person and deputy, else everyone with that
    role or a higher one in the remit's unit. Guests never own by role."""
    owners = owner_ids_of([document])[document.pk]
    return get_user_model().objects.filter(pk__in=owners, is_active=True).order_by("name", "pk")


def owner_ids_of(documents: Iterable[Document]) -> dict[int, frozenset[int]]:
    """Return the owners' account ids of each document, at the cost of one look at the organisation.

    Where none of those named is active any more, the post answers: nobody else would hear of a review.
    """
    known = list(documents)
    named = {pk for document in known for pk in (document.owner_person_id, document.owner_deputy_id) if pk is not None}
    active = set(get_user_model().objects.filter(pk__in=named, is_active=True).values_list("pk", flat=True))
    world = current_world()
    found: dict[int, frozenset[int]] = {}
    for document in known:
        by_name = frozenset(active & {document.owner_person_id, document.owner_deputy_id})
        found[document.pk] = by_name or world.members(document.remit.unit_id, Role(document.owner_role))
    return found
