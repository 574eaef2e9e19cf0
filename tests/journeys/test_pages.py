"""Every page that no journey passes, in the parts that open it: sound, small and without a fault in either theme."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.journeys.conftest import Arrive
from tests.journeys.site import Site, serving

pytestmark = pytest.mark.browser

MOST_NODES = 1_200
PAGES = {
    "Ines Halloran": (
        "/model/",
        "/model/?unit=RET&capability=knowledge",
        "/model/devolved/",
        "/model/plans/",
        "/model/plans/P-1/",
        "/model/plans/new/",
        "/model/check/?person=Sofia+Brandt&unit=RET&capability=knowledge&right=publish",
        "/units/",
        "/units/RET/",
        "/units/FIN/rename/",
        "/units/FIN/move/",
        "/units/FIN/close/",
        "/units/FIN/new/",
        "/units/FIN/people/new/",
        "/people/",
        "/settings/people/",
        "/audit/",
    ),
    "Tomas Verhoeven": (
        "/s/STD-0006/",
        "/s/STD-0019/",
        "/s/STD-0005/v/2/",
        "/s/STD-0005/about/",
        "/requests/?list=all",
        "/requests/R-1/",
        "/reviews/",
        "/model/check/",
    ),
    "Adaeze Okoye": (
        "/s/STD-0020/retire/",
        "/s/STD-0020/review/",
        "/s/STD-0020/about/",
        "/library/imports/",
        "/library/imports/new/",
        "/notifications/",
        "/requests/?list=unit",
    ),
    "Jun Park": (
        "/requests/new/?ref=STD-0021&kind=change",
        "/library/?density=compact",
        "/library/?q=nothing-says-this",
        "/model/",
        "/model/plans/",
        "/me/",
        "/keys/",
    ),
    "Lena Marsh": (
        "/library/new/",
        "/s/STD-0031/edit/",
        "/s/STD-0014/edit/",
        "/s/STD-0014/v/draft/",
        "/s/STD-0014/compare/3..draft/",
    ),
}


@pytest.fixture(scope="module")
def site(browser: Browser, prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One installation for all of these: nobody changes anything."""
    with serving(prepared, tmp_path_factory.mktemp("pages") / "data") as site:
        yield site
        faults = site.faults()
    assert not faults, faults


@pytest.mark.parametrize("who", PAGES)
def test_each_page_is_sound_in_both_themes_and_on_a_phone(arrive: Arrive, who: str) -> None:
    visitor = arrive(who)
    too_large = []
    for address in PAGES[who]:
        visitor.go(address)
        nodes = visitor.page.evaluate("() => document.querySelectorAll('*').length")
        if nodes > MOST_NODES:
            too_large.append((address, nodes))
    assert too_large == []


def test_what_is_not_there_says_so_and_leads_on(arrive: Arrive) -> None:
    visitor = arrive("Jun Park")
    visitor.go("/s/STD-9999/", status=404)
    visitor.follow("Go to My work")
