"""An organisation for races: written for good, since each runner has a transaction of its own."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from governance.ledger import dispatch
from tests.governance.actions.story import Story, told


@pytest.fixture(autouse=True)
def _nobody_is_told_by_a_worker() -> Iterator[None]:
    """After a commit no broker is asked for anything."""
    kept, dispatch._dispatcher = dispatch._dispatcher, None
    yield
    dispatch._dispatcher = kept


@pytest.fixture
def story(request: Any, transactional_db: None) -> Story:
    """The organisation under the model that the test names, told three weeks ago."""
    with time_machine.travel(timezone.now() - timedelta(days=21)):
        return told(Story(), request.param)


def under(model: str) -> Any:
    """The race is run in the organisation of ``told`` under this model."""
    return pytest.mark.parametrize("story", [model], indirect=True)
