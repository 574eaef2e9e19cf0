"""The organisation of the HTTP sweeps, and programs that speak to it."""

from tests.http.conftest import _built, world

__all__ = ["_built", "world"]
