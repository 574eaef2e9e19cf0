"""Operating models enter the organisation as versions that are written once."""

from typing import Any

from django.db.models import Max

from governance import events, ledger
from governance.models import OperatingModelFamily, OperatingModelVersion
from governance.operating_models.loader import dump, load_builtin, parse
from governance.operating_models.schema import OperatingModel
from governance.permissions import policy, store
from governance.rights import Power


def add_model_version(*, actor: Any, toml: str, source: str) -> OperatingModelVersion:
    """The model that ``toml`` describes has a new version; the same content again returns the version that stands.

    Raises ``ModelError`` naming ``source``, the key and the fix.
    """
    policy.require(actor, Power.MANAGE_MODELS)
    model = parse(toml, source=source)
    with ledger.change(actor=actor) as change:
        made = _write(change, actor, model, toml, is_builtin=False)
        if made is None:
            change.nothing_happened()
        else:
            store.recompile(change)
    return made or OperatingModelVersion.objects.get(family__key=model.key, content_hash=model.content_hash)


def install_builtin_models() -> int:
    """Every shipped model is there in its newest version; returns how many versions were new."""
    with ledger.change(actor=ledger.SYSTEM) as change:
        made = [_write(change, None, model, dump(model), is_builtin=True) for model in load_builtin()]
        if any(made):
            store.recompile(change)
        else:
            change.nothing_happened()
    return sum(1 for version in made if version is not None)


def _write(
    change: ledger.Change, actor: Any, model: OperatingModel, toml: str, *, is_builtin: bool
) -> OperatingModelVersion | None:
    family, _ = OperatingModelFamily.objects.get_or_create(
        key=model.key, defaults={"name": model.name, "is_builtin": is_builtin}
    )
    if family.versions.filter(content_hash=model.content_hash).exists():
        return None
    last = family.versions.aggregate(last=Max("number"))["last"] or 0
    version = OperatingModelVersion.objects.create(
        family=family, number=last + 1, source=toml, content_hash=model.content_hash, created_by=actor
    )
    change.record(
        events.OPERATING_MODEL_VERSION_CREATED,
        stream=ledger.stream("operating_model", family.key),
        subject_title=str(version),
        subject_url=f"/model/{family.key}/",
        after={"version": version.number, "content_hash": version.content_hash},
    )
    return version
