"""The surfaces that have no address: notices, mails, and what the commands print.

They are enumerated as the addresses are: every row of the routes table, every template of a mail, every command. One
that is in neither list fails ``test_enumeration``.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.core import mail
from django.core.management import CommandError, call_command, get_commands
from django.test import override_settings

from accounts.actions.notices import Message, tell
from accounts.actions.outbox import send_due_mail
from accounts.models import Notification, OutgoingMail, User
from accounts.routes import ROUTES, About
from accounts.selectors.notifications import notices_for
from governance.models import ConfirmationRequest
from tests.http.answers import leaks
from tests.http.surfaces import seen_by
from tests.http.world import ROLES, Told, World, undone

MARK = "zqtellingword"


@dataclass(frozen=True)
class Subject:
    """Something that a notice may be about: what it is called in ``seen_by``, its kind and id."""

    thing: str
    kind: str
    public_id: UUID


def subjects_of(world: World, about: About) -> list[Subject]:
    """The things of this kind in the world, those first that hardly anybody may see."""
    if about is About.SUBJECT:
        return [
            Subject(f"document:{name}", "document", world.documents[name].public_id) for name in ("restricted", "lab")
        ]
    if about is About.REQUEST:
        return [
            Subject(f"request:{name}", about.value, world.requests[name].public_id) for name in ("restricted", "lab")
        ]
    if about is About.PLAN:
        return [Subject("plan:draft", about.value, world.others["plan"].public_id)]
    if about is About.CONFIRMATION:
        return [Subject("confirmation", about.value, ConfirmationRequest.objects.get().public_id)]
    if about is About.UNDECIDABLE:
        return [Subject("undecidable", about.value, world.requests["lab_waiting"].public_id)]
    return []


def allowed(thing: str) -> frozenset[str]:
    """The roles that a notice about this thing may tell something. Whoever confirms or manages sees no document."""
    known = {"undecidable": frozenset({"admin"}), "confirmation": frozenset({"admin"})}
    return known.get(thing) or seen_by(thing)


def wrong_notices(world: World, role: str) -> Iterator[str]:
    """Every notice and mail that tells this person of something hidden: of each row of the routes table, about each
    kind of thing, as if they had been told before they lost the right; and whatever the handlers really wrote."""
    person = User.objects.get(pk=world.people[role].pk)
    with undone():
        yield from _wrong_mail(world, role, person)
        hidden = _told_of_everything(world, person, role)
        rows = list(Notification.objects.filter(user=person, key__in=hidden))
        assert len(rows) == len(hidden)
        for notice, row in zip(notices_for(person, rows), rows, strict=True):
            if MARK in f"{notice.title} {notice.body} {notice.url}":
                yield f"{role}: the notice {row.event} tells of {hidden[row.key]}"
        with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
            mail.outbox = []
            send_due_mail()
        for sent in OutgoingMail.objects.filter(user=person, key__in=hidden, state=OutgoingMail.State.SENT):
            yield f"{role}: a mail about {hidden[sent.key]} was sent: {sent.subject}"
        for letter in mail.outbox:
            if letter.to == [person.email] and MARK in _words(letter):
                yield f"{role}: a mail tells of something hidden: {letter.subject}"
        mail.outbox = []
        yield from _wrong_inbox(world, role)


def _told_of_everything(world: World, person: User, role: str) -> dict[str, str]:
    """The person has a notice and a mail of every route about every hidden thing; returns their keys → the thing."""
    hidden = {}
    for route in ROUTES:
        for subject in subjects_of(world, route.about):
            if role in allowed(subject.thing):
                continue
            key = f"leak:{route.event}:{subject.thing}"
            hidden[key] = subject.thing
            words = Message(
                event=route.event,
                key=key,
                title=f"{MARK} {route.event}",
                body=MARK,
                url=f"/{MARK}/",
                subject_kind=subject.kind,
                subject_id=subject.public_id,
                mail_subject=f"{MARK} {route.event}",
                because=MARK,
            )
            tell([person], words)
    return hidden


def _wrong_mail(world: World, role: str, person: User) -> Iterator[str]:
    """What of the mail that the world's events really caused reaches this person and should not."""
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        mail.outbox = []
        send_due_mail()
    for letter in mail.outbox:
        if letter.to == [person.email]:
            yield from (f"by mail: {leak}" for leak in leaks(world, role, "", _words(letter)))
    mail.outbox = []


def _wrong_inbox(world: World, role: str) -> Iterator[str]:
    browser = world.browser(role)
    for page in range(1, 4):
        answer = browser.get(f"/notifications/?page={page}").content.decode()
        if MARK in answer:
            yield f"{role}: page {page} of the inbox tells of something hidden"


def _words(letter: Any) -> str:
    parts = [str(part[0]) for part in getattr(letter, "alternatives", ())]
    return "\n".join([letter.subject, letter.body, *parts, *map(str, letter.extra_headers.items())])


# --- what is told to whoever runs the commands

COMMANDS: dict[str, tuple[str, ...]] = {
    "compile_permissions": (),
    "deliver": (),
    "install_models": (),
    "verify_ledger": (),
    "verify_permissions": (),
    "rebuild_search": (),
}
"""Commands that are run in the world, with their arguments: none prints a word of any document, request or plan."""
NOT_RUN = {
    "back_up": "writes the whole database into a file and prints where it lies; tests/config drives it",
    "create_token": "prints the token that it made, once, to whoever runs it; tests/accounts drives it",
    "create_user": "prints the name and address that it was given; tests/accounts drives it",
    "demo": "makes or empties the demo's own database; tests/config drives it",
    "serve": "starts the server and does not end; tests/config drives it",
    "import_documents": "prints the paths and problems of the source that it was given; tests/knowledge drives it",
}
"""Commands that are not run here, each with why."""
PACKAGES = ("config", "accounts", "knowledge", "governance")


def commands() -> list[str]:
    """Every management command of the product."""
    own = {apps.get_app_config(name).name for name in ("accounts", "knowledge", "governance")} | {"config"}
    return sorted(name for name, package in get_commands().items() if package in own)


def wrong_output(world: World) -> Iterator[str]:
    """Every command's output that holds a word of something hidden: it ends in a log that others read."""
    for name, arguments in COMMANDS.items():
        out = io.StringIO()
        with undone():
            try:
                call_command(name, *arguments, stdout=out, stderr=out)
            except CommandError as error:
                out.write(str(error))
        read = Told(out.getvalue())
        for secret in world.secrets:
            for word in secret.words:
                if word.casefold() in read.lower:
                    yield f"the command {name} prints {word} of {secret.name}"


# --- what there is

MAIL_TEMPLATES = ("accounts/mail_notice.html",)
SENDS_MAIL = ("accounts/actions/outbox.py",)
"""The only place from which mail leaves; it asks before each mail whether the person may still see the thing."""


def mail_templates() -> list[str]:
    """Every template whose name says that it is a mail."""
    folders = [settings.BASE_DIR / package / "templates" for package in PACKAGES]
    found = (path.relative_to(folder) for folder in folders for path in folder.rglob("*mail*"))
    return sorted(str(path) for path in found)


def senders_of_mail() -> list[str]:
    """Every module that knows how to send mail."""
    paths = (path for package in PACKAGES for path in sorted((Path(settings.BASE_DIR) / package).rglob("*.py")))
    known = ("django.core.mail import", "import django.core.mail", "email_user(", "mail_admins(")
    return [str(path.relative_to(settings.BASE_DIR)) for path in paths if any(x in path.read_text() for x in known)]


__all__ = ["COMMANDS", "MAIL_TEMPLATES", "NOT_RUN", "ROLES", "SENDS_MAIL", "commands", "wrong_notices", "wrong_output"]
