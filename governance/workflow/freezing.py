"""Routes as plain, versioned data, for freezing into the database and thawing unchanged."""

from collections.abc import Mapping
from typing import Any

from governance.workflow.route import Route, Seat, Stage, StageKind

VERSION = 1


def to_json(route: Route) -> dict[str, Any]:
    """The route as JSON-ready data; ``from_json`` gives back an equal route. Sets are written in order, so that
    equal routes are equal text."""
    return {
        "version": VERSION,
        "kind": route.kind,
        "stages": [_stage_to_json(stage) for stage in route.stages],
        "mode": route.mode,
        "model_version": route.model_version,
        "centre": route.centre,
        "mandate": route.mandate,
        "publishers": sorted(route.publishers),
        "undecidable": route.undecidable,
        "unit": route.unit,
        "capability": route.capability,
        "people": [list(pair) for pair in route.people],
        "excluded": sorted(route.excluded),
        "advice": route.advice,
    }


def from_json(data: Mapping[str, Any]) -> Route:
    """The route that was frozen. Raises ``ValueError`` for data of another version."""
    if data.get("version") != VERSION:
        raise ValueError(f"A frozen route of version {data.get('version')!r} cannot be read; this reads {VERSION}.")
    return Route(
        kind=data["kind"],
        stages=tuple(_stage_from_json(stage) for stage in data["stages"]),
        mode=data["mode"],
        model_version=data["model_version"],
        centre=data["centre"],
        mandate=data["mandate"],
        publishers=frozenset(data["publishers"]),
        undecidable=data["undecidable"],
        unit=data["unit"],
        capability=data["capability"],
        people=tuple((user, person) for user, person in data["people"]),
        excluded=frozenset(data["excluded"]),
        advice=data["advice"],
    )


def _stage_to_json(stage: Stage) -> dict[str, Any]:
    return {
        "key": stage.key,
        "kind": stage.kind.value,
        "title": stage.title,
        "seats": [_seat_to_json(seat) for seat in stage.seats],
        "rule": stage.rule,
        "fallback": stage.fallback,
        "days": stage.days,
        "filled": stage.filled,
        "quorum_seats": stage.quorum_seats,
        "quorum_people": stage.quorum_people,
        "conditional": stage.conditional,
        "reserves": [_seat_to_json(seat) for seat in stage.reserves],
    }


def _stage_from_json(data: Mapping[str, Any]) -> Stage:
    return Stage(
        key=data["key"],
        kind=StageKind(data["kind"]),
        title=data["title"],
        seats=tuple(_seat_from_json(seat) for seat in data["seats"]),
        rule=data["rule"],
        fallback=data["fallback"],
        days=data["days"],
        filled=data["filled"],
        quorum_seats=data["quorum_seats"],
        quorum_people=data["quorum_people"],
        conditional=data["conditional"],
        reserves=tuple(_seat_from_json(seat) for seat in data["reserves"]),
    )


def _seat_to_json(seat: Seat) -> dict[str, Any]:
    return {
        "key": seat.key,
        "label": seat.label,
        "unit": seat.unit,
        "holders": sorted(seat.holders),
        "is_chair": seat.is_chair,
        "relation": seat.relation,
    }


def _seat_from_json(data: Mapping[str, Any]) -> Seat:
    return Seat(
        key=data["key"],
        label=data["label"],
        unit=data["unit"],
        holders=frozenset(data["holders"]),
        is_chair=data["is_chair"],
        relation=data["relation"],
    )
