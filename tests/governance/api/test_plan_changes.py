"""What a plan takes and gives, over the API: all of it for who plans and confirms, one's own for everybody else."""

import pytest
from django.core.cache import cache

from governance.actions.transitions import apply_transition, plan_transition
from governance.models import OperatingModelVersion
from governance.permissions.projecting import PlannedAssignment
from tests.api.clients import problem, program_of
from tests.knowledge.cast import make_cast, unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    cache.clear()
    return make_cast()


@pytest.fixture
def plan(cast):
    """Finance on its own: its lead publishes, the centre's no longer does."""
    version = OperatingModelVersion.objects.get(family__key="independent")
    change = PlannedAssignment(unit=unit("FIN").pk, model_version=version.pk, centre=None)
    return plan_transition(actor=cast.admin, title="Alone", reason="To try it.", changes=[change])


def told(client, plan, query=""):
    return client.get(f"/api/v1/plans/{plan.number}/changes/{query}")


def names(answer, side):
    return {(row["unit"], row["right"], person["name"]) for row in answer.json()["results"] for person in row[side]}


def test_who_gains_and_who_loses_is_told_by_unit_and_side(cast, plan):
    admin = program_of(cast.admin)
    whole = told(admin, plan, "?limit=200")
    rows = whole.json()["results"]
    assert ("FIN", "publish", cast.unit_lead.name) in names(whole, "gained")
    assert ("FIN", "publish", cast.centre_lead.name) in names(whole, "lost")
    assert sum(row["lost_count"] for row in rows) == plan.plan["totals"]["lost"]
    assert sum(row["gained_count"] for row in rows) == plan.plan["totals"]["gained"]
    lost = told(admin, plan, "?limit=200&show=lost").json()["results"]
    assert lost
    assert all(row["lost_count"] and not row["gained"] and not row["gained_count"] for row in lost)
    pay = told(admin, plan, "?limit=200&unit=pay").json()
    assert {row["unit"] for row in pay["results"]} == {"PAY"}
    assert pay["total"] == len([row for row in rows if row["unit"] == "PAY"])
    pages = [told(admin, plan, f"?limit=10&page={page}").json() for page in range(1, -(-len(rows) // 10) + 1)]
    assert [row for page in pages for row in page["results"]] == rows
    assert {page["pages"] for page in pages} == {len(pages)}
    assert problem(told(admin, plan, "?show=kept")) == (422, "invalid")


def test_a_member_is_told_of_an_applied_plan_and_of_their_own_rights_alone(cast, plan):
    reader = program_of(cast.unit_reader)
    assert problem(told(reader, plan)) == (404, "not-found")
    apply_transition(actor=cast.admin, transition=plan)
    answer = told(reader, plan, "?limit=200")
    assert names(answer, "lost") | names(answer, "gained")
    assert {name for side in ("lost", "gained") for _, _, name in names(answer, side)} == {cast.unit_reader.name}
    assert {row["lost_count"] + row["gained_count"] for row in answer.json()["results"]} == {1}
    assert reader.get(f"/api/v1/plans/{plan.number}/").json()["findings"] == []
    assert problem(told(program_of(cast.outsider), plan)) == (404, "not-found")
