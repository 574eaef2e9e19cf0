"""What people may not do or see: neither by a page nor by a request of their own making."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import APIResponse, Browser

from tests.journeys.conftest import Arrive
from tests.journeys.site import Site, serving
from tests.journeys.test_publishing import writes_and_submits
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(browser: Browser, prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One installation for all of these: nothing comes of what is refused."""
    with serving(prepared, tmp_path_factory.mktemp("refusals") / "data") as site:
        yield site
        faults = site.faults()
    assert not faults, faults


def _posts(person: Visitor, address: str, **fields: str) -> APIResponse:
    """Send a form that the page does not offer, from the person's own browser and with its token."""
    token = person.page.locator("input[name=csrfmiddlewaretoken]").first.input_value()
    return person.context.request.post(
        address, form={"csrfmiddlewaretoken": token, **fields}, headers={"Referer": person.page.url}
    )


def test_nobody_approves_what_they_wrote_by_page_api_or_action(arrive: Arrive, site: Site) -> None:
    # A lead may draft and may decide, so only that she wrote it keeps this one from deciding.
    author = arrive("Marta Diaz")
    request = writes_and_submits(author)
    assert author.page.get_by_role("button", name=re.compile("^Approve")).count() == 0
    because = "You wrote, edited or submitted this"
    author.reads(because)
    number = request.strip("/").rpartition("/")[2]
    seen = author.context.request.get(f"/api/v1/requests/{number}/").json()["subject_hash"]
    assert seen

    forged = _posts(author, request, step="approve", comment="", seen_hash=seen)
    assert forged.status in (403, 422)
    assert because in forged.text()
    token = author.page.locator("input[name=csrfmiddlewaretoken]").first.input_value()
    refused = author.context.request.post(
        f"/api/v1/requests/{number}/decisions/",
        data={"verdict": "approve", "seen_hash": seen},
        headers={"X-CSRFToken": token, "Referer": author.page.url},
    )
    assert refused.status in (403, 409, 422), refused.text()
    assert because in refused.text()
    code = (
        "from accounts.models import User; from governance.models import Request; "
        "from governance.actions.requests import decide; from governance.errors import NotAllowed, Denied\n"
        f"asked = Request.objects.get(number={number!r})\n"
        "try: decide(actor=User.objects.get(name='Marta Diaz'), request=asked, verdict='approve', "
        "seen_hash=asked.subject_hash)\n"
        "except (NotAllowed, Denied) as error: print(error.message)"
    )
    assert because in site.manage("shell", "--verbosity", "0", "-c", code)
    author.go(request)
    author.does_not_read("Approved by Marta Diaz")


def test_an_administrator_does_not_confirm_or_apply_their_own_plan(arrive: Arrive) -> None:
    administrator = arrive("Ines Halloran")
    administrator.go("/model/plans/")
    administrator.follow(re.compile("^Labs under"))
    plan = administrator.path
    assert administrator.page.get_by_role("button", name=re.compile("^(Confirm|Apply)")).count() == 0
    for step in ("confirm", "apply"):
        assert _posts(administrator, plan, step=step, comment="", seen_hash="").status in (403, 409, 422), step
    administrator.go(plan)
    administrator.reads("Waiting for confirmation")


def test_an_administrator_sees_no_document(arrive: Arrive) -> None:
    administrator = arrive("Ines Halloran")
    administrator.go("/library/")
    administrator.does_not_read("STD-0014", "Encryption of personal data")
    administrator.go("/s/STD-0014/", status=404)


def test_whoever_may_not_see_a_standard_gets_nothing_of_it_anywhere(arrive: Arrive) -> None:
    outsider = arrive("Noor Haddad")
    outsider.go("/library/")
    outsider.does_not_read("Customer data exports", "STD-0021")
    outsider.go("/library/?q=broker")
    outsider.does_not_read("Customer data exports", "STD-0021")
    for address in ("/library/suggest/?q=customer", "/library/suggest/?q=STD-0021"):
        assert "Customer data exports" not in outsider.context.request.get(address).text()
    hidden, absent = ("/s/STD-0021/", "/s/STD-9021/")
    bodies = []
    for address in (hidden, absent):
        answer = outsider.context.request.get(address)
        assert answer.status == 404
        bodies.append(_bare(answer.text(), address))
    assert bodies[0] == bodies[1]
    for address in ("v/1/", "history/", "compare/1..2/", "edit/", "review/", "retire/", "about/"):
        assert outsider.context.request.get(f"{hidden}{address}").status == 404, address
    assert outsider.context.request.get("/requests/new/?ref=STD-0021&kind=exception").status == 404


def _bare(page: str, address: str) -> str:
    """The page without what its address and its moment bring along: where a change of theme leads, the token."""
    return re.sub(r'(csrfmiddlewaretoken" value=")[^"]+', r"\1", page).replace(address, "")


def test_an_auditor_finds_who_approved_what_and_may_change_nothing(arrive: Arrive) -> None:
    auditor = arrive("Tomas Verhoeven")
    # Who approved version 3: the document, then its history.
    auditor.go("/library/?q=STD-0005")
    auditor.clicks = 0
    auditor.follow(auditor.page.locator("main a.title, main a.row-title", has_text="Interfaces between systems").first)
    auditor.follow(re.compile(r"^\d+ versions$"))
    assert auditor.clicks == 2
    row = auditor.page.get_by_role("row").filter(has=auditor.page.locator("input[name=a][value='3']"))
    assert "Adaeze Okoye" in row.inner_text()
    auditor.go("/s/STD-0005/compare/1..6/")
    auditor.reads("What changed")

    auditor.go("/s/STD-0005/")
    for words in ("Start a revision", "Suggest a change", "Ask for an exception", "Propose to retire it"):
        assert auditor.page.locator("main").get_by_text(words, exact=True).count() == 0, words
    auditor.go("/s/STD-0005/edit/", status=403)
    auditor.go("/model/plans/new/", status=403)


def test_who_may_not_import_and_who_is_no_auditor_read_why(arrive: Arrive) -> None:
    reader = arrive("Jun Park")
    reader.go("/library/imports/new/", status=403)
    reader.reads("You may import nowhere")
    assert reader.page.get_by_role("navigation", name="Main").get_by_role("link", name="Audit").count() == 0
    reader.go("/audit/", status=403)
