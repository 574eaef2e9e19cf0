"""The organisation of the production tests, made in the installation's own database through ``manage.py shell``."""

from django.contrib.auth.hashers import make_password

from accounts.models import User
from tests.knowledge.cast import drafted, make_cast

PASSWORD = "correct-horse-battery-9"
MAKE = "import json; from tests.production.setting import make; print(json.dumps(make({drafts})))"


def make(drafts: int) -> list[tuple[str, str]]:
    """An organisation with its people stands, and so many drafts of its centre; returns each one's number and id."""
    cast = make_cast()
    User.objects.update(password=make_password(PASSWORD))
    made = [drafted(cast.centre_author, cast.centre_remit, f"Standard {index}") for index in range(drafts)]
    return [(document.number, str(document.public_id)) for document in made]
