"""A frozen route thaws to an equal one, through the text that the database holds."""

import json

import pytest

from governance.compiler.snapshot import RemitKey
from governance.vocabulary import Mode, RiskLevel
from governance.workflow.freezing import from_json, to_json
from governance.workflow.routing import exception_route
from tests.governance.workflow.organisation import CENTRE, RETAIL, RITA, K, Org, person


@pytest.mark.parametrize("mode", list(Mode))
def test_a_frozen_route_thaws_to_an_equal_one(mode: Mode) -> None:
    org = Org.under(mode)
    asked = exception_route(
        org.world,
        document_remit=RemitKey(CENTRE, K),
        asking_unit=RETAIL,
        asker_person=person(RITA),
        risk=RiskLevel.LOW,
    )
    for route in (org.publication(), org.publication(kind="retirement"), asked, org.without_leads(1, 2).publication()):
        text = json.dumps(to_json(route))
        assert from_json(json.loads(text)) == route
        assert json.dumps(to_json(from_json(json.loads(text)))) == text


def test_an_undecidable_route_without_stages_is_kept_too() -> None:
    route = Org.under(Mode.UNIT).but(assignments=()).publication()
    assert from_json(json.loads(json.dumps(to_json(route)))) == route


def test_another_version_is_refused() -> None:
    data = {**to_json(Org.under(Mode.UNIT).publication()), "version": 2}
    with pytest.raises(ValueError, match="version 2"):
        from_json(data)
