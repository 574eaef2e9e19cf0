"""Whatever people type is shown as they typed it, and never becomes a part of the page."""

import itertools
import re
from typing import Any

import pytest
from django.core.cache import cache

from accounts.models import User
from governance import ledger
from governance.actions.memberships import NewMembership, grant_membership
from governance.actions.requests import ask_change, ask_exception, decide
from governance.actions.transitions import plan_transition
from governance.actions.units import rename_unit
from governance.models import OperatingModelVersion, RequestWaiting
from governance.permissions.projecting import PlannedAssignment
from governance.vocabulary import Role
from knowledge.actions.documents import add_alias, change_tags
from knowledge.actions.imports import NewImport, import_documents
from knowledge.actions.retirement import propose_retirement
from knowledge.actions.reviews import confirm_review
from knowledge.models import Document
from knowledge.search.index import index_documents
from tests.http.surfaces import SURFACES
from tests.http.world import World
from tests.knowledge.cast import drafted, in_days, published, remit, submitted, unit

pytestmark = pytest.mark.django_db

BREAKS = (
    "\"'><script>zz{n}()</script>",
    "<img src=x onerror=zz{n}()>",
    "{{{{ 7|add:{n} }}}}{{% now 'Y' %}}",
    "javascript:zz{n}()//</textarea></title></select>",
)
BAD = re.compile(
    r"<script>zz|<img src=x|onerror=zz\d+\(\)>|href=[\"']?\s*javascript:|</textarea></title>|<svg/onload|<iframe|<base",
    re.IGNORECASE,
)
_count = itertools.count()


def hostile(kind: int, *, most: int = 200) -> str:
    """A text that would do something where it is not escaped, at most so long."""
    number = next(_count)
    return f"Zqx{number} {BREAKS[kind].format(n=number)}"[:most]


MARKDOWN = """In short: <script>zz1()</script> <img src=x onerror=zz2()> <svg/onload=zz3()>

## Scope "'><script>zz4()</script>

[a link](javascript:zz5()) [another](data:text/html,<script>zz6()</script>) <javascript:zz7()>
![a picture](x" onerror="zz8()) [x](vbscript:zz9()) <a href="javascript:zz10()">a</a>

Systems MUST <b onmouseover=zz11()>never</b> `<script>zz12()</script>` do <iframe src=//evil.example></iframe>.

| a | <script>zz13()</script> |
|---|---|
| <img src=x onerror=zz14()> | b |

```html
<script>zz15()</script>
```

<style>body{zz16}</style><form action=//evil.example><input name=x></form><base href=//evil.example>
"""


def fill(world: World, folder: Any) -> list[str]:
    """Every text that somebody can type holds something hostile; returns the addresses that show it."""
    cast = world.cast
    author = cast.centre_author
    for person in (author, cast.centre_lead, cast.unit_reader, cast.unit_lead):
        User.objects.filter(pk=person.pk).update(name=hostile(0), title=hostile(1))
        person.refresh_from_db()
    for code in ("COE", "FIN", "HR"):
        rename_unit(actor=cast.admin, unit=unit(code), name=hostile(0), reason=hostile(1))
    document = published(cast, hostile(0), body=MARKDOWN, reason=hostile(1))
    change_tags(actor=cast.centre_lead, document=document, tags=[hostile(0, most=45), hostile(3, most=45)])
    add_alias(actor=cast.centre_lead, document=document, value=hostile(1))
    assert document.in_force is not None
    confirm_review(actor=cast.centre_lead, document=document, seen=document.in_force.public_id, comment=hostile(0))
    draft = drafted(author, cast.centre_remit, hostile(1), body=MARKDOWN, reason=hostile(0))
    request = submitted(author, draft)
    decide(
        actor=cast.centre_lead, request=request, verdict="request_changes", comment=hostile(0),
        seen_hash=request.subject_hash,
    )  # fmt: skip
    change = ask_change(
        actor=cast.unit_reader, subject=document, unit=unit("FIN"), proposal=hostile(0), reason=hostile(1),
        clause_label=hostile(0),
    )  # fmt: skip
    exception = ask_exception(
        actor=cast.unit_reader, subject=document, unit=unit("FIN"), reason=hostile(0), until=in_days(9),
        compensating_control=hostile(1), risk="low", clause_label=hostile(0),
    )  # fmt: skip
    for waiting in list(RequestWaiting.objects.filter(request=exception).select_related("user"))[:1]:
        decide(actor=waiting.user, request=exception, verdict="approve", comment=hostile(1))
    retired = published(cast, hostile(3), body=MARKDOWN)
    retirement = propose_retirement(actor=cast.centre_lead, document=retired, reason=hostile(0), successor=document)
    decide(
        actor=cast.other_centre_lead, request=retirement, verdict="approve", comment=hostile(0),
        seen_hash=retirement.subject_hash,
    )  # fmt: skip
    source = folder / "source"
    source.mkdir()
    (source / "<img src=x onerror=zz77()>.md").write_text(
        f'---\ntitle: "{hostile(1)}"\nowner_slack: "<script>zz78()</script>"\nodd: "<script>zz79()</script>"\n'
        f'tags: ["<script>zz80()</script>"]\n---\n\n{MARKDOWN}'
    )
    (source / "<script>zz81()<script>.md").write_bytes(b"\xff")
    batch = import_documents(actor=cast.centre_lead, new=NewImport(source=str(source), remit=remit("COE")))
    plan = plan_transition(
        actor=cast.admin,
        title=hostile(0),
        reason=hostile(1),
        changes=[
            PlannedAssignment(
                unit=unit("HR").pk,
                model_version=OperatingModelVersion.objects.get(family__key="centre_of_excellence").pk,
                centre=unit("COE").pk,
            )
        ],
    )
    grant_membership(
        actor=cast.admin,
        membership=NewMembership(user=world.others["hermit"], unit=unit("FIN"), role=Role.AUTHOR, reason=hostile(0)),
    )
    ledger.deliver_due()
    index_documents(Document.objects.all())
    cache.clear()
    imported = list(Document.objects.filter(draft__import_entries__batch=batch))
    assert imported
    addresses = [
        f"{each.get_absolute_url()}{part}"
        for each in (document, draft, retired, *imported)
        for part in ("", "history/", "about/", "v/draft/", "v/1/", "compare/1..draft/", "edit/", "review/", "retire/")
    ]
    addresses += [each.get_absolute_url() for each in (change, exception, request, retirement, batch)]
    addresses += [f"/requests/new/?kind={kind}&ref={document.number}" for kind in ("change", "exception")]
    addresses += [f"/model/plans/{plan.number}/", "/library/?q=zqx", "/library/suggest/?q=zqx", "/audit/?about=zqx"]
    addresses += [f"/people/{world.people['reader'].public_id}/", "/units/FIN/", "/units/HR/move/", "/units/HR/close/"]
    return addresses


def test_nothing_that_was_typed_becomes_a_part_of_a_page(world: World, tmp_path: Any):
    addresses = fill(world, tmp_path)
    addresses += [
        next(surface.addresses(world)).url for surface in SURFACES if surface.named is None and "GET" in surface.methods
    ]
    wrong, shown = [], set()
    for role in ("auditor", "admin", "centre"):
        browser = world.browser(role)
        for url in dict.fromkeys(addresses):
            response = browser.get(url)
            if response.status_code >= 500:
                wrong.append(f"{role} {url}: {response.status_code}")
            if "html" not in response.get("Content-Type", ""):
                continue
            body = response.content.decode()
            wrong += [f"{role} {url}: …{body[max(0, at.start() - 60) : at.end() + 40]}…" for at in BAD.finditer(body)]
            wrong += [f"{role} {url}: a template was run" for _ in re.findall(r"Zqx\d+ \d{4}", body)]
            shown |= set(re.findall(r"Zqx(\d+)", body, re.IGNORECASE))
    assert not wrong, "\n".join(wrong[:60])
    assert len(shown) > 25, "the hostile texts are on the pages"


def test_a_preview_of_hostile_text_is_as_safe_as_the_page(world: World):
    browser = world.browser("author")
    for path in ("/library/new/preview/", f"{world.documents['next'].get_absolute_url()}edit/preview/"):
        body = browser.post(path, {"title": hostile(0), "body": MARKDOWN}).content.decode()
        assert not BAD.search(body)
        assert "evil.example" not in re.sub(r"<code>.*?</code>|&lt;.*?&gt;", "", body, flags=re.DOTALL)


def test_every_page_forbids_scripts_that_are_not_its_own(world: World):
    browser = world.browser("auditor")
    for surface in SURFACES:
        if surface.named is None and "GET" in surface.methods and not surface.name.startswith("api-"):
            for address in list(surface.addresses(world))[:1]:
                response = browser.get(address.url)
                policy = response["Content-Security-Policy"]
                assert "unsafe-inline" not in policy
                assert "default-src 'self'" in policy
                assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|<style", response.content.decode()), address.url
