"""Run the long campaigns and write what they gave: ``python -m tests.prove [campaign …] [NAME=count …]``.

Without a campaign's key all are run; ``mutation`` means all that begin with it. ``SECONDS=`` bounds each pass of each
campaign. The figures are written to ``docs/proof.md``; the rows of campaigns that were not run this time stay as they
are, with their dates.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

from tests import suite
from tests.proving.campaigns import CAMPAIGNS, Campaign
from tests.proving.recording import FIGURES, SECONDS

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "proof.md"
KEPT = ROOT / "docs" / "proof.json"
OWN = ("DATABASE_URL", "REDIS_URL", "REMIT_ENV", "DEMO_MODE", "REMIT_DATA", "SECRET_KEY", "EMAIL_URL")
Figures = dict[str, float]
_INTERRUPTED = 2
"""What pytest answers when it was stopped, as a campaign does whose time is spent."""


def main(arguments: list[str]) -> int:
    """Return 0 when every campaign that was run held."""
    said = dict(each.split("=", 1) for each in arguments if "=" in each)
    keys = [each for each in arguments if "=" not in each]
    unknown = {key for key in keys if not any(_is_meant(each, key) for each in CAMPAIGNS)}
    unknown |= said.keys() - {name for each in CAMPAIGNS for name in each.counts} - {"SECONDS"}
    if unknown:
        print(f"Neither a campaign nor a count: {', '.join(sorted(unknown))}.")
        print("Campaigns: " + ", ".join(f"{each.key} ({', '.join(each.counts)})" for each in CAMPAIGNS))
        return 2
    database = suite.postgresql()
    servers = {"SQLite": "", "PostgreSQL": database.where}
    results = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    held = True
    for campaign in CAMPAIGNS:
        if keys and not any(_is_meant(campaign, key) for key in keys):
            continue
        for name in campaign.databases:
            if name == "PostgreSQL" and not database.where:
                print(f"PostgreSQL is not at hand, so {campaign.key} is not run there: {database.why_not}")
                held = False
                continue
            result = _run(campaign, name, servers[name], said)
            results[f"{campaign.key} {name}"] = result
            held &= _held(result) in ("yes", "as far as its time went")
            KEPT.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
            PAGE.write_text(_page(results))
    return 0 if held else 1


def _is_meant(campaign: Campaign, key: str) -> bool:
    """Whether the key is the campaign's, or names the group that it is one of."""
    return campaign.key == key or campaign.key.startswith(f"{key}-")


def _run(campaign: Campaign, database: str, url: str, said: dict[str, str]) -> dict:
    counts = {name: int(said.get(name, often)) for name, often in campaign.counts.items()}
    seconds = int(said.get("SECONDS", campaign.seconds))
    with tempfile.TemporaryDirectory(prefix="remit-proof-") as folder:
        figures = Path(folder) / "figures.jsonl"
        environment = {key: value for key, value in os.environ.items() if key not in OWN}
        environment |= {f"REMIT_PROVE_{name}": str(often) for name, often in counts.items()}
        environment |= {FIGURES: str(figures), SECONDS: str(seconds), "REMIT_PROVE_CAMPAIGN": campaign.key}
        if campaign.repeat:
            environment["REMIT_PROVE_REPEAT"] = str(counts[campaign.repeat])
        if url:
            environment["DATABASE_URL"] = url
        print(f"=== {campaign.title} on {database}: {_written(counts)} ===", flush=True)
        begun = time.monotonic()
        # A test of a campaign may take as long as the campaign, and no longer.
        patience = ["-o", f"faulthandler_timeout={seconds}"]
        plugin = ["-p", "tests.proving.plugin"]
        command = [sys.executable, "-m", "pytest", "-q", "--no-header", *plugin, *patience, *campaign.tests]
        try:
            code = subprocess.run(command, env=environment, cwd=ROOT, check=False, timeout=seconds + 600).returncode
        except subprocess.TimeoutExpired:
            code = -1
        lines = [json.loads(line) for line in figures.read_text().splitlines()] if figures.exists() else []
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "version": _version(),
        "command": f"make prove CAMPAIGNS={campaign.key} {_written(counts)}",
        "machine": _machine(),
        "seconds": round(time.monotonic() - begun),
        "code": code,
        "figures": _added([line for line in lines if "within" not in line]),
        "parts": _by_part(lines),
    }


def _added(lines: list[dict]) -> Figures:
    """The numbers of all lines, each name added up."""
    total: Figures = defaultdict(int)
    for line in lines:
        for name, value in line.items():
            if isinstance(value, int | float):
                total[name] += value
    return dict(total)


def _by_part(lines: list[dict]) -> dict[str, Figures]:
    """The numbers of each part that a campaign told apart, in the order in which they were told."""
    parts: dict[str, list[dict]] = defaultdict(list)
    for line in lines:
        if "part" in line:
            parts[line["part"]].append(line)
    return {part: _added(found) for part, found in parts.items()}


def _written(counts: dict[str, int]) -> str:
    return " ".join(f"{name}={often}" for name, often in counts.items())


def _version() -> str:
    asked = ["git", "rev-parse", "--short=10", "HEAD"]
    return subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


def _machine() -> str:
    """What kind of machine, in general terms."""
    load = f", load {os.getloadavg()[0]:.0f}" if hasattr(os, "getloadavg") else ""
    return f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}{load}"


def _page(results: dict[str, dict]) -> str:
    parts = [
        "# What was proved, and how",
        "Written by `make prove`. Each row says what was run, when, on which version, and what it gave; run the "
        "command to see it again. A campaign is a selection of the suite's own tests with larger counts "
        "(`tests/proving/campaigns.py`); an ordinary run of the suite has each of them with small counts.",
    ]
    for campaign in CAMPAIGNS:
        runs = {name: results.get(f"{campaign.key} {name}") for name in campaign.databases}
        parts += [f"## {campaign.title}", campaign.shows]
        if not any(runs.values()):
            parts.append("Not run yet.")
            continue
        rows = ["| database | figures | held | date | version | time | machine |", "|---|---|---|---|---|---|---|"]
        for name, run in runs.items():
            if run is not None:
                rows.append(
                    f"| {name} | {_told(run['figures'])} | {_held(run)} | {run['date']} | `{run['version']}` "
                    f"| {run['seconds']} s | {run['machine']} |"
                )
        parts.append("\n".join(rows))
        parts += ["\n".join(_table(run["parts"])) for run in runs.values() if run is not None and run.get("parts")]
        commands = sorted({run["command"] for run in runs.values() if run})
        parts.append("\n".join(f"    {command}" for command in commands))
    return "\n\n".join(parts) + "\n"


def _table(parts: dict[str, Figures]) -> list[str]:
    """A row for each part, with a share where something was noticed of what was changed."""
    names = list(dict.fromkeys(name for figures in parts.values() for name in figures))
    has_share = {"changes", "survived"} <= set(names)
    rows = [f"| part | {' | '.join(names)} |" + (" share |" if has_share else "")]
    rows.append("|---" * (len(names) + 1 + has_share) + "|")
    for part, figures in parts.items():
        row = f"| {part} | {' | '.join(f'{figures.get(name, 0):,.0f}' for name in names)} |"
        rows.append(row + (f" {_share(figures)} |" if has_share else ""))
    return rows


def _share(figures: Figures) -> str:
    return f"{100 * (1 - figures.get('survived', 0) / figures['changes']):.1f} %"


def _told(figures: Figures) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value:,.0f}" for name, value in sorted(figures.items()))


def _held(run: dict) -> str:
    if run["code"] == -1:
        return "stopped: it took too long"
    if run["code"] == _INTERRUPTED and run["figures"].get("not_run") and not run["figures"].get("failed"):
        return "as far as its time went"
    return "yes" if run["code"] == 0 and not run["figures"].get("failed") else "**no**"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
