"""Collected by name, first, by ``running``: the database is made for it, and stays for all that follow.

With it the tiny organisation of the documents' tests, which is made once and put back row by row for each test.
"""

import pytest

from tests.knowledge.conftest import cast

__all__ = ["cast"]


@pytest.mark.django_db
def test_there_is_a_database_and_an_organisation(cast) -> None:
    from governance.models import Remit

    assert Remit.objects.exists()
