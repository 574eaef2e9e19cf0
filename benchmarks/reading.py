"""What reading costs: list, document, search, history and diff, for people who see little, much and everything."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.measuring import Measured, in_turns
from benchmarks.organisation import Document, Organisation
from benchmarks.serving import Server
from benchmarks.sizes import COMMON, RARE
from benchmarks.texts import LONG_EVERY

KINDS = ("unit", "division", "centre", "auditor")
_TOTAL = re.compile(rb'<span role="status">([\d,.\xe2\x80\xaf\xc2\xa0]+)(\+?) ')
_ROW = re.compile(rb'<a class="title"')


@dataclass(frozen=True)
class Read:
    """What was found: milliseconds and SQL statements by workload and kind of person, and page weights in bytes."""

    measured: dict[str, Measured] = field(default_factory=dict)
    statements: dict[str, int] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)


class WrongAnswer(Exception):
    """An answer that is not what the generator knows: nothing is measured."""


def read(made: Organisation, server: Server, documents: list[Document], *, turns: int, guardian: str) -> Read:
    """Return what reading costs, every answer checked before anything is timed."""
    found = Read()
    everywhere: dict[str, Callable[[int], float]] = {}
    for kind in KINDS:
        people = made.measured[kind]
        for name, path in _paths(made, kind, documents, guardian=guardian).items():
            key = f"{name} {kind}"
            _check(made, server, name, people, path, documents)
            found.statements[key] = len(server.statements(people[0], path(0)))
            found.bytes[key] = len(server.get(people[0], path(0)).body)
            everywhere[key] = _case(server, people, path)
    found.measured.update(in_turns(everywhere, turns=turns))
    return found


def _paths(
    made: Organisation, kind: str, documents: list[Document], *, guardian: str
) -> dict[str, Callable[[int], str]]:
    readable = _readable(made, kind, documents)
    long = _readable(made, kind, [each for each in documents if each.text % LONG_EVERY == 0])
    fixed = {
        "nothing": "/benchmark/nothing/",
        "signed in": "/benchmark/signed-in/",
        "floor": "/benchmark/floor/",
        "list": "/library/",
        "list by hand": "/benchmark/by-hand/",
        "search rare": f"/library/?q={RARE}",
        "search common": f"/library/?q={COMMON}",
    }
    if guardian:
        fixed["list guardian remit"] = "/benchmark/guardian/remit/"
        # Slow enough to be told from one kind of person, the one of a division.
        if guardian == "document" and kind == "division":
            fixed["list guardian document"] = "/benchmark/guardian/document/"
    paths: dict[str, Callable[[int], str]] = {name: _always(path) for name, path in fixed.items()}
    paths["document"] = lambda turn: f"/s/{_number(readable[turn % len(readable)])}/"
    paths["document by hand"] = lambda turn: f"/benchmark/by-hand/{_number(readable[turn % len(readable)])}/"
    paths["history"] = lambda turn: f"/s/{_number(long[turn % len(long)])}/history/"
    paths["diff"] = lambda turn: f"/s/{_number(long[turn % len(long)])}/compare/1..2/"
    return paths


def served(made: Organisation, documents: list[Document], *, guardian: bool) -> dict[str, Callable[[int], str]]:
    """What eight clients ask for, the ten people of a division in turn."""
    wanted = ("signed in", "floor", "list", "list by hand", "document", "document by hand", "search rare")
    wanted += ("list guardian remit", "list guardian document")
    paths = _paths(made, "division", documents, guardian="document" if guardian else "")
    return {name: paths[name] for name in wanted if name in paths}


def _always(path: str) -> Callable[[int], str]:
    return lambda turn: path


def _number(document: Document) -> str:
    return f"STD-{document.id:04d}"


def _readable(made: Organisation, kind: str, documents: list[Document]) -> list[Document]:
    """In turn with the people of the kind: documents in force that each of them reads, not restricted, no draft."""
    rows: dict[int, list[Document]] = {person: [] for person in made.measured[kind]}
    sees = {person: made.sees(person)[0] for person in rows}
    for each in documents:
        if each.published and not each.drafting and not each.retired and not each.restricted:
            for person, units in sees.items():
                if each.unit in units and len(rows[person]) < 60:
                    rows[person].append(each)
    shortest = min(len(found) for found in rows.values())
    return [rows[person][place] for place in range(shortest) for person in made.measured[kind]]


def _case(server: Server, people: tuple[int, ...], path: Callable[[int], str]) -> Callable[[int], float]:
    def case(turn: int) -> float:
        answer = server.get(people[turn % len(people)], path(turn))
        if answer.status != 200:
            raise WrongAnswer(f"{path(turn)} answered {answer.status}.")
        return answer.seconds

    return case


def _check(
    made: Organisation,
    server: Server,
    name: str,
    people: tuple[int, ...],
    path: Callable[[int], str],
    documents: list[Document],
) -> None:
    counted = name in ("list", "list by hand")
    for turn, person in enumerate(people if counted else people[:2]):
        answer = server.get(person, path(turn))
        if answer.status != 200:
            raise WrongAnswer(f"{name}: {path(turn)} answered {answer.status} to person {person}.")
        if counted:
            _check_list(name, answer.body, made.count_visible(person, documents))
        if name.startswith("list guardian") and len(_ROW.findall(answer.body)) != 25:
            raise WrongAnswer(f"{name}: {len(_ROW.findall(answer.body))} rows for person {person}, who sees more.")
        if name == "search rare" and len(_ROW.findall(answer.body)) > 20:
            raise WrongAnswer(f"{name}: more documents than hold the word.")


def _check_list(name: str, body: bytes, expected: int) -> None:
    rows = len(_ROW.findall(body))
    if rows != min(expected, 25):
        raise WrongAnswer(f"{name}: {rows} rows, and the person sees {expected} documents.")
    total = _TOTAL.search(body)
    if total is None:
        raise WrongAnswer(f"{name}: the page says no total.")
    shown = int(re.sub(rb"\D", b"", total[1]))
    right = shown <= expected if total[2] else shown == expected
    if not right:
        raise WrongAnswer(f"{name}: {shown} documents said, {expected} are visible.")


__all__ = ["KINDS", "Read", "WrongAnswer", "read", "served"]
