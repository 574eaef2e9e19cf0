"""Who of a frozen seat may still act now: in the seat when the route was made, and still what made them so."""

from typing import Protocol

from governance.compiler.world import World
from governance.vocabulary import Role
from governance.workflow.route import Route, Seat, StageKind
from governance.workflow.routing import UNIT_SEAT, lends, mandate_stands


class WorldCheck(Protocol):
    """What the engine asks of the organisation as it is now."""

    def holds(self, route: Route, seat: Seat, user: int) -> bool:
        """Whether a holder of the frozen seat is still what made him or her its holder."""

    def lends(self, route: Route, delegator: int, substitute: int) -> bool:
        """Whether a delegation in force lets ``substitute`` decide for ``delegator`` on this route."""


class AsFrozen:
    """Everybody still is what the route says, and nobody stands in: for reading a route by itself."""

    def holds(self, route: Route, seat: Seat, user: int) -> bool:
        """Whether the frozen seat names the user."""
        return user in seat.holders

    def lends(self, route: Route, delegator: int, substitute: int) -> bool:
        """Never."""
        return False


class CurrentHolders:
    """The organisation as ``world`` has it, asked about any route."""

    def __init__(self, world: World) -> None:
        self._world = world

    def holds(self, route: Route, seat: Seat, user: int) -> bool:
        """Whether a holder of the frozen seat is still a lead there, and the mandate in force where one is needed."""
        if user not in seat.holders or self._is_ended(route, seat):
            return False
        if seat.key.startswith(UNIT_SEAT):
            return user in self._world.members(seat.unit, Role.LEAD)
        return user in self._world.leads(seat.unit)

    def lends(self, route: Route, delegator: int, substitute: int) -> bool:
        """Whether a delegation in force names the route's remit and these two people."""
        return lends(self._world, route, delegator, substitute)

    def _is_ended(self, route: Route, seat: Seat) -> bool:
        """What a unit decides by a mandate it decides no longer once the mandate has ended."""
        if route.mandate is None or mandate_stands(self._world, route):
            return False
        return any(seat in stage.seats for stage in route.stages if stage.kind is StageKind.UNIT)
