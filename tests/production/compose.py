"""What ``docker-compose.yml`` and ``Dockerfile`` say, read so that it can be run without a container engine."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from tests.architecture.repository import ROOT

_VARIABLE = re.compile(r"\$\$|\$\{(\w+)(?::\?([^}]*))?\}")


@dataclass(frozen=True)
class Service:
    """One service: its command, its environment, its health check and what else the file says of it."""

    name: str
    command: list[str]
    environment: dict[str, str]
    healthcheck: list[str]
    said: dict[str, Any] = field(repr=False)


def _document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return loaded


def services(**outside: str) -> dict[str, Service]:
    """Every service by name. ``outside`` are the variables of whoever starts it; one that is absent raises."""
    return {name: _service(name, said, outside) for name, said in _document()["services"].items()}


def required_outside() -> dict[str, str]:
    """The variables without which nothing starts, each with what the file says of it."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    return {name: message for name, message in _VARIABLE.findall(text) if name}


def volumes_and_secrets() -> tuple[set[str], dict[str, str]]:
    """The names of the volumes, and each secret with its file."""
    document = _document()
    return set(document["volumes"]), {name: said["file"] for name, said in document["secrets"].items()}


def image_environment() -> dict[str, str]:
    """The variables that the image sets."""
    found = re.findall(r"^ENV (.+)$", _dockerfile(), re.MULTILINE)
    return dict(pair.split("=", 1) for line in found for pair in line.split())


def image_command() -> list[str]:
    """What a container of the image runs unless its service says otherwise."""
    found = re.findall(r"^CMD (\[.+\])$", _dockerfile(), re.MULTILINE)
    command: list[str] = json.loads(found[-1])
    return command


def image_user() -> str:
    """The account that a container of the image runs as."""
    return re.findall(r"^USER (\S+)$", _dockerfile(), re.MULTILINE)[-1]


def image_steps() -> list[str]:
    """The commands that build the image, in order."""
    return re.findall(r"^RUN (.+)$", _dockerfile(), re.MULTILINE)


def _dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text(encoding="utf-8")


def _service(name: str, said: dict[str, Any], outside: dict[str, str]) -> Service:
    command = [_filled(part, outside) for part in said.get("command", [])] or image_command()
    environment = {key: _filled(str(value), outside) for key, value in said.get("environment", {}).items()}
    kind, *test = said.get("healthcheck", {}).get("test", [""])
    test = [_filled(part, outside) for part in test]
    return Service(name, command, environment, ["sh", "-c", *test] if kind == "CMD-SHELL" else test, said)


def _filled(text: str, outside: dict[str, str]) -> str:
    return _VARIABLE.sub(lambda found: "$" if found[0] == "$$" else outside[found[1]], text)
