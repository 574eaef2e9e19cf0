"""The results as a table of ratios and as plots of cost against size, in ``benchmarks/README.md``."""

import json
from pathlib import Path
from typing import Any

MARK = "<!-- What stands below is written by `python -m benchmarks.report`. -->"
_WORDS = {"unit": "one unit", "division": "one division", "centre": "the centre", "auditor": "everything (auditor)"}
_GOALS = {
    "list": "≤ 2",
    "list by hand": "",
    "document": "≤ 1.5",
    "history": "≤ 1.5",
    "diff": "≤ 2",
    "search rare": "≤ 2 × list",
    "search common": "≤ 3 × list",
    "list guardian remit": "",
    "list guardian document": "",
}
_COLOURS = {"unit": "#2563eb", "division": "#0f766e", "centre": "#b45309", "auditor": "#9d174d"}


def write_report(folder: Path) -> None:
    """The README's table and the plots say what the results in the folder say."""
    results = _results(folder)
    # Beside the results that are committed; elsewhere, among the results of a trial.
    readme = (folder.parent if folder.name == "results" else folder) / "README.md"
    text = readme.read_text().partition(MARK)[0] if readme.exists() else ""
    plots = _plots(results, folder)
    readme.write_text(f"{text}{MARK}\n\n{_tables(results)}\n{plots}")


def _results(folder: Path) -> list[dict[str, Any]]:
    found = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    return sorted(found, key=lambda each: (each["database"], each["size"]["documents"]))


def _tables(results: list[dict[str, Any]]) -> str:
    return "\n".join(_one(result) for result in results)


def _one(result: dict[str, Any]) -> str:
    size, machine = result["size"], result["machine"]
    lines = [
        f"## {result['database']}: {size['documents']:,} documents, {size['units']:,} units, {size['people']:,} people",
        "",
        f"{result['measured_at']}; " + ", ".join(f"{name} {value}" for name, value in sorted(machine.items())) + ".",
        "",
    ]
    if "reading" in result:
        lines += _reading(result["reading"])
    for part in ("switching", "writing"):
        if part in result:
            lines += [
                f"{part.capitalize()}: " + "; ".join(f"{k} {v}" for k, v in sorted(result[part].items())) + ".",
                "",
            ]
    return "\n".join(lines)


def _reading(reading: dict[str, Any]) -> list[str]:
    measured, statements, weights = reading["measured"], reading["statements"], reading["bytes"]
    lines = [
        "| what | who sees | ms (min–max of rounds) | × F1 | goal | statements | kB |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, goal in {"floor": "", **_GOALS}.items():
        for kind, words in _WORDS.items():
            key = f"{name} {kind}"
            if key not in measured:
                continue
            each, floor = measured[key], measured[f"floor {kind}"]["ms"]
            lines.append(
                f"| {name} | {words} | {each['ms']:.1f} ({each['least']:.1f}–{each['most']:.1f}) |"
                f" {each['ms'] / floor:.2f} | {goal} | {statements[key]} | {weights[key] / 1000:.1f} |"
            )
    return [*lines, ""]


def _plots(results: list[dict[str, Any]], folder: Path) -> str:
    shown = []
    for database in sorted({result["database"] for result in results}):
        sizes = [each for each in results if each["database"] == database and "reading" in each]
        for name in ("list", "document", "history", "search common"):
            if len(sizes) < 2:
                continue
            path = folder / f"{database}-{name.replace(' ', '-')}.svg"
            path.write_text(_plot(f"{name}, {database}: times F1 by number of documents", sizes, name))
            shown.append(f"![{name} on {database}](results/{path.name})")
    return "\n".join(shown) + "\n"


def _plot(title: str, sizes: list[dict[str, Any]], name: str) -> str:
    """A line for each kind of person; the size is spaced evenly, for each is ten times the one before."""
    width, height, left, top, bottom = 640, 300, 48, 40, 40
    series = {
        kind: [
            each["reading"]["measured"][f"{name} {kind}"]["ms"] / each["reading"]["measured"][f"floor {kind}"]["ms"]
            for each in sizes
        ]
        for kind in _WORDS
    }
    most = max(2.5, *(max(values) for values in series.values())) * 1.1
    step = (width - left - 150) / max(1, len(sizes) - 1)

    def y(value: float) -> float:
        return height - bottom - value / most * (height - top - bottom)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-size="12"'
        f' font-family="sans-serif" role="img"><title>{title}</title><rect width="100%" height="100%" fill="#fff"/>'
        f'<text x="{left}" y="22" font-size="14">{title}</text>'
    ]
    parts += [
        f'<path d="M{left} {y(value):.1f}H{width - 150}" stroke="#ddd"/><text x="{left - 8}" y="{y(value) + 4:.1f}"'
        f' text-anchor="end">{value}</text>'
        for value in range(0, int(most) + 1, max(1, int(most) // 5))
    ]
    parts += [
        f'<text x="{left + place * step:.1f}" y="{height - 14}" text-anchor="middle">'
        f"{each['size']['documents']:,}</text>"
        for place, each in enumerate(sizes)
    ]
    for kind, values in series.items():
        points = " ".join(f"{left + place * step:.1f},{y(value):.1f}" for place, value in enumerate(values))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{_COLOURS[kind]}" stroke-width="2"/>')
    ends = sorted(series, key=lambda kind: series[kind][-1])
    last = height + 100.0
    for kind in ends:
        last = min(y(series[kind][-1]) + 4, last - 14)
        parts.append(f'<text x="{width - 142}" y="{last:.1f}" fill="{_COLOURS[kind]}">{_WORDS[kind]}</text>')
    return "".join(parts) + "</svg>\n"
