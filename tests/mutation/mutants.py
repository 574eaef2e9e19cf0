"""Every small change that can be made to a module, each with a name that stays while its surroundings change.

Left alone, because a change of them is none or is found by other means: docstrings, annotations, decorators, imports,
``assert`` (it tells the type checker, not the program), type aliases and type variables, and sentences for people: a
text is changed only where it has no space in it, as keys have none.
"""

import ast
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SHOWN = 110


@dataclass(frozen=True)
class Mutant:
    """One change. ``place`` is the function or class it is made in, empty at the module's own level; ``turn`` tells
    apart equal changes of one place. Whoever reaches a line from ``line`` to ``last_line`` reaches it. ``afresh``: it
    takes effect only when the module is imported anew."""

    module: str
    place: str
    operator: str
    was: str
    now: str
    turn: int
    line: int
    last_line: int
    afresh: bool
    number: int

    @property
    def key(self) -> str:
        """Its name, in which no line number stands."""
        which = f" ({self.turn + 1})" if self.turn else ""
        return f"{self.module}:{self.place} {self.operator}: {self.was} -> {self.now}{which}"

    @property
    def file(self) -> str:
        return path_of(self.module).as_posix()


def path_of(module: str) -> Path:
    """The file of a module, from the root."""
    return Path(*module.split(".")).with_suffix(".py")


@lru_cache(maxsize=64)
def source_of(module: str) -> str:
    """The text of a module, as it is when it is first asked for."""
    return (ROOT / path_of(module)).read_text(encoding="utf-8")


def mutants_of(module: str) -> list[Mutant]:
    """All changes of a module, in the order of its text."""
    turns: Counter[tuple[str, ...]] = Counter()
    found = []
    for number, change in enumerate(_changes(ast.parse(source_of(module)))):
        named = (change.place, change.operator, change.was, change.now)
        found.append(Mutant(module, *named, turns[named], change.line, change.last_line, change.afresh, number))
        turns[named] += 1
    return found


def mutated(mutant: Mutant) -> ast.Module:
    """The module's tree with the change made."""
    tree = ast.parse(source_of(mutant.module))
    for number, change in enumerate(_changes(tree)):
        if number == mutant.number:
            change.make()
            return ast.fix_missing_locations(tree)
    raise LookupError(f"There is no change {mutant.key}.")


def sample(mutants: list[Mutant], often: int, seed: str) -> list[Mutant]:
    """So many of them, all where ``often`` is 0: always the same by one seed, whatever becomes of the others."""
    drawn = sorted(mutants, key=lambda mutant: hashlib.sha256(f"{seed} {mutant.key}".encode()).digest())
    return drawn[:often] if often else mutants


# Where a change can be made


@dataclass
class _Change:
    place: str
    operator: str
    was: str
    now: str
    line: int
    last_line: int
    afresh: bool
    make: Callable[[], None]


@dataclass(frozen=True)
class _Where:
    """What stands around a node: names of the functions and classes, the innermost function if any, the lines of the
    statement (of one that holds others, its first)."""

    names: tuple[str, ...] = ()
    function: ast.AST | None = None
    in_function: bool = False
    line: int = 0
    last_line: int = 0

    def at(self, statement: ast.stmt) -> "_Where":
        is_simple = not hasattr(statement, "body") and not isinstance(statement, ast.Match)
        last = (statement.end_lineno if is_simple else None) or statement.lineno
        return replace(self, line=statement.lineno, last_line=last)

    def into(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> "_Where":
        is_function = isinstance(node, FUNCTIONS)
        names, function = (*self.names, node.name), node if is_function else None
        return _Where(names, function, self.in_function or is_function)


Alternative = tuple[str, ast.AST | None] | tuple[str, ast.AST | None, str]
"""The operator's name, and what stands there instead, None where the element is left out; what to call the place where
it is a part of the node that is replaced."""


def _changes(tree: ast.Module) -> Iterator[_Change]:
    yield from _in_body(tree, "body", _Where())


def _in_body(parent: ast.AST, field: str, where: _Where) -> Iterator[_Change]:
    """The changes of a list of statements: of each as a whole, and of what is in it."""
    for place, statement in enumerate(getattr(parent, field)):
        if _is_left_alone(statement, where):
            continue
        here = where.at(statement)
        for alternative in _statement_alternatives(statement, here):
            yield _change(parent, field, place, statement, alternative, here)
        yield from _in_statement(statement, here)


def _in_statement(node: ast.AST, where: _Where) -> Iterator[_Change]:
    if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        inner = where.into(node)
        if isinstance(node, FUNCTIONS):
            outer = replace(where, names=inner.names, function=None)
            for field in ("defaults", "kw_defaults"):
                yield from _in_list(node.args, field, outer)
        yield from _in_body(node, "body", inner)
        return
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "bases"):
            continue
        if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
            yield from _in_body(node, field, where)
        elif isinstance(value, list):
            yield from _in_list(node, field, where)
        elif isinstance(value, ast.AST):
            yield from _in_node(node, field, None, value, where)


def _in_list(parent: ast.AST, field: str, where: _Where) -> Iterator[_Change]:
    for place, node in enumerate(getattr(parent, field)):
        if isinstance(node, ast.AST):
            yield from _in_node(parent, field, place, node, where)


def _in_node(parent: ast.AST, field: str, place: int | None, node: ast.AST, where: _Where) -> Iterator[_Change]:
    if isinstance(node, ast.JoinedStr | ast.pattern):
        return
    for alternative in _alternatives(node, parent, field, where):
        yield _change(parent, field, place, node, alternative, where)
    yield from _in_statement(node, where)


def _change(
    parent: ast.AST, field: str, place: int | None, node: ast.AST, alternative: Alternative, where: _Where
) -> _Change:
    operator, instead, *part = alternative

    def make() -> None:
        if instead is not None and hasattr(node, "lineno"):
            ast.copy_location(instead, node)
        if place is None:
            setattr(parent, field, instead)
        elif instead is None:
            del getattr(parent, field)[place]
        else:
            getattr(parent, field)[place] = instead

    return _Change(
        ".".join(where.names),
        operator,
        part[0] if part else _shown(node),
        "nothing" if instead is None or part else _shown(instead),
        where.line,
        max(where.last_line, getattr(node, "end_lineno", 0)),
        not where.in_function,
        make,
    )


def _shown(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _is_left_alone(statement: ast.stmt, where: _Where) -> bool:
    match statement:
        case ast.Expr(value=ast.Constant()) | ast.Assert() | ast.Import() | ast.ImportFrom() | ast.Pass():
            return True
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
        case ast.Assign(value=ast.Call(func=ast.Name(id="TypeVar"))):
            return True
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.BinOp() | ast.Subscript()):
            return not where.names and not name.isupper() and name[:1].isupper()
        case ast.AnnAssign(value=None):
            return True
    return False


# What is changed: statements


def _statement_alternatives(statement: ast.stmt, where: _Where) -> Iterator[Alternative]:  # noqa: C901 - a table
    match statement:
        case ast.Expr():
            yield "left out", ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript(), *_]) if where.in_function:
            yield "left out", ast.Pass()
        case ast.AugAssign() | ast.Delete() | ast.Raise() | ast.Return(value=None):
            yield "left out", ast.Pass()
        case ast.Continue():
            yield "loop", ast.Break()
        case ast.Break():
            yield "loop", ast.Continue()
        case ast.Return(value=value):
            for instead in _other_returns(value, where):
                yield "returned", ast.Return(value=instead)
        case ast.Match(subject=subject, cases=cases) if len(cases) > 1:
            for number in range(len(cases)):
                rest = ast.Match(subject=subject, cases=[*cases[:number], *cases[number + 1 :]])
                yield "left out", rest, f"case {ast.unparse(cases[number].pattern)}"
    if isinstance(statement, ast.AugAssign):
        for operator in _OTHER_OPERATORS.get(type(statement.op), ()):
            yield "operator", ast.AugAssign(target=statement.target, op=operator(), value=statement.value)


def _other_returns(value: ast.expr, where: _Where) -> Iterator[ast.expr]:
    """An empty answer of the type that is announced; for a truth, both."""
    returns = getattr(where.function, "returns", None)
    announced = "" if returns is None else ast.unparse(returns).strip("'\"")
    if announced == "bool":
        others = ["True", "False"]
    elif "None" in announced:
        others = ["None"]
    else:
        empty = {
            "frozenset": "frozenset()", "Users": "frozenset()", "set": "set()", "tuple": "()", "list": "[]",
            "dict": "{}", "str": "''", "int": "0", "Rules": "{}", "Iterator": "iter(())", "Q": "Q()",
        }  # fmt: skip
        others = [empty.get(announced.split("[")[0], "None")]
    for other in others:
        if ast.unparse(value) != other:
            yield ast.parse(other, mode="eval").body


# What is changed: expressions

_OTHER_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_OTHER_OPERATORS: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add,),
    ast.FloorDiv: (ast.Mult,),
    ast.Div: (ast.Mult,),
    ast.BitOr: (ast.BitAnd,),
    ast.BitAnd: (ast.BitOr,),
}
_OTHER_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list", "reversed": "list"}
_OTHER_METHODS = {"union": "intersection", "intersection": "union", "startswith": "endswith"}
_NARROWING = frozenset({"filter", "exclude", "order_by", "distinct", "valid_at", "strip"})
"""Methods that can be left out of a chain."""


def _alternatives(  # noqa: C901 - a table
    node: ast.AST, parent: ast.AST, field: str, where: _Where
) -> Iterator[Alternative]:
    match node:
        case ast.Compare():
            yield from _comparisons(node)
        case ast.BoolOp():
            yield from _connections(node)
        case ast.UnaryOp(op=ast.Not() | ast.Invert() | ast.USub()):
            yield "not", node.operand
        case ast.IfExp(body=body, orelse=orelse):
            yield "either", body
            yield "or", orelse
        case ast.BinOp():
            yield from _operations(node)
        case ast.Constant(value=value):
            yield from _constants(value, parent)
        case ast.Attribute(value=ast.Name(id=name), attr=member):
            yield from _members(name, member)
        case ast.Call():
            yield from _calls(node)
        case ast.Tuple(ctx=ast.Load()) | ast.List(ctx=ast.Load()) | ast.Set():
            yield from _elements(node, where)
        case ast.Dict():
            for number in range(len(node.keys)):
                rest = ast.Dict(
                    keys=[*node.keys[:number], *node.keys[number + 1 :]],
                    values=[*node.values[:number], *node.values[number + 1 :]],
                )
                key = node.keys[number]
                yield "left out", rest, f"**{_shown(node.values[number])}" if key is None else f"{_shown(key)}: …"
        case ast.Slice():
            yield from _slices(node)
        case ast.Starred() if isinstance(parent, ast.Call):
            yield "left out", None
    if field in ("test", "ifs", "guard") and isinstance(node, ast.expr) and not isinstance(parent, ast.IfExp):
        if not isinstance(parent, ast.While):
            yield "always", ast.Constant(value=True)
        yield "never", ast.Constant(value=False)


def _comparisons(node: ast.Compare) -> Iterator[Alternative]:
    for place, operator in enumerate(node.ops):
        for other in _OTHER_COMPARISONS[type(operator)]:
            ops = [*node.ops[:place], other(), *node.ops[place + 1 :]]
            yield "compared", ast.Compare(left=node.left, ops=ops, comparators=node.comparators)


def _connections(node: ast.BoolOp) -> Iterator[Alternative]:
    other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    yield "and/or", ast.BoolOp(op=other, values=node.values)
    for place in range(len(node.values)):
        rest = [*node.values[:place], *node.values[place + 1 :]]
        yield "left out", rest[0] if len(rest) == 1 else ast.BoolOp(op=node.op, values=rest)


def _operations(node: ast.BinOp) -> Iterator[Alternative]:
    for other in _OTHER_OPERATORS.get(type(node.op), ()):
        if not (isinstance(node.op, ast.Sub) and not _is_number(node)):
            yield "operator", ast.BinOp(left=node.left, op=other(), right=node.right)
    if isinstance(node.op, ast.BitOr | ast.BitAnd | ast.Sub | ast.Add):
        yield "left only", node.left
    if isinstance(node.op, ast.BitOr | ast.BitAnd):
        yield "right only", node.right


def _is_number(node: ast.BinOp) -> bool:
    return any(isinstance(each, ast.Constant) and isinstance(each.value, int) for each in (node.left, node.right))


def _constants(value: object, parent: ast.AST) -> Iterator[Alternative]:
    if isinstance(value, bool):
        yield "constant", ast.Constant(value=not value)
    elif isinstance(value, int):
        yield "constant", ast.Constant(value=value + 1)
        if value > 0:
            yield "constant", ast.Constant(value=value - 1)
    elif isinstance(value, str) and " " not in value and not isinstance(parent, ast.Expr):
        yield "constant", ast.Constant(value=f"~{value}")


def _members(name: str, member: str) -> Iterator[Alternative]:
    """The next one of an enumeration."""
    members = _enumerations().get(name, ())
    if member in members and len(members) > 1:
        following = members[(members.index(member) + 1) % len(members)]
        yield "member", ast.Attribute(value=ast.Name(id=name, ctx=ast.Load()), attr=following, ctx=ast.Load())


def _calls(node: ast.Call) -> Iterator[Alternative]:
    function = node.func
    if isinstance(function, ast.Name) and function.id in _OTHER_NAMES:
        is_by_key = function.id == "sorted" and node.keywords
        other = ast.Name(id=_OTHER_NAMES[function.id], ctx=ast.Load())
        if not is_by_key:
            yield "called", ast.Call(func=other, args=node.args, keywords=node.keywords)
    if isinstance(function, ast.Attribute) and function.attr in _OTHER_METHODS:
        other_method = ast.Attribute(value=function.value, attr=_OTHER_METHODS[function.attr], ctx=ast.Load())
        yield "called", ast.Call(func=other_method, args=node.args, keywords=node.keywords)
    if isinstance(function, ast.Attribute) and function.attr in _NARROWING:
        yield f"{function.attr} left out", function.value
    optional = _optional_keywords(node)
    for place, keyword in enumerate(node.keywords):
        if keyword.arg in optional:
            rest = [*node.keywords[:place], *node.keywords[place + 1 :]]
            yield f"{keyword.arg} left out", ast.Call(func=function, args=node.args, keywords=rest)


def _optional_keywords(node: ast.Call) -> frozenset[str | None]:
    """What may be left out of a call and leaves one that can still be made."""
    named = frozenset(keyword.arg for keyword in node.keywords)
    match node.func:
        case ast.Name(id="replace" | "sorted" | "min" | "max"):
            return named
        case ast.Attribute(attr="_replace" | "update"):
            return named
        case ast.Name(id="Q") | ast.Attribute(attr="filter" | "exclude"):
            return named if len(node.keywords) + len(node.args) > 1 else frozenset()
        case ast.Name(id=name):
            return named & _defaults().get(name, frozenset())
    return frozenset()


def _elements(node: ast.Tuple | ast.List | ast.Set, where: _Where) -> Iterator[Alternative]:
    """A table with a row less: at a module's own level, or where a row is itself a list put in."""
    if where.in_function and not isinstance(node, ast.Set) and not any(isinstance(e, ast.Starred) for e in node.elts):
        return
    for place in range(len(node.elts)):
        rest = [*node.elts[:place], *node.elts[place + 1 :]]
        if isinstance(node, ast.Set):
            instead: ast.expr = ast.Set(elts=rest) if rest else ast.parse("set()", mode="eval").body
        else:
            instead = type(node)(elts=rest, ctx=ast.Load())
        yield "left out", instead, f"element {_shown(node.elts[place])}"


def _slices(node: ast.Slice) -> Iterator[Alternative]:
    if node.lower is not None:
        yield "from the start", ast.Slice(lower=None, upper=node.upper, step=node.step)
    if node.upper is not None:
        yield "to the end", ast.Slice(lower=node.lower, upper=None, step=node.step)


# What the sources say of themselves


@lru_cache(maxsize=1)
def _enumerations() -> dict[str, list[str]]:
    """The members of every enumeration of the kernel, in their order."""
    found = {}
    for definition in _classes():
        if any(ast.unparse(base).endswith("Enum") for base in definition.bases):
            found[definition.name] = [
                statement.targets[0].id
                for statement in definition.body
                if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
            ]
    return found


@lru_cache(maxsize=1)
def _defaults() -> dict[str, frozenset[str]]:
    """The fields of every class of the kernel that need not be said."""
    return {
        definition.name: frozenset(
            statement.target.id
            for statement in definition.body
            if isinstance(statement, ast.AnnAssign)
            and statement.value is not None
            and isinstance(statement.target, ast.Name)
        )
        for definition in _classes()
    }


@lru_cache(maxsize=1)
def _classes() -> list[ast.ClassDef]:
    return [
        node
        for path in sorted((ROOT / "governance").rglob("*.py"))
        if "migrations" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    ]
