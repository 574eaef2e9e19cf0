"""``manage.py create_user``: an account for somebody, the first administrator above all."""

from argparse import ArgumentParser
from getpass import getpass
from pathlib import Path
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand

from accounts.actions.people import create_account
from accounts.models import User
from governance import ledger
from governance.actions.organisation_roles import appoint_first_administrator
from governance.errors import RemitError
from governance.models import OrganisationRoleHolding
from governance.vocabulary import OrganisationRole


class Command(BaseCommand):
    """Make an account, and where there is no administrator yet the first one."""

    help = "Make an account. The password is asked for, read from a file, or left out for another way to sign in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the address to sign in with")
        parser.add_argument("--name", required=True, help="the person's name, as printed beside decisions")
        parser.add_argument("--title", default="", help="what the person does")
        parser.add_argument("--administrator", action="store_true", help="make this the first administrator")
        password = parser.add_mutually_exclusive_group()
        password.add_argument("--password-file", help="a file whose first line is the password")
        password.add_argument("--no-password", action="store_true", help="no password: another way to sign in is used")

    def handle(
        self,
        *,
        email: str,
        name: str,
        title: str,
        administrator: bool,
        password_file: str | None,
        no_password: bool,
        **options: Any,
    ) -> None:
        """The account stands. Refused: among the demo's people, and a second first administrator."""
        if User.objects.filter(is_demo=True).exists():
            raise CommandError("This database holds the demo. Name another folder in REMIT_DATA for real people.")
        if administrator and _has_administrator():
            raise CommandError("There is an administrator already, who can grant the role. Nothing was done.")
        password = None if no_password else _read(password_file) if password_file else _ask()
        try:
            user = create_account(actor=ledger.SYSTEM, email=email, name=name, title=title, password=password)
            if administrator:
                appoint_first_administrator(user=user)
        except RemitError as refusal:
            raise CommandError(refusal.message) from refusal
        role = ", administrator of the organisation" if administrator else ""
        self.stdout.write(f"{user.name} <{user.email}> can sign in now{role}.")


def _has_administrator() -> bool:
    held = OrganisationRoleHolding.objects.valid_at().filter(role=OrganisationRole.ADMINISTRATOR.value)
    return bool(held.exists())


def _read(path: str) -> str:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}.") from error
    if not lines or not lines[0]:
        raise CommandError(f"The first line of {path} is empty, and should be the password.")
    return lines[0]


def _ask() -> str:
    first = getpass("Password: ")
    if first != getpass("The same again: "):
        raise CommandError("The two passwords are not the same. Nothing was done.")
    return first
