"""``manage.py import_documents``: a folder, a Git repository or a bundle comes into a remit, with its whole history."""

import resource
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from governance import ledger
from governance.errors import RemitError
from governance.models import Remit, Request
from governance.permissions import policy
from governance.rights import Right
from governance.vocabulary import Capability
from knowledge.actions.imports import NewImport, Preview, import_documents, preview_import
from knowledge.importing.problems import Problem, Severity
from knowledge.models import KINDS, ImportBatch, ImportedRevision

_EVERY = 2.0
"""Seconds between two lines of progress where no terminal is watching."""


class Command(BaseCommand):
    """Import documents. Exit code 0 when all that can be read is there, 1 when the import was refused or died."""

    help = (
        "Import the documents of a folder, a Git repository or a Git bundle with their history. What was imported "
        "before is passed over, an import that died is carried on, and what cannot be read is named and left out."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", help="a folder, a Git repository or a bundle on this machine")
        parser.add_argument("--unit", required=True, metavar="CODE", help="the unit that will own the documents")
        parser.add_argument(
            "--capability",
            required=True,
            metavar="KEY",
            help=f"their subject: {', '.join(each.value for each in Capability)}",
        )
        parser.add_argument(
            "--kind", default="", help=f"the kind of all new documents, else what each says: {', '.join(KINDS)}"
        )
        parser.add_argument(
            "--path", action="append", default=[], metavar="GLOB", help="which paths are documents; may be given again"
        )
        parser.add_argument(
            "--by", default="", metavar="EMAIL", help="who imports; must hold the right to import there"
        )
        parser.add_argument(
            "--attest", default="", metavar="REASON", help="take the batch into force on this person's word, unapproved"
        )
        parser.add_argument("--dry-run", action="store_true", help="read and report everything, write nothing")

    def handle(self, **options: Any) -> None:
        """Import or, with ``--dry-run``, report. Refusals are sentences."""
        begun = time.monotonic()
        remit = _remit(options["unit"], options["capability"])
        actor = self._actor(options["by"], remit)
        new = NewImport(
            source=options["source"],
            remit=remit,
            kind=options["kind"],
            path_glob="\n".join(options["path"]),
            attestation=options["attest"].strip(),
        )
        try:
            if options["dry_run"]:
                self._tell_preview(preview_import(actor=actor, new=new))
                return
            shown = _Shown(self, begun)
            batch = import_documents(actor=actor, new=new, progress=shown.progress)
        except RemitError as error:
            raise CommandError(error.message) from error
        shown.end()
        self._tell_result(batch, time.monotonic() - begun)
        # Search and mail need not wait for the server's next sweep.
        ledger.deliver_due()

    def _actor(self, email: str, remit: Remit) -> Any:
        if email:
            found = get_user_model().objects.filter(email__iexact=email, is_active=True).first()
            if found is None:
                raise CommandError(f"There is no active account with the address {email}.")
            return found
        able = list(policy.who_can(Right.IMPORT, remit).order_by("name")[:6])
        if len(able) == 1:
            self.stdout.write(f"By {able[0].name}, the only person who may import there.")
            return able[0]
        if not able:
            raise CommandError(f"Nobody may import into {remit}. Its operating model gives the right to no one now.")
        shown = ", ".join(each.email for each in able[:5]) + (" and others" if len(able) > 5 else "")
        raise CommandError(f"Say with --by who imports; these may: {shown}.")

    def _tell_preview(self, found: Preview) -> None:
        self._tell_problems(found.problems)
        self.stdout.write(f"The source holds {found.current:,} documents, and {found.retired:,} that it deleted.")
        if found.is_nothing:
            self.stdout.write("Nothing new: all of it was imported before.")
        else:
            self.stdout.write(
                f"An import would bring {found.documents_new:,} new documents and {found.revisions_new:,} revisions, "
                f"and retire {found.retirements:,}."
            )
        self.stdout.write("This was a dry run: nothing was written.")

    def _tell_result(self, batch: ImportBatch, seconds: float) -> None:
        problems = (
            Problem(each["path"], each["reason"], Severity(each["severity"]), each["commit"]) for each in batch.problems
        )
        self._tell_problems(problems)
        if batch.state == ImportBatch.State.NOTHING_NEW:
            self.stdout.write(f"Nothing new: everything that can be read was imported before ({batch.number}).")
        else:
            entries = ImportedRevision.objects.filter(batch=batch)
            retired = entries.filter(retires=True).count()
            self.stdout.write(
                f"{batch.number}: {entries.count() - retired:,} current documents and {retired:,} retired ones "
                f"({batch.documents_new:,} new), {batch.revisions_new:,} revisions."
            )
            self.stdout.write(_what_now(batch))
        rate = batch.revisions_new / seconds if seconds else 0.0
        self.stdout.write(
            f"{seconds:.1f} s ({time.process_time():.1f} s of one processor), {rate:,.0f} revisions a second, "
            f"at most {_peak_megabytes():,.0f} MB of memory."
        )

    def _tell_problems(self, problems: Iterable[Problem]) -> None:
        for each in problems:
            word = "Left out" if each.severity is Severity.SKIPPED else "Note"
            self.stderr.write(f"{word}: {each.sentence}")


class _Shown:
    """Progress: one line that is written over on a terminal, else one line every few seconds."""

    def __init__(self, command: BaseCommand, begun: float) -> None:
        self._out = command.stdout
        self._begun = begun
        self._last = 0.0
        self._lives = bool(getattr(sys.stdout, "isatty", lambda: False)()) and self._out.isatty()

    def progress(self, batch: ImportBatch) -> None:
        """Show how far the batch is."""
        now = time.monotonic()
        is_last = batch.documents_done >= batch.documents_total
        if not is_last and now - self._last < (0.1 if self._lives else _EVERY):
            return
        self._last = now
        rate = batch.revisions_new / max(now - self._begun, 0.001)
        line = (
            f"{batch.documents_done:,} of {batch.documents_total:,} documents, {batch.revisions_new:,} revisions, "
            f"{rate:,.0f} a second"
        )
        self._out.write(f"\r{line:<78}" if self._lives else line, ending="" if self._lives else "\n")
        self._out.flush()

    def end(self) -> None:
        """The line of progress is done."""
        if self._lives:
            self._out.write("")


def _remit(unit: str, capability: str) -> Remit:
    if capability not in [each.value for each in Capability]:
        known = ", ".join(each.value for each in Capability)
        raise CommandError(f"There is no capability {capability!r}. Choose one of: {known}.")
    found = Remit.objects.select_related("unit").filter(unit__code__iexact=unit, capability=capability).first()
    if found is None:
        raise CommandError(f"There is no unit with the code {unit!r}.")
    return found


def _what_now(batch: ImportBatch) -> str:
    if batch.state == ImportBatch.State.IN_FORCE:
        return "It is in force on the word of its importer, and marked “not approved” wherever it is shown."
    request = Request.objects.filter(subject_id=batch.public_id).order_by("-opened_at").first()
    if request is None:
        return f"It is {batch.get_state_display().lower()}."
    if request.status == Request.Status.UNDECIDABLE:
        return f"It waits for approval as {request.number}, which nobody can decide now; administrators were told."
    return f"It takes effect once {request.number} is approved: {request.get_absolute_url()}"


def _peak_megabytes() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024 / (1024 if sys.platform == "darwin" else 1)
