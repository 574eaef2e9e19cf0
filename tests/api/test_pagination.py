"""Pages by position, where many rows are equal in what they are ordered by first."""

import random

import pytest
from django.test import RequestFactory
from rest_framework.request import Request

from accounts.models import User
from governance.api.pagination import page_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("order", [("name", "pk"), ("-name", "pk"), ("name", "-pk"), ("-name", "-pk")])
def test_every_row_stands_on_one_page_in_both_directions_though_names_are_alike(order):
    chance = random.Random(7)
    for number in range(23):
        User.objects.create_user(f"p{number}@example.org", name=chance.choice("ABC"))
    whole = list(User.objects.order_by(*order).values_list("pk", flat=True))
    url: str | None = "/api/v1/people/?limit=4"
    forwards, last = [], ""
    while url is not None:
        page = page_of(Request(RequestFactory().get(url)), User.objects.all(), order)
        forwards += [row.pk for row in page.rows]
        last, url = url, page.next
    assert forwards == whole
    backwards, url = [], last
    while url is not None:
        page = page_of(Request(RequestFactory().get(url)), User.objects.all(), order)
        backwards = [row.pk for row in page.rows] + backwards
        url = page.previous
    assert backwards == whole
