"""People, their accounts, and what reaches them."""

from accounts.models.demo import DemoRole
from accounts.models.notifications import Notification, OutgoingMail
from accounts.models.people import Person, User
from accounts.models.tokens import ApiToken

__all__ = ["ApiToken", "DemoRole", "Notification", "OutgoingMail", "Person", "User"]
