"""The results as tables of ratios and as plots of cost against size, in ``benchmarks/README.md``."""

import json
from pathlib import Path
from typing import Any

from benchmarks.goals import GOALS, KINDS, ms
from benchmarks.plotting import Line, plot

MARK = "<!-- What stands below is written by `python -m benchmarks.report`. -->"
_CASES = (
    *("floor", "list", "list by hand", "document", "document by hand", "history", "diff", "search rare"),
    *("search common", "list guardian remit", "list guardian document"),
)
_COLOURS = {"unit": "#2563eb", "division": "#0f766e", "centre": "#b45309", "auditor": "#9d174d"}
_BESIDE = {
    "list": ("the product", "#2563eb"),
    "list by hand": ("SQL by hand", "#0f766e"),
    "floor": ("the floor, F1", "#6b7280"),
    "list guardian remit": ("guardian, remits", "#b45309"),
    "list guardian document": ("guardian, documents", "#9d174d"),
}
_WORDS = {
    "filled": "Loading",
    "starting": "Starting",
    "serving": "Two workers",
    "reviewing": "Due reviews",
    "importing": "Import",
    "writing": "Submit and decide",
    "switching": "Switch of the whole model",
}


def write_report(folder: Path) -> None:
    """The README's tables and the plots say what the results in the folder say."""
    results = _results(folder)
    # Beside the results that are committed; elsewhere, among the results of a trial.
    readme = (folder.parent if folder.name == "results" else folder) / "README.md"
    text = readme.read_text().partition(MARK)[0] if readme.exists() else ""
    place = "results/" if folder.name == "results" else ""
    parts = [_goals(results), _plots(results, folder, place), *(_one(result) for result in results)]
    readme.write_text(f"{text}{MARK}\n\n" + "\n".join(part for part in parts if part))


def _results(folder: Path) -> list[dict[str, Any]]:
    found = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    return sorted(found, key=lambda each: (each["database"], each["size"]["documents"]))


def _goals(results: list[dict[str, Any]]) -> str:
    if not results:
        return ""
    heads = [f"{each['database']} {each['size']['name']}" for each in results]
    lines = [
        "## Goals",
        "",
        f"| what, for whom it is the worst | goal | {' | '.join(heads)} |",
        f"|---|---|{'---|' * len(results)}",
        *(
            f"| {goal.words} | {goal.bound_words} | {' | '.join(goal.said(each) for each in results)} |"
            for goal in GOALS
        ),
        "",
    ]
    return "\n".join(lines)


def _one(result: dict[str, Any]) -> str:
    size, machine = result["size"], result["machine"]
    lines = [
        f"## {result['database']}: {size['documents']:,} documents, {size['units']:,} units, {size['people']:,} people",
        "",
        f"{result['measured_at']}; " + ", ".join(f"{name} {value}" for name, value in sorted(machine.items())) + ".",
        "",
    ]
    if "reading" in result:
        lines += _reading(result)
    for name, words in _WORDS.items():
        if name in result:
            lines += [f"- **{words}**: {'; '.join(_said(result[name]))}."]
    return "\n".join([*lines, ""])


def _said(values: dict[str, Any]) -> list[str]:
    said = []
    for key, value in values.items():
        words = key.replace("_", " ")
        if isinstance(value, dict):
            said.append(f"{words}: {', '.join(_said(value))}")
        elif isinstance(value, list):
            said.append(f"{words} {'–'.join(str(each) for each in value)}")
        else:
            said.append(f"{words} {value:,}" if isinstance(value, (int, float)) else f"{words} {value}")
    return said


def _reading(result: dict[str, Any]) -> list[str]:
    reading = result["reading"]
    measured, statements, weights = reading["measured"], reading["statements"], reading["bytes"]
    lines = [
        f"Load at the end of reading: {reading['load']}." if "load" in reading else "",
        "",
        "| what | who sees | ms (min–max of rounds) | × F1 | statements | kB |",
        "|---|---|---|---|---|---|",
    ]
    for name in _CASES:
        for kind, words in KINDS.items():
            key = f"{name} {kind}"
            if key not in measured:
                continue
            each, floor = measured[key], measured[f"floor {kind}"]["ms"]
            lines.append(
                f"| {name} | {words} | {each['ms']:.1f} ({each['least']:.1f}–{each['most']:.1f}) |"
                f" {each['ms'] / floor:.2f} | {statements[key]} | {weights[key] / 1000:.1f} |"
            )
    return [*lines, ""]


def _plots(results: list[dict[str, Any]], folder: Path, place: str) -> str:
    shown = []
    for database in sorted({result["database"] for result in results}):
        sizes = [each for each in results if each["database"] == database and "reading" in each]
        if len(sizes) < 2:
            continue
        marks = [f"{each['size']['documents']:,}" for each in sizes]
        drawings = {
            name: [
                Line(words, _COLOURS[kind], [_over_floor(each, name, kind) for each in sizes])
                for kind, words in KINDS.items()
            ]
            for name in ("list", "document", "history", "search rare", "search common")
        }
        drawings["list beside others"] = [
            Line(words, colour, [ms(each, name, "division") for each in sizes])
            for name, (words, colour) in _BESIDE.items()
        ]
        for name, lines in drawings.items():
            unit = "ms, for a person of one division" if "beside" in name else "times F1"
            path = folder / f"{database}-{name.replace(' ', '-')}.svg"
            title = f"{name.capitalize()}, {database}: {unit}, by number of documents"
            path.write_text(plot(title, marks, lines))
            shown.append(f"![{title}]({place}{path.name})")
    return "## Cost against size\n\n" + "\n".join(shown) + "\n" if shown else ""


def _over_floor(result: dict[str, Any], name: str, kind: str) -> float | None:
    one, floor = ms(result, name, kind), ms(result, "floor", kind)
    return one / floor if one is not None and floor is not None else None
