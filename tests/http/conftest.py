"""One organisation for each module, built once; every test puts back what it changed."""

from collections.abc import Iterator
from typing import Any

import pytest

from governance import ledger
from governance.ledger import dispatch
from tests.http.world import World, forget, kept_world


@pytest.fixture(scope="module")
def _built(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Nobody sweeps the outbox unasked: nothing here ever commits."""
    kept = dispatch._dispatcher
    ledger.set_dispatcher(None)
    with django_db_blocker.unblock(), kept_world(tmp_path_factory.mktemp("world")) as world:
        yield world
    ledger.set_dispatcher(kept)


@pytest.fixture
def world(_built: World, db: None, settings: Any) -> Iterator[World]:
    """The organisation; what a test does to it is undone. Nobody is told to come back later: tests/api shows that."""
    settings.API_REQUESTS_A_MINUTE = settings.API_REQUESTS_A_MINUTE_SIGNED_OUT = 10**9
    forget()
    yield _built
    forget()
