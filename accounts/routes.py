"""Who is told of what, and how: the routes table, as data.

Each row leads from a recorded event to people, to the inbox, and where somebody is waited for or rights have changed
also to a mail. ``handlers.py`` follows it. A template may use ``{subject}`` (what it is about), ``{what}`` (the same
for a request: "exception from STD-0014 …"), ``{number}``, ``{verb}``, ``{actor}``, ``{role}``, ``{unit}``,
``{unit_url}`` and ``{day}``.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Who(StrEnum):
    """Whom an event concerns."""

    OWN = "own"  # the people whom the entry names, whoever did it: a matter of their own safety
    NAMED = "named"  # the people whom the entry names, but for whoever did it unless they are waited for
    WAITING = "waiting"  # the people whom the request waits for now, substitutes included
    SUBMITTER = "submitter"  # whoever asked, but for whoever did it


class About(StrEnum):
    """What a notice is about: by this it is checked, each time it is shown or sent, that the person may see it."""

    PERSON = ""  # the person's own standing: always theirs to know
    REQUEST = "request"
    SUBJECT = "subject"  # the thing in the entry, of one of the kinds that governance knows
    PLAN = "transition"
    CONFIRMATION = "confirmation"
    UNDECIDABLE = "undecidable"  # for administrators, who see no document: names the request and its unit only


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One row of the table. ``because`` ends the sentence "You get this because …"; ``url`` replaces the entry's."""

    event: str
    who: Who
    about: About
    title: str
    because: str
    mail: bool = False
    needs_action: bool = False
    url: str = ""


def _asked(event: str, title: str, *, mail: bool = False) -> Route:
    return Route(
        event=event,
        who=Who.SUBMITTER,
        about=About.REQUEST,
        title=title,
        because="{number} is your request",
        mail=mail,
    )


def _decide(event: str) -> Route:
    return Route(
        event=event,
        who=Who.WAITING,
        about=About.REQUEST,
        title="{verb}: {what}",
        because="{number} waits for you",
        mail=True,
        needs_action=True,
    )


def _rights(event: str, title: str, *, url: str = "", mail: bool = True) -> Route:
    return Route(
        event=event,
        who=Who.NAMED,
        about=About.PERSON,
        title=title,
        because="it changes what you may do",
        mail=mail,
        url=url,
    )


def _planner(event: str, title: str) -> Route:
    return Route(event=event, who=Who.NAMED, about=About.PLAN, title=title, because="you planned it")


def _review(event: str, title: str) -> Route:
    return Route(
        event=event,
        who=Who.NAMED,
        about=About.SUBJECT,
        title=title,
        because="you own it",
        mail=True,
        needs_action=True,
    )


ROUTES: Final = (
    # A request waits for somebody
    _decide("approval.stage_entered"),
    _decide("approval.reassessed"),
    Route(
        event="approval.undecidable",
        who=Who.NAMED,
        about=About.UNDECIDABLE,
        title="Nobody can decide {number} of {unit}",
        because="you are an administrator",
        mail=True,
        needs_action=True,
        url="{unit_url}",
    ),
    # What became of it
    _asked("approval.granted", "Approved: {what}"),
    _asked("approval.changes_requested", "Sent back: {what}", mail=True),
    _asked("approval.rejected", "Rejected: {what}"),
    _asked("approval.objected", "Objection raised: {what}"),
    _asked("approval.reviewed", "Reviewed after publication: {what}"),
    Route(
        event="approval.voided",
        who=Who.NAMED,
        about=About.REQUEST,
        title="Your approval no longer counts: {what}",
        because="you had approved what has changed since",
    ),
    _asked("change_request.accepted", "Accepted: {what}"),
    _asked("change_request.changes_requested", "Sent back: {what}", mail=True),
    _asked("change_request.rejected", "Rejected: {what}"),
    _asked("change_request.closed", "Closed: {what}"),
    _asked("exception_request.granted", "Granted: {what}"),
    _asked("exception_request.changes_requested", "Sent back: {what}", mail=True),
    _asked("exception_request.rejected", "Rejected: {what}"),
    _asked("exception_request.ended", "Ended: {what}"),
    _asked("exception_request.expired", "Expired: {what}"),
    # A change of the operating model
    Route(
        event="transition.sent",
        who=Who.NAMED,
        about=About.PLAN,
        title="Confirm or refuse: {subject}",
        because="the plan needs a second person, and you may confirm it",
        mail=True,
        needs_action=True,
    ),
    _planner("transition.confirmed", "Confirmed: {subject}"),
    _planner("transition.refused", "Refused: {subject}"),
    # Whoever is concerned by a plan may not be one of those who see plans: so its title stays out of this.
    _rights("transition.applied", "What you may do has changed with the operating model", url="/model/"),
    # What an administrator may not do alone
    Route(
        event="confirmation.asked",
        who=Who.NAMED,
        about=About.CONFIRMATION,
        title="Confirm or refuse: {subject}",
        because="an administrator may not do this alone, and you may confirm it",
        mail=True,
        needs_action=True,
    ),
    _rights("confirmation.given", "Confirmed: {subject}", mail=False),
    _rights("confirmation.refused", "Refused: {subject}", mail=False),
    # Roles
    _rights("membership.granted", "You are now {role} in {unit}"),
    _rights("membership.ended", "You are no longer {role} in {unit}", url="/"),
    _rights("organisation_role.granted", "You are now {role} of the organisation", url="/"),
    _rights("organisation_role.ended", "You are no longer {role} of the organisation", url="/"),
    # What may act in the person's name
    Route(
        event="token.created",
        who=Who.OWN,
        about=About.PERSON,
        title="A token was made for you: {subject}",
        because="a token acts in your name. If you do not know of it, revoke it",
        mail=True,
        url="/me/tokens/",
    ),
    _rights("delegation.created", "You stand in for {actor}", url="/requests/"),
    _rights("delegation.ended", "A delegation has ended: {subject}", url="/"),
    # Reviews
    _review("review.due", "Review by {day}: {subject}"),
    _review("review.overdue", "Review overdue since {day}: {subject}"),
)

BY_EVENT: Final = {route.event: route for route in ROUTES}

ENDS_WAITING: Final = {
    "transition.planned": ("transition.sent",),
    "transition.confirmed": ("transition.sent",),
    "transition.refused": ("transition.sent",),
    "transition.cancelled": ("transition.sent",),
    "transition.applied": ("transition.sent",),
    "confirmation.given": ("confirmation.asked",),
    "confirmation.refused": ("confirmation.asked",),
    "review.overdue": ("review.due",),
    "review.confirmed": ("review.due", "review.overdue"),
    "draft.started": ("review.due", "review.overdue"),
    "document.superseded": ("review.due", "review.overdue"),
    "document.retired": ("review.due", "review.overdue"),
}
"""After these events nobody is waited for any more by notices of the events named, about the same thing."""

REQUEST_EVENTS: Final = ("approval.", "change_request.", "exception_request.")
"""After any of these, whoever a request no longer waits for is told so by the notice itself."""

PHRASES: Final = {
    "publication": "{subject}",
    "retirement": "retirement of {subject}",
    "import": "import of {subject}",
    "change": "change to {subject}",
    "exception": "exception from {subject}",
}
"""What a request of each kind is called in a title."""
