"""Runs the tests against each change: ``python -m tests.mutation.running <job file>``, one process at a time.

The job is a JSON object: ``area`` and ``mutants`` (their keys), ``out`` (the file for the answers, one JSON object a
line) and ``whole`` (whether to learn first which test reaches which line, which is worth it for many mutants).

* The tests are collected once. For a change inside a function a child of that process is given the function's new code
  and runs the tests that reach the line, the quickest first, until one fails. If none does, it runs the others of the
  same files too: what one test of a file keeps for another may hide who reaches what.
* A change outside functions takes effect only by an import, so a child without any of our modules imports all anew,
  the changed one among it.
* A child has a copy of the database, a share of the processor's time and of memory, and is stopped when it has used
  them up: noticed, too. Generated examples are the same ones each time.
"""

import ast
import builtins
import gc
import json
import os
import resource
import shutil
import signal
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import _lru_cache_wrapper
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_loader
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from tests.mutation.areas import Area
from tests.mutation.mutants import FUNCTIONS, ROOT, Mutant, mutated, path_of, source_of

READY = "tests/mutation/ready.py"
OURS = frozenset({"accounts", "config", "governance", "knowledge", "tests"})
KILLED, SURVIVED, STOPPED = "killed", "survived", "stopped"
_ARGUMENTS = ("-q", "-x", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "faulthandler_timeout=0")
_MEMORY = 6 * 1024**3
_UNNOTICED, _NOTICED, _BROKEN, _ELSEWHERE = 0, 1, 70, 71
"""How a child ends, beside pytest's own ways. ``_BROKEN``: the trying itself failed. ``_ELSEWHERE``: the change is not
one of a living function alone, and is to be tried afresh."""


def main(job_file: str) -> int:
    """Every mutant of the job has an answer in its file; 1 where the tests fail by themselves."""
    job = json.loads(Path(job_file).read_text())
    area = Area(**job["area"])
    wanted = set(job["mutants"])
    mutants = [mutant for mutant in area.mutants() if mutant.key in wanted]
    answers = Answers(Path(job["out"]))
    _preload()
    warm = [mutant for mutant in mutants if not mutant.afresh]
    pid = os.fork()
    if not pid:
        os._exit(_pytest(area, Warm(area, warm, answers, learns=job["whole"])))
    if _exit_code(os.waitpid(pid, 0)[1]) != 0:
        return 1
    elsewhere = answers.elsewhere
    for mutant in mutants:
        if mutant.afresh or mutant.key in elsewhere:
            begun = time.monotonic()
            limit = answers.seconds * 3 + 120
            code, _ = _in_child(lambda mutant=mutant: _pytest(area, Afresh(answers), mutant), limit)
            answers.add(mutant, _said(code), seconds=time.monotonic() - begun, by="imported afresh")
    return 0


def _preload() -> None:
    """What others wrote and every test needs is imported once, before any child is made."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    for name in ("django.db.models", "django.test", "django.core.management", "django.forms", "hypothesis.strategies"):
        __import__(name)


def _pytest(area: Area, plugin: object, mutant: Mutant | None = None) -> int:
    first: tuple[str, ...] = ()
    if mutant is not None:
        sys.meta_path.insert(0, _Changed(mutant))
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        first = ("--reuse-db",) if area.with_database else ()
    elif area.with_database:
        first = (READY,)
    try:
        return int(pytest.main([*_ARGUMENTS, *first, *area.tests], plugins=[Repeatable(), plugin]))
    except Exception:
        if mutant is None:
            raise
        return _NOTICED  # with the change not even Django starts


def _said(code: int | None) -> str:
    return STOPPED if code is None else SURVIVED if code == _UNNOTICED else KILLED


class Answers:
    """What became of each mutant, written as it is known."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._times, self._elsewhere = path.with_suffix(".seconds"), path.with_suffix(".elsewhere")
        self.reached, self.by = path.with_suffix(".reached"), path.with_suffix(".by")
        self.database = path.with_suffix(".sqlite3")

    def add(self, mutant: Mutant, result: str, *, seconds: float, by: str = "") -> None:
        line = {"key": mutant.key, "module": mutant.module, "line": mutant.line, "result": result, "by": by}
        with self._path.open("a") as file:
            file.write(json.dumps({**line, "seconds": round(seconds, 2)}) + "\n")

    def leave(self, mutant: Mutant) -> None:
        """It is to be tried afresh."""
        with self._elsewhere.open("a") as file:
            file.write(f"{mutant.key}\n")

    @property
    def elsewhere(self) -> frozenset[str]:
        """What was left."""
        return frozenset(self._elsewhere.read_text().splitlines()) if self._elsewhere.exists() else frozenset()

    @property
    def seconds(self) -> float:
        """How long all tests take unchanged, of the processor's time."""
        return float(self._times.read_text()) if self._times.exists() else 60

    @seconds.setter
    def seconds(self, value: float) -> None:
        self._times.write_text(str(value))


# Children


def _in_child(function: Callable[[], int], seconds: float) -> tuple[int | None, int]:
    """What ``function`` returned in a child, None where the child used up its time; and the child's number."""
    pid = os.fork()
    if not pid:
        code = _BROKEN
        try:
            limit = int(seconds) + 1
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
            code = function()
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(code)
    end = time.monotonic() + seconds * 6 + 30  # for what waits and takes no time of the processor
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            code = _exit_code(status)
            if code == _BROKEN:
                raise RuntimeError("A change could not be tried.")
            return (None if code in (-signal.SIGXCPU, -signal.SIGKILL) else code), pid
        if time.monotonic() > end:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.003)


def _exit_code(status: int) -> int:
    return os.waitstatus_to_exitcode(status)


class Repeatable:
    """Generated examples are the same each time, and none is made smaller: one that fails is enough."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        from hypothesis import HealthCheck, Phase, settings

        settings.register_profile(
            "mutants",
            derandomize=True,
            database=None,
            deadline=None,
            phases=(Phase.explicit, Phase.generate),
            suppress_health_check=list(HealthCheck),
        )
        settings.load_profile("mutants")


# Changes inside functions


class Warm:
    """Collects the tests, learns what each reaches, and tries the changes one after the other."""

    def __init__(self, area: Area, mutants: list[Mutant], answers: Answers, *, learns: bool) -> None:
        self._area, self._mutants, self._answers, self._learns = area, mutants, answers, learns
        self._reached: dict[str, dict[str, list[int]]] = {}
        self._seconds: dict[str, float] = {}
        self._functions: dict[tuple[str, str, int], list[Any]] = {}
        self._caches: list[Any] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Interrupted("the tests cannot be collected")
        items = session.items
        self._last = items[0]
        if self._area.with_database:
            items[0].config.hook.pytest_runtest_protocol(item=items[0], nextitem=items[-1])
            items = items[1:]
            _leave_database(self._answers.database)
        self._functions, self._caches = _functions_by_place(), _caches()
        gc.freeze()
        if self._learns:
            self._learn(session, items)
        for mutant in self._mutants:
            self._try(mutant, items)
        return True

    def _learn(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Which test reaches which line, and how long it takes."""
        told = self._answers.reached
        code, pid = _in_child(lambda: self._all_followed(items, told), 3_600)
        _drop_database(pid)
        if code != _UNNOTICED:
            raise session.Failed("the tests fail without any change")
        self._reached, self._seconds = json.loads(told.read_text())
        self._answers.seconds = sum(self._seconds.values())

    def _all_followed(self, items: list[pytest.Item], told: Path) -> int:
        if self._area.with_database:
            _own_database()
        lines: dict[str, set[int]] = defaultdict(set)
        for module in self._area.modules:
            _replace(module, _marked(module, lines[module]), self._functions)
        reached: dict[str, dict[str, list[int]]] = {}
        seconds: dict[str, float] = {}
        for item, following in _with_next(items, self._last):
            for found in lines.values():
                found.clear()
            begun = time.process_time()
            reports = _reports(item, following)
            failed = [report for report in reports if report.failed]
            if failed:
                print(f"{item.nodeid} fails without any change:\n{failed[0].longreprtext}", file=sys.__stderr__)
                return _NOTICED
            seconds[item.nodeid] = time.process_time() - begun
            reached[item.nodeid] = {module: sorted(found) for module, found in lines.items()}
        told.write_text(json.dumps((reached, seconds)))
        return _UNNOTICED

    def _try(self, mutant: Mutant, items: list[pytest.Item]) -> None:
        chosen = self._chosen(mutant, items) if self._learns else list(items)
        seconds = sum(self._seconds.get(item.nodeid, 0) for item in chosen)
        told = self._answers.by
        told.unlink(missing_ok=True)
        begun = time.monotonic()
        if chosen:
            limit = seconds * 5 + self._area.least_seconds if self._learns else 240
            code, pid = _in_child(lambda: self._run(mutant, chosen, told), limit)
            _drop_database(pid)
        else:
            code = _UNNOTICED
        if code == _ELSEWHERE:
            self._answers.leave(mutant)
            return
        by = told.read_text() if told.exists() else ("" if chosen else "no test reaches it")
        self._answers.add(mutant, _said(code), seconds=time.monotonic() - begun, by=by)

    def _chosen(self, mutant: Mutant, items: list[pytest.Item]) -> list[pytest.Item]:
        """The tests that reach the mutant's line, quickest first, then the others of their files."""
        lines = range(mutant.line, mutant.last_line + 1)
        reaching = {
            nodeid
            for nodeid, modules in self._reached.items()
            if any(line in lines for line in modules.get(mutant.module, ()))
        }
        files = {nodeid.split("::")[0] for nodeid in reaching}
        beside = [item for item in items if item.nodeid not in reaching and item.nodeid.split("::")[0] in files]
        quickest = sorted((item for item in items if item.nodeid in reaching), key=self._seconds_of)
        return [*quickest, *sorted(beside, key=self._seconds_of)]

    def _seconds_of(self, item: pytest.Item) -> float:
        return self._seconds.get(item.nodeid, 0)

    def _run(self, mutant: Mutant, chosen: list[pytest.Item], told: Path) -> int:
        if self._area.with_database:
            _own_database()
        if not _change_code(mutant, self._functions):
            return _ELSEWHERE
        for cache in self._caches:
            cache.cache_clear()  # what was worked out with the unchanged code
        for item, following in _with_next(chosen, self._last):
            if any(report.failed for report in _reports(item, following)):
                told.write_text(item.nodeid)
                return _NOTICED
        return _UNNOTICED


def _with_next(items: list[pytest.Item], last: pytest.Item) -> Iterator[tuple[pytest.Item, pytest.Item]]:
    """Each test with the one that follows, for which pytest leaves standing what both stand on."""
    return zip(items, [*items[1:], last], strict=True)


def _reports(item: pytest.Item, following: pytest.Item) -> list[pytest.TestReport]:
    """Run the test with all that belongs to it; what stands for the whole session stays."""
    return runtestprotocol(item, log=False, nextitem=following)


def _marked(module: str, lines: set[int]) -> ast.Module:
    """The module's tree, which notes the first line of every statement that is reached inside a function."""
    mark = f"_reached_{module.replace('.', '_')}"
    setattr(builtins, mark, lines.add)
    tree = ast.parse(source_of(module))
    for function in [node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)]:
        for node in ast.walk(function):
            for field in ("body", "orelse", "finalbody"):
                block = getattr(node, field, None)
                if isinstance(block, list) and block and not isinstance(node, ast.ClassDef):
                    setattr(node, field, [each for one in block for each in (*_noting(mark, one), one)])
    return ast.fix_missing_locations(tree)


def _noting(mark: str, statement: ast.stmt) -> tuple[ast.stmt, ...]:
    if getattr(statement, "is_noted", False):
        return ()
    statement.is_noted = True
    call = ast.Call(func=ast.Name(id=mark, ctx=ast.Load()), args=[ast.Constant(value=statement.lineno)], keywords=[])
    noting = ast.copy_location(ast.Expr(value=call), statement)
    noting.is_noted = True
    return (noting,)


def _functions_by_place() -> dict[tuple[str, str, int], list[Any]]:
    """Every living function of ours by file, name and line."""
    found = defaultdict(list)
    for each in gc.get_objects():
        if type(each) is FunctionType and each.__code__.co_filename.startswith(str(ROOT)):
            found[_place(each.__code__)].append(each)
    return found


def _place(code: CodeType) -> tuple[str, str, int]:
    return (code.co_filename, code.co_qualname, code.co_firstlineno)


def _change_code(mutant: Mutant, functions: dict[tuple[str, str, int], list[Any]]) -> bool:
    """Whether every living function that the change concerns has its new code now."""
    return _replace(mutant.module, mutated(mutant), functions)


def _replace(module: str, tree: ast.Module, functions: dict[tuple[str, str, int], list[Any]]) -> bool:
    changed = 0
    for code in _codes(compile(tree, str(ROOT / path_of(module)), "exec", dont_inherit=True)):
        for function in functions.get(_place(code), ()):
            if function.__code__ != code:
                if len(function.__code__.co_freevars) != len(code.co_freevars):
                    return False
                function.__code__ = code
                changed += 1
    return changed > 0


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _caches() -> list[Any]:
    """Everything of ours that keeps its answers."""
    return [
        each
        for each in gc.get_objects()
        if type(each) is _lru_cache_wrapper and str(each.__module__).split(".")[0] in OURS
    ]


# Changes outside functions


class Afresh:
    """An ordinary run, ended by the first test that fails, on a copy of the database that was made once."""

    def __init__(self, answers: Answers) -> None:
        self._database = answers.database

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        if self._database.exists():
            from django.db import connections

            copy = connections["default"].settings_dict["TEST"]["NAME"]
            shutil.copyfile(self._database, copy)


class _Changed(MetaPathFinder):
    """Imports one module with its change."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name != self._mutant.module:
            return None
        file = str(ROOT / path_of(name))
        return spec_from_loader(name, _ChangedSource(name, file, mutated(self._mutant)), origin=file)


class _ChangedSource(SourceFileLoader):
    def __init__(self, name: str, file: str, tree: ast.Module) -> None:
        super().__init__(name, file)
        self._tree = tree

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._tree, self.path, "exec", dont_inherit=True)


# The database


def _leave_database(template: Path) -> None:
    """Nobody is connected, and a copy is put by for those who begin afresh."""
    from django.db import connections

    connections.close_all()
    shutil.copyfile(connections["default"].settings_dict["NAME"], template)


def _own_database() -> None:
    """This process has a copy of the test database, which is a file of SQLite."""
    from django.db import connections

    connection = connections["default"]
    assert connection.vendor == "sqlite", "changes are tried on SQLite"
    settings = connection.settings_dict
    copy = f"{settings['NAME']}.{os.getpid()}"
    shutil.copyfile(settings["NAME"], copy)
    settings["NAME"] = copy


def _drop_database(pid: int) -> None:
    if "django.db" in sys.modules:
        from django.db import connections

        name = str(connections["default"].settings_dict["NAME"])
        for path in Path(name).parent.glob(f"{Path(name).name}.{pid}*"):
            path.unlink()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
