"""Every form of the product, filled in well by somebody who may send it, with what kind of value each field takes."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile

from governance.models import ConfirmationRequest, Membership, OperatingModelVersion
from knowledge.models import Clause, Document
from tests.http.world import World, holding_of
from tests.knowledge.cast import in_days, remit


@dataclass(frozen=True)
class Form:
    """A form at ``url``, sent by ``role``. ``values`` fills it in so that it succeeds; the other fields name those of
    its fields that are texts, one-line texts, days, whole numbers, choices and ids."""

    name: str
    role: str
    url: Callable[[World], str]
    values: Callable[[World], dict[str, Any]]
    texts: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    shows: bool = True
    """Whether a refusal shows the form again. A button's form (discard, start) has its refusal on a page of its own."""
    json: bool = False


def _at(path: str) -> Callable[[World], str]:
    return lambda world: path


def _of(document: str, page: str) -> Callable[[World], str]:
    return lambda world: f"{world.documents[document].get_absolute_url()}{page}"


def _draft_of(world: World, name: str) -> str:
    draft = Document.objects.get(pk=world.documents[name].pk).draft
    assert draft is not None
    return str(draft.public_id)


def _in_force(world: World, name: str) -> str:
    revision = Document.objects.get(pk=world.documents[name].pk).in_force
    assert revision is not None
    return str(revision.public_id)


def _version(key: str) -> int:
    return OperatingModelVersion.objects.get(family__key=key).pk


def _text() -> dict[str, Any]:
    return {
        "title": "A better title",
        "body": "Systems MUST be better.",
        "reason": "To be better.",
        "effective_on": "",
        "submission_key": str(uuid4()),
        "step": "save",
    }


def _membership_of_hermit(world: World) -> Membership:
    found = Membership.objects.filter(user=world.others["hermit"]).first()
    assert found is not None
    return found


def _clause(world: World) -> str:
    found = Clause.objects.filter(document=world.documents["open"]).first()
    assert found is not None
    return str(found.public_id)


def _asking(world: World) -> dict[str, Any]:
    return {
        "ref": world.documents["open"].number,
        "unit": "FIN",
        "clause": _clause(world),
        "reason": "We need it.",
        "submission_key": str(uuid4()),
        "send": "1",
    }


FORMS = (
    Form(
        "profile",
        "reader",
        _at("/me/"),
        lambda world: {"name": "Fred", "title": "Reader", "theme": "dark", "time_zone": "UTC", "shortcuts": "on"},
        texts=("name", "title"),
        choices=("theme", "time_zone"),
    ),
    Form("sign-in", "", _at("/signin/"), lambda world: {"email": "a@example.org", "password": "x"}, texts=("email",)),
    Form(
        "document-new",
        "author",
        _at("/library/new/"),
        lambda world: {
            **_text(),
            "remit": str(remit("COE").public_id),
            "kind": "standard",
            "tags": "one, two",
            "review_months": "12",
            "classification": "internal",
        },
        texts=("title", "body", "reason", "tags"),
        days=("effective_on",),
        numbers=("review_months",),
        choices=("kind", "classification"),
        ids=("remit", "submission_key"),
    ),
    Form(
        "document-edit",
        "writer",
        _of("draft", "edit/"),
        lambda world: {**_text(), "base": _draft_of(world, "draft")},
        texts=("title", "body", "reason"),
        days=("effective_on",),
        ids=("base", "submission_key"),
    ),
    Form(
        "document-start",
        "author",
        _of("open", "start/"),
        lambda world: {"reason": "To be better."},
        texts=("reason",),
        shows=False,
    ),
    Form(
        "document-discard",
        "writer",
        _of("draft", "discard/"),
        lambda world: {"base": _draft_of(world, "draft"), "reason": "Not needed."},
        texts=("reason",),
        ids=("base",),
        shows=False,
    ),
    Form(
        "document-review",
        "centre",
        _of("open", "review/"),
        lambda world: {
            "seen": _in_force(world, "open"),
            "comment": "Still right.",
            "next_review_on": "",
        },
        texts=("comment",),
        days=("next_review_on",),
        ids=("seen",),
    ),
    Form(
        "owner",
        "centre",
        _of("open", "about/"),
        lambda world: {
            "step": "owner",
            "role": "author",
            "person": str(world.people["author"].public_id),
            "deputy": "",
            "reason": "She knows it.",
        },
        texts=("reason",),
        choices=("role",),
        ids=("person", "deputy"),
    ),
    Form(
        "classification",
        "centre",
        _of("open", "about/"),
        lambda world: {"step": "classification", "classification": "restricted", "reason": "It is."},
        texts=("reason",),
        choices=("classification",),
    ),
    Form(
        "interval",
        "centre",
        _of("open", "about/"),
        lambda world: {"step": "interval", "review_months": "7", "reason": "Sooner."},
        texts=("reason",),
        numbers=("review_months",),
    ),
    Form(
        "tags",
        "centre",
        _of("open", "about/"),
        lambda world: {"step": "tags", "tags": "new, tags"},
        texts=("tags",),
    ),
    Form(
        "alias",
        "centre",
        _of("open", "about/"),
        lambda world: {"step": "alias", "alias": "OLD-7"},
        texts=("alias",),
    ),
    Form(
        "document-retire",
        "centre",
        _of("open", "retire/"),
        lambda world: {
            "reason": "Nobody needs it.",
            "successor": world.documents["next"].number,
            "effective_on": "",
            "submission_key": str(uuid4()),
        },
        texts=("reason", "successor"),
        days=("effective_on",),
        ids=("submission_key",),
    ),
    Form(
        "import-new",
        "centre",
        _at("/library/imports/new/"),
        lambda world: {
            "remit": str(remit("COE").pk),
            "kind": "standard",
            "path_glob": "*.md",
            "attestation": "",
            "source": SimpleUploadedFile("folder.zip", zipped({"one.md": b"---\ntitle: One\n---\n\nIt MUST be.\n"})),
        },
        texts=("path_glob", "attestation"),
        choices=("kind",),
        ids=("remit",),
    ),
    Form(
        "ask-change",
        "reader",
        _at("/requests/new/?kind=change"),
        lambda world: {**_asking(world), "proposal": "Say it better."},
        texts=("reason", "proposal"),
        ids=("unit", "clause", "submission_key"),
    ),
    Form(
        "ask-exception",
        "reader",
        _at("/requests/new/?kind=exception"),
        lambda world: {
            **_asking(world),
            "until": in_days(30).isoformat(),
            "compensating_control": "We look twice.",
            "risk": "low",
        },
        texts=("reason", "compensating_control"),
        days=("until",),
        choices=("risk",),
        ids=("unit", "clause", "submission_key"),
    ),
    Form(
        "decide",
        "centre",
        lambda world: world.requests["next"].get_absolute_url(),
        lambda world: {"step": "approve", "comment": "Good.", "seen_hash": world.requests["next"].subject_hash},
        texts=("comment", "seen_hash"),
        choices=("step",),
    ),
    Form(
        "plan-new",
        "admin",
        _at("/model/plans/new/"),
        lambda world: {
            "where": "units",
            "units": ["HR"],
            "model_version": str(_version("centre_of_excellence")),
            "centre": "COE",
            "title": "People as before",
            "reason": "Because.",
            "risk_limit": "",
            "mandate_until": "",
        },
        texts=("title", "reason"),
        days=("mandate_until",),
        choices=("where", "risk_limit"),
        ids=("units", "model_version", "centre", "centre_knowledge"),
    ),
    Form(
        "plan-step",
        "admin",
        lambda world: f"/model/plans/{world.others['plan'].number}/",
        lambda world: {"step": "cancel", "comment": "Not now.", "seen_hash": world.others["plan"].plan_hash},
        texts=("comment",),
        choices=("step",),
    ),
    Form(
        "unit-new",
        "admin",
        _at("/units/HR/new/"),
        lambda world: {"name": "New team", "code": "NEW", "kind": "team"},
        texts=("name", "code"),
        choices=("kind",),
    ),
    Form(
        "unit-rename",
        "admin",
        _at("/units/HR/rename/"),
        lambda world: {"name": "Persons", "reason": "Nicer."},
        texts=("name", "reason"),
    ),
    Form(
        "unit-move",
        "admin",
        _at("/units/HR/move/"),
        lambda world: {"parent": "FIN", "reason": "Nearer.", "sure": "FIN"},
        texts=("reason",),
        ids=("parent",),
    ),
    Form(
        "unit-close",
        "admin",
        _at("/units/PAY/close/"),
        lambda world: {"reason": "Over."},
        texts=("reason",),
    ),
    Form(
        "membership-of-unit",
        "admin",
        _at("/units/HR/people/new/"),
        lambda world: {
            "person": "otto@example.org",
            "role": "reader",
            "reach": "unit",
            "since": "",
            "until": "",
            "reason": "New here.",
        },
        texts=("person", "reason"),
        days=("since", "until"),
        choices=("role", "reach"),
    ),
    Form(
        "membership-of-person",
        "admin",
        lambda world: f"/people/{world.people['outsider'].public_id}/membership/",
        lambda world: {"unit": "HR", "role": "reader", "reach": "unit", "since": "", "until": "", "reason": "New."},
        texts=("reason",),
        days=("since", "until"),
        choices=("role", "reach"),
        ids=("unit",),
    ),
    Form(
        "role-new",
        "admin",
        lambda world: f"/people/{world.people['outsider'].public_id}/role/",
        lambda world: {"role": "auditor", "reason": "New."},
        texts=("reason",),
        choices=("role",),
    ),
    Form(
        "membership-end",
        "admin",
        lambda world: f"/memberships/{_membership_of_hermit(world).public_id}/end/",
        lambda world: {"reason": "Left."},
        texts=("reason",),
    ),
    Form(
        "role-end",
        "admin",
        lambda world: f"/roles/{holding_of(world.people['auditor']).public_id}/end/",
        lambda world: {"reason": "Left."},
        texts=("reason",),
    ),
    Form(
        "confirmation",
        "sponsor",
        lambda world: f"/settings/people/confirmations/{ConfirmationRequest.objects.get().public_id}/",
        lambda world: {"step": "confirm"},
        choices=("step",),
        shows=False,
    ),
    Form(
        "api-decide",
        "centre",
        lambda world: f"/api/v1{world.requests['next'].get_absolute_url()}decisions/",
        lambda world: {"verdict": "approve", "comment": "Good.", "seen_hash": world.requests["next"].subject_hash},
        texts=("comment",),
        choices=("verdict",),
        json=True,
    ),
)


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip with these files under these names, whatever they are."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return held.getvalue()
