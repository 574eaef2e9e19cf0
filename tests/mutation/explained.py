"""The survivors that are known, with the reason of each: ``survivors.toml``."""

import tomllib
from pathlib import Path

FILE = Path(__file__).with_name("survivors.toml")


def explained() -> dict[str, str]:
    """The reason of every survivor by its key. Raises ``ValueError`` where one stands twice or has no reason."""
    found: dict[str, str] = {}
    for row in tomllib.loads(FILE.read_text(encoding="utf-8")).get("survivor", []):
        for key in row["changes"]:
            if key in found or len(row["why"].split()) < 4:
                raise ValueError(f"Said twice, or for no reason: {key}")
            found[key] = row["why"]
    return found
