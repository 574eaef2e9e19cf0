"""``manage.py create_token``: a personal token for somebody's program; the secret is printed once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand

from accounts.actions.tokens import MOST_DAYS, create_token
from accounts.models import User
from governance import ledger
from governance.errors import RemitError
from governance.scopes import Scope


class Command(BaseCommand):
    """Make a token for a person, who is told of it by mail."""

    help = "Make a personal token for the API. Its secret is printed once and kept nowhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the address of the person whom the token speaks for")
        parser.add_argument(
            "--scope",
            action="append",
            required=True,
            choices=[scope.value for scope in Scope],
            help="what it may be used for; give it several times for several",
        )
        parser.add_argument("--name", default="Made by an operator", help="what it is for, shown to the person")
        parser.add_argument(
            "--expires", type=int, default=90, metavar="DAYS", help=f"1 to {MOST_DAYS} days; 90 if left out"
        )

    def handle(self, *, email: str, scope: list[str], name: str, expires: int, **options: Any) -> None:
        """The secret alone goes to standard output, so that it can be piped; the rest to standard error."""
        user = User.objects.filter(email__iexact=email.strip()).first()
        if user is None:
            raise CommandError(f"Nobody has an account with {email}.")
        try:
            made = create_token(actor=ledger.SYSTEM, user=user, name=name, scopes=scope, days=expires)
        except RemitError as refusal:
            raise CommandError(refusal.message) from refusal
        self.stderr.write(
            f"A token for {user.name} <{user.email}>, for {', '.join(made.token.scopes)}, "
            f"until {made.token.expires_at:%Y-%m-%d}. It is shown this once:"
        )
        self.stdout.write(made.secret)
