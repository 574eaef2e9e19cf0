"""Accounts: made, and changed by those whose they are."""

import zoneinfo
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError

from accounts import events
from accounts.actions.signing_in import count_attempt, forget_attempts
from accounts.models import Person, User
from governance import ledger
from governance.actions.checks import reason_problem, refuse, text_problem
from governance.errors import Invalid, NotAllowed
from governance.permissions import policy, store
from governance.rights import Power


def create_account(*, actor: ledger.Actor, email: str, name: str, title: str = "", password: str | None = None) -> User:
    """The person has an account; without a password they cannot sign in by one. It holds no right by that.

    Refused: an address that somebody has, in whatever case it is written, and a weak password.
    """
    address = User.objects.normalize_email(email.strip())
    refuse(
        {
            "email": _address_problem(address),
            "name": text_problem(name, name="a name", longest=200),
            "title": text_problem(title, name="the title", longest=200, required=False),
        }
    )
    if password is not None:
        _refuse_weak(password, User(email=address, name=name), field="password")
    try:
        with ledger.change(actor=actor) as change:
            made = User.objects.create_user(address, password, name=name.strip(), title=title.strip())
            _record(change, events.ACCOUNT_CREATED, made, after={"name": made.name, "email": made.email})
    except IntegrityError as error:
        raise Invalid({"email": _taken(address)}) from error
    return made


def change_profile(*, actor: User, name: str, title: str, time_zone: str, theme: str, shortcuts: bool) -> User:
    """The person is shown under this name and title, and Remit looks to them as they like it."""
    refuse(
        {
            "name": text_problem(name, name="your name", longest=200),
            "title": text_problem(title, name="what you do", longest=200, required=False),
            "time_zone": None if time_zone in zoneinfo.available_timezones() else "Choose a time zone from the list.",
            "theme": None if theme in {"", "light", "dark"} else "Choose a theme from the list.",
        }
    )
    wanted = {
        "name": name.strip(),
        "title": title.strip(),
        "time_zone": time_zone,
        "theme": theme,
        "shortcuts": shortcuts,
    }
    with ledger.change(actor=actor) as change:
        row = User.objects.select_for_update(of=("self",)).get(pk=actor.pk)
        before = {field: getattr(row, field) for field in wanted}
        changed = [field for field in wanted if before[field] != wanted[field]]
        if not changed:
            change.nothing_happened()
            return row
        for field in changed:
            setattr(row, field, wanted[field])
        row.save(update_fields=changed)
        if "name" in changed:
            Person.objects.filter(pk=row.person_id).update(name=row.name)
        _record(
            change,
            events.ACCOUNT_CHANGED,
            row,
            before={field: before[field] for field in changed},
            after={field: wanted[field] for field in changed},
        )
    return row


def deactivate_account(*, actor: User, user: User, reason: str = "") -> User:
    """The person cannot sign in, holds nothing and is waited for by nothing; what they did stays on record.

    Their memberships and roles stay too, and give nothing until the account is active again. Needs the power to manage
    people. Refused: one's own account, and the last administrator's. Event: ``account.deactivated``.
    """
    return _set_active(actor, user, active=False, reason=reason)


def reactivate_account(*, actor: User, user: User, reason: str = "") -> User:
    """The person holds again what their memberships and roles in force give. Not for another account of one's own.

    Event: ``account.reactivated``.
    """
    return _set_active(actor, user, active=True, reason=reason)


def _set_active(actor: User, user: User, *, active: bool, reason: str) -> User:
    policy.require(actor, Power.MANAGE_PEOPLE)
    refuse({"reason": reason_problem(reason)})
    if user.person_id == actor.person_id:
        raise NotAllowed("This account is your own. Ask another administrator.")
    with ledger.change(actor=actor) as change:
        store.lock()
        row = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        if row.is_active == active:
            raise NotAllowed(f"The account of {row.name} is {'' if active else 'not '}active already.")
        others = policy.who_can(Power.MANAGE_PEOPLE).exclude(pk=row.pk)
        if not active and not others.exists():
            raise NotAllowed("This is the last administrator. Appoint another first.")
        row.is_active = active
        row.save(update_fields=["is_active"])
        event = events.ACCOUNT_REACTIVATED if active else events.ACCOUNT_DEACTIVATED
        _record(change, event, row, before={"active": not active}, after={"active": active}, reason=reason)
        store.recompile(change)
    return row


def change_password(*, actor: User, old: str, new: str) -> User:
    """The person signs in with the new password from now on; every other session of theirs has ended.

    Refused: a wrong old one (after a few, for a while altogether), a weak new one, and an account without any.
    """
    if not actor.has_usable_password():
        raise NotAllowed("This account has no password, so there is none to change.")
    key = count_attempt("password", str(actor.public_id))
    if not actor.check_password(old):
        raise Invalid({"old": "This is not your password."})
    forget_attempts(key)
    _refuse_weak(new, actor, field="new")
    with ledger.change(actor=actor) as change:
        row = User.objects.select_for_update(of=("self",)).get(pk=actor.pk)
        row.set_password(new)
        row.save(update_fields=["password"])
        _record(change, events.PASSWORD_CHANGED, row)
    return row


def _address_problem(address: str) -> str | None:
    if problem := text_problem(address, name="an e-mail address", longest=254):
        return problem
    try:
        validate_email(address)
    except ValidationError:
        return "Enter an e-mail address such as name@example.org."
    return _taken(address) if User.objects.filter(email__iexact=address).exists() else None


def _taken(address: str) -> str:
    return f"Somebody has an account with {address} already."


def _refuse_weak(password: str, user: User, *, field: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid({field: " ".join(error.messages)}) from error


def _record(
    change: ledger.Change, event: str, user: User, *, before: Any = None, after: Any = None, reason: str = ""
) -> None:
    change.record(
        event,
        stream=ledger.stream("account", user.public_id),
        subject_title=user.name,
        before=before,
        after=after,
        reason=reason,
        people=[user.pk],
    )
