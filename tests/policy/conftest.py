"""The tiny organisation of the documents' tests, for the policy that answers about it."""

from tests.knowledge.conftest import cast

__all__ = ["cast"]
