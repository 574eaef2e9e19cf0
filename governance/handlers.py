"""What governance does when something happened elsewhere in it."""

from governance.actions.requests import follow_people
from governance.permissions import store

store.after_compile(follow_people)
