"""The events of accounts, each with the words in which people read it."""

from governance.ledger.events import declare

ACCOUNT_CREATED = declare(
    "account.created", "Account created", sentence="{actor} created the account of {subject}"
).name
ACCOUNT_CHANGED = declare(
    "account.changed", "Account changed", sentence="{actor} changed the account of {subject}"
).name
ACCOUNT_DEACTIVATED = declare(
    "account.deactivated", "Account deactivated", sentence="{actor} deactivated the account of {subject}"
).name
ACCOUNT_REACTIVATED = declare(
    "account.reactivated", "Account reactivated", sentence="{actor} reactivated the account of {subject}"
).name
PASSWORD_CHANGED = declare(
    "account.password_changed", "Password changed", sentence="{actor} changed the password of {subject}"
).name

TOKEN_CREATED = declare("token.created", "Token created", sentence="{actor} made the token {subject}").name
TOKEN_REVOKED = declare("token.revoked", "Token revoked", sentence="{actor} revoked the token {subject}").name
