"""What must hold before Remit runs, looked for by ``manage.py check --database default`` and at start-up."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db.models.signals import post_migrate
from django.db.utils import DEFAULT_DB_ALIAS

from governance.compiler.trying import compile_problem
from governance.ledger import triggers
from governance.operating_models.loader import ModelError, load_builtin

LEDGER_TRIGGERS = "governance.W001"


# A warning and not an error: `migrate`, which repairs it, runs the checks first. Servers refuse to start instead.
@checks.register(checks.Tags.database)
def ledger_is_append_only(
    *, app_configs: Sequence[AppConfig] | None = None, databases: Sequence[str] | None = None, **_: Any
) -> list[checks.CheckMessage]:
    """The ledger's triggers stand in every database that is checked."""
    return [
        checks.Warning(
            f"The ledger is not protected: {', '.join(wrong)} missing or altered.",
            hint="Run manage.py migrate, which puts the triggers back, and then manage.py verify_ledger.",
            obj=alias,
            id=LEDGER_TRIGGERS,
        )
        for alias in databases or ()
        if (wrong := triggers.missing(alias))
    ]


@checks.register(checks.Tags.models)
def shipped_models_compile(*, app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[checks.CheckMessage]:
    """Every operating model that ships with Remit parses, and the rule of every mode is known to the compiler."""
    messages: list[checks.CheckMessage] = []
    try:
        models = load_builtin()
    except ModelError as error:
        return [checks.Error(str(error), id="governance.E001")]
    for model in models:
        problem = compile_problem(model)
        if problem:
            messages.append(checks.Error(f"The model {model.key} does not compile: {problem}", id="governance.E002"))
    return messages


def refuse_unprotected_ledger(using: str = DEFAULT_DB_ALIAS) -> None:
    """Nothing, when the ledger's triggers stand; else raises ``ImproperlyConfigured``. Called as a server starts."""
    if wrong := triggers.missing(using):
        raise ImproperlyConfigured(
            f"The ledger's triggers are missing or altered: {', '.join(wrong)}. "
            "Run manage.py migrate, which puts them back, and then manage.py verify_ledger."
        )


def _install_triggers(*, using: str, **_: Any) -> None:
    triggers.install(using)


def install_after_migrations(sender: AppConfig) -> None:
    """After every migrate, the app's signal puts the ledger's triggers back; called once, in ``ready()``."""
    post_migrate.connect(_install_triggers, sender=sender, dispatch_uid="governance.ledger.triggers")
