"""What an administrator may not do alone: asked for, and confirmed or refused by a second person."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone

from governance import events, ledger
from governance.actions.setting_up import may_confirm
from governance.errors import Denied, NotAllowed
from governance.models import ConfirmationRequest
from governance.permissions import policy
from governance.rights import Power

Effect = Callable[[ledger.Change, ConfirmationRequest, Any], None]


def ask(*, actor: Any, kind: str, payload: dict[str, Any], sentence: str, reason: str) -> ConfirmationRequest:
    """The wish is on record and waits; whoever may confirm is told."""
    with ledger.change(actor=actor) as change:
        made = ConfirmationRequest.objects.create(
            kind=kind, payload=payload, sentence=sentence, reason=reason, requested_by=actor
        )
        confirmers = policy.who_can(Power.CONFIRM_TRANSITIONS).exclude(person_id=actor.person_id)
        change.record(
            events.CONFIRMATION_ASKED,
            stream=ledger.stream("confirmation", made.public_id),
            subject_title=sentence,
            subject_url="/settings/people/",
            after={"kind": kind},
            reason=reason,
            people=list(confirmers.values_list("pk", flat=True)),
        )
    return made


def decide(
    *, actor: Any, asked: ConfirmationRequest, confirmed: bool, effects: dict[str, Effect]
) -> ConfirmationRequest:
    """The wish is granted or refused by a second person, once. The one who asked may never decide."""
    policy.require(actor, Power.CONFIRM_TRANSITIONS)
    if not may_confirm(actor, asked_by=asked.requested_by):
        raise Denied("You asked for this yourself. Another administrator or a sponsor must confirm it.")
    with ledger.change(actor=actor) as change:
        row = (
            ConfirmationRequest.objects.select_for_update(of=("self",)).select_related("requested_by").get(pk=asked.pk)
        )
        if row.decided_at is not None:
            raise NotAllowed("Somebody has decided this already.")
        row.decided_by, row.decided_at, row.confirmed = actor, timezone.now(), confirmed
        row.save(update_fields=["decided_by", "decided_at", "confirmed"])
        change.record(
            events.CONFIRMATION_GIVEN if confirmed else events.CONFIRMATION_REFUSED,
            stream=ledger.stream("confirmation", row.public_id),
            subject_title=row.sentence,
            people=[row.requested_by_id],
        )
        if confirmed:
            effects[row.kind](change, row, get_user_model().objects)
    return row
