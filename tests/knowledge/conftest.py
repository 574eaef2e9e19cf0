"""The tiny organisation, for every test of documents that touches the database."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission

from governance.permissions import policy
from governance.selectors import organisation
from tests.knowledge.cast import Cast, make_cast

_OF_THE_MIGRATIONS = {"contenttypes.contenttype", "auth.permission"}
_kept: list[tuple[Any, list[dict[str, Any]]]] = []
_kept_for: list[tuple[int, int]] = []
"""The ids of the permissions and their types that the kept rows name: a transaction test's flush gives out new ones."""
_people: dict[str, int] = {}


@pytest.fixture
def cast(db: None) -> Cast:
    """The cast, made through the actions once and then put back row by row, for that takes a tenth of the time."""
    # What is kept per permission epoch outlives a rolled-back test, whose epoch the next test uses again.
    policy.forget()
    organisation._worlds.clear()
    given = list(Permission.objects.order_by("pk").values_list("pk", "content_type_id"))
    return _put_back() if _kept and _kept_for == given else _make(given)


def _make(given: list[tuple[int, int]]) -> Cast:
    _kept.clear()
    _kept_for[:] = given
    cast = make_cast()
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and model._meta.label_lower not in _OF_THE_MIGRATIONS:
            rows = list(model._base_manager.values(*(field.attname for field in model._meta.concrete_fields)))
            if rows:
                _kept.append((model, rows))
    _people.update({name: person.pk for name, person in vars(cast).items()})
    return cast


def _put_back() -> Cast:
    from accounts.models import User

    for model, rows in _kept:
        model._base_manager.bulk_create([model(**row) for row in rows])
    people = User.objects.in_bulk(list(_people.values()))
    return Cast(**{name: people[pk] for name, pk in _people.items()})
