"""Operating models as TOML: read with errors that name file, line, key and fix, and written back.

The shipped models are the files of ``builtin/``; a model made by copying one has the same form.
"""

import difflib
import functools
import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar, cast

from governance.errors import RemitError
from governance.operating_models.schema import Audience, CentreNeed, OperatingModel, as_plain
from governance.operating_models.validation import Fault, faults
from governance.vocabulary import Capability, Mode, UnitKind

BUILTIN = Path(__file__).parent / "builtin"
KEYS = (
    "decentralized",
    "independent",
    "shared_services",
    "centre_of_excellence",
    "devolved",
    "evolved",
    "centralized",
)
"""The shipped models, from the unit alone to the centre alone, as they are shown."""

LARGEST_FILE = 200_000
_TEXTS = ("key", "name", "description")
_LISTS = ("conditions", "advantages", "drawbacks")
_DEFAULTS = {"last_call_days": 10, "objection_days": 5, "mandate_risk_limit": "medium", "mandate_days": 365}
_TABLES: dict[str, tuple[str, ...]] = {
    "centre": ("need", "kinds", "published"),
    "modes": tuple(Capability),
    "published": ("all", *Capability),
    "drafts": ("all", *Capability),
    "defaults": tuple(_DEFAULTS),
}
_Word = TypeVar("_Word", bound=StrEnum)


class ModelError(RemitError):
    """A model's file cannot be used; ``problems`` holds one sentence for each fault, naming file, line, key and fix."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@functools.cache
def load_builtin() -> tuple[OperatingModel, ...]:
    """The seven shipped models, in the order of ``KEYS``. Raises ``ModelError`` with the faults of all files."""
    models: list[OperatingModel] = []
    problems: list[str] = []
    for key in KEYS:
        path = BUILTIN / f"{key}.toml"
        try:
            model = parse(path.read_text(encoding="utf-8"), source=path.name)
        except ModelError as error:
            problems.extend(error.problems)
            continue
        if model.key != key:
            problems.append(f'{path.name}: key: the file holds the model "{model.key}". Rename the file or the key.')
        models.append(model)
    if problems:
        raise ModelError(tuple(problems))
    return tuple(models)


def parse(text: str, *, source: str) -> OperatingModel:
    """The model that a TOML text describes; ``source`` names it in errors. Raises ``ModelError`` with every fault."""
    if len(text) > LARGEST_FILE:
        raise ModelError((f"{source}: the file is too large. Write at most {LARGEST_FILE:,} characters.",))
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ModelError((f"{source}: this is not TOML: {error}. Mend the file there.",)) from error
    reading = _Reading(data)
    model = reading.model()
    found = reading.faults if model is None else faults(model)
    if found:
        raise ModelError(tuple(_sentence(fault, source, text) for fault in found))
    assert model is not None
    return model


def dump(model: OperatingModel) -> str:
    """The model as TOML; ``parse`` of it gives an equal model."""
    plain = as_plain(model)
    lines = [f"{key} = {_value(plain[key])}" for key in (*_TEXTS, *_LISTS)]
    for table in _TABLES:
        lines.extend(["", f"[{table}]"])
        values = cast("dict[str, object]", plain[table])
        if table in ("published", "drafts") and len({repr(value) for value in values.values()}) == 1:
            values = {"all": values[Capability.STRATEGY]}
        lines.extend(f"{key} = {_value(value)}" for key, value in values.items())
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return str(value) if isinstance(value, int) else _quoted(str(value))


def _quoted(text: str) -> str:
    """A TOML basic string; whatever is not printable is escaped."""
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}

    def escaped(character: str) -> str:
        if character in escapes:
            return escapes[character]
        return character if character.isprintable() else f"\\U{ord(character):08X}"

    return '"' + "".join(escaped(character) for character in text) + '"'


def _sentence(fault: Fault, source: str, text: str) -> str:
    line = _line_of(fault.key, text)
    place = f"{source}:{line}" if line else source
    return f"{place}: {fault.key}: {fault.message}; {fault.fix}."


def _line_of(key: str, text: str) -> int | None:
    """The line where a key is set, else where its table begins; None if neither is in the text."""
    table, _, name = key.rpartition(".")
    current, table_line = "", None
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[\s*([\w.-]+)\s*\]", line)
        if header:
            current = header[1]
            table_line = number if current in (table, key) else table_line
        elif current == table and re.match(rf"""\s*["']?{re.escape(name)}["']?\s*=""", line):
            return number
    return table_line


class _Reading:
    """One walk over the data of a file, which collects every fault instead of stopping at the first."""

    def __init__(self, data: Mapping[str, object]) -> None:
        self.data = data
        self.faults: list[Fault] = []

    def model(self) -> OperatingModel | None:
        """The model, or None where ``faults`` says what is missing or of the wrong type."""
        self._known(self.data, (*_TEXTS, *_LISTS, *_TABLES), "")
        tables = {name: self._table(name) for name in _TABLES}
        texts = {key: self._text(key) for key in _TEXTS}
        lists = {key: self._texts(key) for key in _LISTS}
        need = self._word(CentreNeed, tables["centre"], "centre.need")
        kinds = self._words(UnitKind, tables["centre"], "centre.kinds")
        centre_published = self._words(Audience, tables["centre"], "centre.published")
        modes = {each: self._word(Mode, tables["modes"], f"modes.{each}") for each in Capability}
        published, drafts = self._rows(tables["published"], "published"), self._rows(tables["drafts"], "drafts")
        days = {key: self._days(tables["defaults"], key) for key in _DEFAULTS if key.endswith("days")}
        limit = tables["defaults"].get("mandate_risk_limit", _DEFAULTS["mandate_risk_limit"])
        if self.faults:
            self._forget_inside_missing_tables()
            return None
        return OperatingModel(
            key=texts["key"],
            name=texts["name"],
            description=texts["description"],
            conditions=lists["conditions"],
            advantages=lists["advantages"],
            drawbacks=lists["drawbacks"],
            modes=cast("dict[Capability, Mode]", modes),
            published=published,
            drafts=drafts,
            centre_published=centre_published,
            centre_need=cast("CentreNeed", need),
            centre_kinds=kinds,
            mandate_risk_limit=str(limit),
            **days,
        )

    def _fault(self, key: str, message: str, fix: str) -> None:
        self.faults.append(Fault(key, message, fix))

    def _known(self, table: Mapping[str, object], names: tuple[str, ...], prefix: str) -> None:
        for name in table:
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1)
                fix = f'did you mean "{near[0]}"' if near else f"use {', '.join(names)}"
                self._fault(f"{prefix}{name}", "there is no such key", fix)

    def _table(self, name: str) -> Mapping[str, object]:
        value = self.data.get(name, {} if name == "defaults" else None)
        if not isinstance(value, Mapping):
            self._fault(
                name, "the table is missing" if value is None else "this is no table", f"begin it with [{name}]"
            )
            return {}
        self._known(value, _TABLES[name], f"{name}.")
        return value

    def _text(self, key: str) -> str:
        value = self.data.get(key)
        if isinstance(value, str):
            return value.strip()
        self._fault(key, "a text is missing here", f'write {key} = "…"')
        return ""

    def _texts(self, key: str) -> tuple[str, ...]:
        value = self.data.get(key)
        if isinstance(value, list) and all(isinstance(line, str) and line.strip() for line in value):
            return tuple(line.strip() for line in value)
        self._fault(key, "a list of texts is missing here", f'write {key} = ["…"], or [] if there is nothing to say')
        return ()

    def _word(self, words: type[_Word], table: Mapping[str, object], key: str) -> _Word | None:
        name = key.rpartition(".")[2]
        if name not in table:
            self._fault(key, "the key is missing", f"set it to one of {', '.join(words)}")
            return None
        return self._read(words, table[name], key)

    def _read(self, words: type[_Word], value: object, key: str) -> _Word | None:
        if isinstance(value, str) and value in list(words):
            return words(value)
        near = difflib.get_close_matches(value, list(words), n=1) if isinstance(value, str) else []
        fix = f'did you mean "{near[0]}"' if near else f"use one of {', '.join(words)}"
        self._fault(key, f"{value!r} is not known here", fix)
        return None

    def _words(self, words: type[_Word], table: Mapping[str, object], key: str) -> frozenset[_Word]:
        value = table.get(key.rpartition(".")[2])
        if not isinstance(value, list):
            self._fault(key, "a list is missing here", f"write a list of {', '.join(words)}, or []")
            return frozenset()
        found = [self._read(words, item, key) for item in value]
        if len(set(map(str, value))) < len(value):
            self._fault(key, "a word stands here twice", "name each once")
        return frozenset(word for word in found if word is not None)

    def _rows(self, table: Mapping[str, object], name: str) -> dict[Capability, frozenset[Audience]]:
        """The audiences of each capability: its own line, else the line ``all``."""
        common = self._words(Audience, table, f"{name}.all") if "all" in table else frozenset()
        silent = [each for each in Capability if each not in table]
        if silent and "all" not in table:
            self._fault(name, f"nothing says who sees {', '.join(silent)}", "set each of them, or the line all")
        return {
            each: common if each in silent else self._words(Audience, table, f"{name}.{each}") for each in Capability
        }

    def _forget_inside_missing_tables(self) -> None:
        """A table that is not there is one fault, not one for each of its keys."""
        missing = [name for name in _TABLES if name != "defaults" and not isinstance(self.data.get(name), dict)]
        told: set[str] = set()
        kept: list[Fault] = []
        for fault in self.faults:
            table = fault.key.partition(".")[0]
            if table not in missing or table not in told:
                kept.append(fault)
            told.add(table)
        self.faults = kept

    def _days(self, table: Mapping[str, object], key: str) -> int:
        value = table.get(key, _DEFAULTS[key])
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        self._fault(f"defaults.{key}", f"{value!r} is no whole number", "write the number of days")
        return 0
