"""``python -m benchmarks.load_part SIZE SEED NOW PART PARTS``: one process of the loader."""

import sys
from datetime import datetime


def main(size: str, seed: int, now: datetime, part: int, parts: int) -> None:
    """Its part of the documents is in the database."""
    import django

    django.setup()
    from benchmarks.filling import load_part
    from benchmarks.organisation import organisation
    from benchmarks.sizes import SIZES

    load_part(organisation(SIZES[size], seed), now, part, parts)


if __name__ == "__main__":
    name, seed, moment, part, parts = sys.argv[1:]
    main(name, int(seed), datetime.fromisoformat(moment), int(part), int(parts))
