"""Personal tokens: made, used and revoked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from accounts import events, token_secrets
from accounts.models import ApiToken, User
from governance import ledger
from governance.actions.checks import refuse, text_problem
from governance.errors import Denied, NotAllowed
from governance.scopes import Scope

MOST_DAYS: Final = 366
MOST_ACTIVE: Final = 50
USE_NOTED_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A token with its secret, which is shown now and never again."""

    token: ApiToken
    secret: str


def create_token(*, actor: ledger.Actor, user: User, name: str, scopes: Iterable[str], days: int) -> MadeToken:
    """``user`` has a token for these scopes that ends after ``days``; its secret is in the answer and nowhere else.

    The person themself may, and the machine (the operator's command); nobody else, administrators included. Refused:
    no or unknown scopes, more than ``MOST_DAYS`` days, an account that is not active, and more than ``MOST_ACTIVE``
    at once. Records ``token.created``, of which the person is told by mail.
    """
    if actor is not ledger.SYSTEM and actor != user:
        raise Denied("A token is made by its own person.")
    wanted = list(dict.fromkeys(scopes))
    known = {scope.value for scope in Scope}
    refuse(
        {
            "name": text_problem(name, name="what the token is for", longest=100),
            "scopes": _scopes_problem(wanted, known),
            "days": None if 1 <= days <= MOST_DAYS else f"Choose from 1 to {MOST_DAYS} days.",
        }
    )
    if not user.is_active:
        raise NotAllowed("This account is not active, so it gets no token.")
    secret = token_secrets.new_secret()
    with ledger.change(actor=actor) as change:
        # One at a time for each person, so that the bound holds.
        User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        now = timezone.now()
        if ApiToken.objects.filter(user=user, revoked_at=None, expires_at__gt=now).count() >= MOST_ACTIVE:
            raise NotAllowed(f"You have {MOST_ACTIVE} tokens in use. Revoke one that you no longer need.")
        token = ApiToken.objects.create(
            user=user,
            name=name.strip(),
            prefix=secret[: token_secrets.SHOWN],
            secret_hash=token_secrets.hash_of(secret),
            scopes=[scope.value for scope in Scope if scope.value in wanted],
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
        _record(
            change, events.TOKEN_CREATED, token, after={"scopes": token.scopes, "expires_at": str(token.expires_at)}
        )
    return MadeToken(token, secret)


def revoke_token(*, actor: User, token: ApiToken) -> ApiToken:
    """The token opens nothing from now on; its row and its history stay. Its own person may. Twice is once.

    Records ``token.revoked``.
    """
    if token.user_id != actor.pk:
        raise Denied("A token is revoked by its own person.")
    with ledger.change(actor=actor) as change:
        row = ApiToken.objects.select_for_update(of=("self",)).get(pk=token.pk)
        if row.revoked_at is not None:
            change.nothing_happened()
            return row
        row.revoked_at = timezone.now()
        row.save(update_fields=["revoked_at"])
        _record(change, events.TOKEN_REVOKED, row)
    return row


def token_for(secret: str) -> ApiToken | None:
    """Return the token with this secret if it opens anything now: not expired, not revoked, its person active.

    Its use is noted, at most once a minute.
    """
    if not token_secrets.is_well_formed(secret):
        return None
    found = ApiToken.objects.select_related("user").filter(secret_hash=token_secrets.hash_of(secret)).first()
    now = timezone.now()
    if found is None or not found.is_valid_at(now) or not found.user.is_active:
        return None
    if found.user.is_demo and not settings.DEMO_MODE:
        return None
    if found.last_used_at is None or found.last_used_at <= now - USE_NOTED_EVERY:
        unnoted = Q(last_used_at=None) | Q(last_used_at__lte=now - USE_NOTED_EVERY)
        ApiToken.objects.filter(unnoted, pk=found.pk).update(last_used_at=now)
    return found


def _scopes_problem(wanted: list[str], known: set[str]) -> str | None:
    if not wanted:
        return "Choose at least one thing that the token may be used for."
    unknown = [scope for scope in wanted if scope not in known]
    return (
        f"There is no scope {', '.join(unknown)[:100]}. Choose among {', '.join(sorted(known))}." if unknown else None
    )


def _record(change: ledger.Change, event: str, token: ApiToken, *, after: dict[str, object] | None = None) -> None:
    change.record(
        event,
        stream=ledger.stream("account", token.user.public_id),
        subject=ledger.stream("token", token.public_id),
        subject_title=token.name,
        subject_url="/me/tokens/",
        after={"prefix": token.prefix, **(after or {})},
        people=[token.user_id],
    )
