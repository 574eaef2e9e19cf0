"""The transaction of one delivery, which a handler's change joins instead of opening its own.

So what a handler changes and the mark that it was told commit together: told once, done once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection

_delivery_depth: ContextVar[int | None] = ContextVar("governance_delivery_depth", default=None)


@contextmanager
def delivery_transaction() -> Iterator[None]:
    """While the block runs, the innermost open transaction is a delivery's own."""
    token = _delivery_depth.set(len(connection.atomic_blocks))
    try:
        yield
    finally:
        _delivery_depth.reset(token)


def joins_delivery() -> bool:
    """Whether a change begun here is begun directly in a delivery's transaction, with no other atomic block between."""
    depth = _delivery_depth.get()
    return depth is not None and depth == len(connection.atomic_blocks)
