"""Organisations that a whole module acts on: told once for each model, and as new for each test."""

from collections.abc import Iterator
from copy import copy
from typing import Any

import pytest
from django.db import transaction

from governance.permissions import policy
from governance.selectors import organisation
from tests.governance.actions.story import Story, told


@pytest.fixture(scope="module")
def _told_once(request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any) -> Iterator[Story]:
    """The organisation under the model that the test names, in a transaction around all the module's tests of it."""
    around = transaction.atomic()
    around._from_testcase = True  # type: ignore[attr-defined] - as Django's own test cases mark theirs
    with django_db_blocker.unblock():
        around.__enter__()
        try:
            story = told(Story(), request.param)
        except BaseException:
            transaction.set_rollback(True)
            around.__exit__(None, None, None)
            raise
    yield story
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        around.__exit__(None, None, None)


@pytest.fixture
def story(_told_once: Story, db: None) -> Story:
    """That organisation, with nothing of what another test did to it. Name the model with ``under``."""
    policy.forget()
    organisation._worlds.clear()
    mine = copy(_told_once)
    mine.who = {name: type(account).objects.get(pk=account.pk) for name, account in _told_once.who.items()}
    return mine
