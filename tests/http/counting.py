"""Every number that a page tells, compared with what a plain reading of the world gives.

Who may see what is written down by hand in ``surfaces.seen_by``, from what the product promises; nothing here asks the
policy. So a filter that is left out of a count, a facet or a search is found, and so is a policy that lets too much by.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from governance.models import LedgerEntry, Request, RequestWaiting
from knowledge.days import today
from knowledge.models import Document
from tests.http.surfaces import seen_by
from tests.http.world import COE, MEMBERS, World

SOUGHT = {
    "zqseal": ("restricted",),
    "zqdraft": ("draft",),
    "zqlab": ("lab", "lab_waiting"),
    "zqimport": ("imported",),
    "zqopen": ("open",),
    "zqnext": ("next/draft",),
    "zqlater": ("later/draft",),
}
"""What is looked for → the things whose words begin so."""
ORGANISATION = ("unit", "organisation", "operating_model", "transition", "confirmation")
"""The ledger's streams that an administrator reads."""


def wrong_counts(world: World, role: str) -> Iterator[str]:
    """A sentence for every number that is not right for this role."""
    for what, shown, right in _numbers(world, role):
        if shown != right:
            yield f"{role}: {what}: {shown}, and it is {right}"


def _numbers(world: World, role: str) -> Iterator[tuple[str, Any, Any]]:
    browser, person = world.browser(role), world.people[role]
    assert Document.objects.count() == len(world.documents), "every document of the world is known by name"
    rows = {
        name: Document.objects.select_related("remit__unit").get(pk=row.pk) for name, row in world.documents.items()
    }
    drafts = {name for name in rows if role in seen_by(f"document:{name}/draft")}
    reads = {name for name in rows if role in seen_by(f"document:{name}") and rows[name].first_published_at is not None}
    seen = [rows[name] for name in sorted(drafts | reads)]

    page = browser.get("/library/")
    yield "documents in the library", page.context["page"].total, len(seen)
    counted = {
        facet.name: {choice.value: choice.count for choice in (*facet.choices, *facet.more)}
        for facet in page.context["facets"]
    }
    yield "kinds", counted.get("kind", {}), dict(Counter(each.kind for each in seen))
    yield "units", counted.get("unit", {}), dict(Counter(each.remit.unit.code for each in seen))
    yield "subjects", counted.get("capability", {}), dict(Counter(each.remit.capability for each in seen))
    yield "tags", counted.get("tag", {}), dict(Counter(tag for each in seen for tag in each.tags))
    for status, count in counted.get("status", {}).items():
        listed = browser.get(f"/library/?status={status}").context["page"]
        yield f"documents of status {status}", (count, len(listed.rows)), (listed.total, listed.total)
        yield (
            f"hidden ones among status {status}",
            {row.document.pk for row in listed.rows} - {x.pk for x in seen},
            set(),
        )
    behind = sum(counted.get("status", {}).get(status, 0) for status in ("draft", "in_review", "approved"))
    yield "drafts behind what is read, too many", max(0, behind - len(drafts)), 0

    for text, things in SOUGHT.items():
        found = sum(role in seen_by(f"document:{thing}") for thing in things)
        answer = browser.get(f"/library/?q={text}").context
        yield f"found by {text}", answer["page"].total, found
        told = sum(choice.count for facet in answer["facets"] if facet.name == "unit" for choice in facet.choices)
        yield f"found by {text}, added up over the units", told, found
        suggested = browser.get(f"/library/suggest/?q={text}").context["rows"]
        yield f"suggested for {text}, too many", max(0, len(suggested) - found), 0

    due = [rows[name] for name in reads if rows[name].in_force_id and rows[name].next_review_on]
    overdue = sum(each.next_review_on < today() for each in due if each.retired_at is None)
    yield "overdue reviews", browser.get("/reviews/?within=365").context["overdue"], overdue

    imports = sum(role in seen_by(f"import:{name}") for name in world.batches)
    yield "imports", browser.get("/library/imports/").context["page"].paginator.count, imports

    # What the world does not name are the publications with which the centre's documents came into force.
    unnamed = Request.objects.exclude(pk__in=[each.pk for each in world.requests.values()])
    assert set(unnamed.values_list("kind", "remit__unit__code")) == {("publication", "COE")}
    asked = sum(role in seen_by(f"request:{name}") for name in world.requests)
    asked += unnamed.count() if role in COE else 0
    listed = browser.get("/requests/?list=all").context["page"]
    yield "requests", listed.paginator.count, asked

    waiting = RequestWaiting.objects.filter(user=person).count()
    work = browser.get("/").context
    # Beside the requests that wait, the number is of the reviews, confirmations and plans that the page lists.
    others = sum(not each.url.startswith("/requests/") for each in work["waiting"])
    yield "what waits, in the navigation", work["nav"][0].count, waiting + others

    if role in ("admin", "auditor"):
        entries = LedgerEntry.objects.all() if role == "auditor" else _of_the_organisation()
        yield "entries of the ledger", browser.get("/audit/").context["total"], entries.count()
    if role in MEMBERS:
        people = type(person).objects.filter(is_active=True).count()
        yield "people", browser.get("/people/").context["page"].paginator.count, people


def _of_the_organisation() -> Any:
    return LedgerEntry.objects.filter(stream__kind__in=ORGANISATION)
