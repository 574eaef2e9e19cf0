"""People and the accounts they sign in with."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower


class Person(models.Model):
    """A natural person. Made with the first account; never deleted.

    Segregation of duties looks at the person, so that a second account, a token or a delegation of the same human
    being is never a second pair of eyes.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Makes accounts; an account made without a person gets one of its own."""

    def create_user(self, email: str, password: str | None = None, *, name: str = "", **fields: Any) -> "User":
        """Return a new saved account; without a password it can sign in by other means only."""
        if not email:
            raise ValueError("An account needs an e-mail address.")
        address = self.normalize_email(email)
        if "person" not in fields and "person_id" not in fields:
            fields["person"] = Person.objects.create(name=name or address)
        user = self.model(email=address, name=name or address, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Return a new account that may open the emergency admin; it holds no right on any document by that."""
        return self.create_user(email, password, **{**fields, "is_staff": True, "is_superuser": True})


class User(AbstractBaseUser, PermissionsMixin):
    """An account: an e-mail address to sign in with, of one natural person. Deactivated, never deleted.

    ``public_id`` is the pseudonymous id in the ledger. ``scim_id`` and ``scim_external_id`` belong to an identity
    provider. ``is_superuser`` opens Django's emergency admin and is ignored by the permission policy.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="accounts")
    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=200)
    title = models.CharField(max_length=200, blank=True, help_text="What the person does, shown beside the name.")
    time_zone = models.CharField(max_length=64, default="UTC")
    theme = models.CharField(max_length=8, blank=True, choices=[("", "System"), ("light", "Light"), ("dark", "Dark")])
    shortcuts = models.BooleanField(default=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    is_demo = models.BooleanField(default=False)
    scim_id = models.CharField(max_length=254, null=True, blank=True, unique=True, default=None)
    scim_external_id = models.CharField(max_length=254, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(Lower("email"), name="user_email_ignores_case")]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        """The name as people write it."""
        return self.name

    def get_short_name(self) -> str:
        """The first word of the name."""
        return self.name.split(" ")[0]

    @property
    def initials(self) -> str:
        """One or two letters for the person's mark."""
        words = [word for word in self.name.split() if word[:1].isalpha()]
        return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper() or "?"
