"""What an operation of the API declares of itself; views, schema and tests read it from here alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from django import forms
from rest_framework import serializers

from governance.scopes import Scope

Handler = TypeVar("Handler", bound=Callable[..., Any])
Shape = type[serializers.BaseSerializer[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one address.

    ``name`` is its operation id, noun and verb, never changed once released. ``gives`` and ``takes`` are the shapes of
    its answer and its body. ``many`` pages them in ``order`` (names of model fields that are never empty, ``-`` for
    descending, the last one unique), unless the list is short and always ``whole``. ``filters`` is a form: its fields
    are the query's parameters. ``matches`` asks for ``If-Match``. ``refuses`` are problems beside those of its kind.
    ``tells_once`` says that its answer holds what is kept nowhere: a repeat is told that it was done, and no more.
    """

    name: str
    scope: Scope
    gives: Shape | None
    takes: Shape | None = None
    status: int = 200
    many: bool = False
    whole: bool = False
    order: tuple[str, ...] = ()
    filters: type[forms.BaseForm] | None = None
    matches: bool = False
    writes: bool = False
    refuses: tuple[str, ...] = ()
    tells_once: bool = False

    @property
    def is_file(self) -> bool:
        """Whether it hands over a file rather than JSON."""
        return not self.writes and self.gives is None


def lists(
    name: str,
    gives: Shape,
    *,
    scope: Scope = Scope.READ,
    order: Sequence[str] = ("pk",),
    filters: type[forms.BaseForm] | None = None,
    whole: bool = False,
) -> Callable[[Handler], Handler]:
    """The method answers with a page of things, and ends with ``return self.page(rows)``; with ``whole`` it answers
    with all of a short list, and ends with ``return self.several(rows)``."""
    return _declared(
        Operation(name=name, scope=scope, gives=gives, many=True, order=tuple(order), filters=filters, whole=whole),
    )


def shows(
    name: str, gives: Shape, *, scope: Scope = Scope.READ, filters: type[forms.BaseForm] | None = None
) -> Callable[[Handler], Handler]:
    """The method answers with one thing; it ends with ``return self.thing(row)``."""
    return _declared(Operation(name=name, scope=scope, gives=gives, filters=filters))


def downloads(name: str, *, scope: Scope = Scope.READ) -> Callable[[Handler], Handler]:
    """The method hands over a file; it ends with ``return self.file(opened, etag=…)``."""
    return _declared(Operation(name=name, scope=scope, gives=None))


def writes(
    name: str,
    gives: Shape | None,
    *,
    scope: Scope,
    takes: Shape | None = None,
    status: int = 200,
    matches: bool = False,
    refuses: Sequence[str] = (),
    tells_once: bool = False,
) -> Callable[[Handler], Handler]:
    """The method changes something: it reads ``self.asked``, calls one action and ends with ``return self.done(row)``.

    With ``matches`` it calls ``self.match(row)`` before the action.
    """
    return _declared(
        Operation(
            name=name,
            scope=scope,
            gives=gives,
            takes=takes,
            status=status,
            matches=matches,
            writes=True,
            refuses=tuple(refuses),
            tells_once=tells_once,
        )
    )


def operation_of(handler: Any) -> Operation | None:
    """Return what a view's method declares; None where it declares nothing, and so is never called."""
    found = getattr(handler, "operation", None)
    return found if isinstance(found, Operation) else None


def _declared(operation: Operation) -> Callable[[Handler], Handler]:
    def declare(handler: Handler) -> Handler:
        @wraps(handler)
        def called(view: Any, *args: Any, **kwargs: Any) -> Any:
            return view.carry_out(handler, *args, **kwargs)

        called.operation = operation  # type: ignore[attr-defined]
        return called  # type: ignore[return-value]

    return declare
