"""The organisations of the actions' tests, spoken to over the API."""

from tests.governance.actions.conftest import _told_once, story

__all__ = ["_told_once", "story"]
