"""The client that openapi-python-client makes of the API's description, and programs of people that call it."""

import importlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from governance.api.schema import operations_in

PACKAGE = "remit_client"
PATIENCE = 180
"""Seconds until a generator that does not end counts as broken: the machine may be busy with other tests."""


class NotGenerated(AssertionError):
    """The generator could not make a client of the description, or left out a part of it."""


def generate(described: dict[str, Any], folder: Path) -> None:
    """The client stands in ``folder``; ``NotGenerated``, with what the generator said, at its first warning."""
    folder.mkdir(parents=True)
    document = folder / "openapi.json"
    document.write_text(json.dumps(described), encoding="utf-8")
    command = ["generate", "--path", str(document), "--meta", "none", "--output-path", str(folder / PACKAGE)]
    done = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", *command, "--fail-on-warning"],
        # It puts what it wrote in order with ruff, which stands beside this Python.
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if done.returncode != 0 or "WARNING" in done.stderr:
        raise NotGenerated(f"{done.stdout[-2000:]}\n{done.stderr[-6000:]}")


@dataclass
class Generated:
    """The client's modules: each operation's by its operation id, and the shapes of bodies and answers."""

    described: dict[str, Any]
    modules: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for _, _, operation in operations_in(self.described):
            noun = operation["tags"][0].replace("-", "_")
            self.modules[operation["operationId"]] = f"{PACKAGE}.api.{noun}.{operation['operationId']}"

    @property
    def models(self) -> ModuleType:
        return importlib.import_module(f"{PACKAGE}.models")

    @property
    def types(self) -> ModuleType:
        return importlib.import_module(f"{PACKAGE}.types")

    def operation(self, name: str) -> ModuleType:
        """The module of one operation."""
        return importlib.import_module(self.modules[name])

    def program(self, url: str, secret: str) -> "Program":
        """A program of whoever the token is of. An answer that the description does not know raises."""
        made = importlib.import_module(PACKAGE).AuthenticatedClient(
            base_url=url, token=secret, raise_on_unexpected_status=True, timeout=60, verify_ssl=False
        )
        return Program(self, made)


def loaded(described: dict[str, Any], folder: Path) -> Generated:
    """Return the client in ``folder``, ready to be called in this process."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
        importlib.invalidate_caches()
    return Generated(described)


@dataclass
class Program:
    """A program of one person: generated functions, called with that person's token and nothing else."""

    generated: Generated
    client: Any

    def asks(self, name: str, *parts: Any, **more: Any) -> Any:
        """Return the whole answer of an operation: status, headers and what it was read into."""
        return self.generated.operation(name).sync_detailed(*parts, client=self.client, **more)

    def gets(self, shape: str, name: str, *parts: Any, **more: Any) -> Any:
        """Return what the operation answers, read into the model of that name and nothing else."""
        answer = self.asks(name, *parts, **more)
        assert answer.status_code < 300, (name, answer.status_code, answer.content[:600])
        assert type(answer.parsed) is getattr(self.generated.models, shape), (name, answer.parsed)
        return answer.parsed

    def is_refused(self, status: int, code: str, name: str, *parts: Any, **more: Any) -> Any:
        """Return the problem with which the operation is refused."""
        answer = self.asks(name, *parts, **more)
        problem = answer.parsed
        assert type(problem) is self.generated.models.Problem, (name, answer.status_code, answer.content[:600])
        assert (answer.status_code, problem.status, problem.code) == (status, status, code), (name, problem)
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert problem.detail
        return problem

    def rows(self, shape: str, name: str, *parts: Any, **more: Any) -> list[Any]:
        """Return every row of a list, page after page, each read into the model of that name."""
        found: list[Any] = []
        while True:
            page = self.asks(name, *parts, **more).parsed
            assert all(type(row) is getattr(self.generated.models, shape) for row in page.results), (name, page)
            found += page.results
            if page.next_ is None:
                return found
            more["cursor"] = parse_qs(urlsplit(page.next_).query)["cursor"][0]

    def close(self) -> None:
        self.client.get_httpx_client().close()
