"""The drawn figures of Remit: plain facts in, the same facts with coordinates out.

Pure Python. Templates draw what these return and compute nothing. A figure with hundreds of cells is drawn with two
paths for each mode, all its cells and all its marks, so that a page stays light however many units it shows.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from governance.rights import Right
from governance.vocabulary import Capability, Mode

CAPABILITY_SHORT: Final[Mapping[Capability, str]] = {
    Capability.STRATEGY: "Strategy",
    Capability.DELIVERY: "Delivery",
    Capability.FOUNDATION: "Foundation",
    Capability.OPERATIONS: "Operations",
    Capability.CHANGE: "Change",
    Capability.KNOWLEDGE: "Knowledge",
}

MODE_MEANING: Final[Mapping[Mode, str]] = {
    Mode.UNIT: "The unit’s lead",
    Mode.DELEGATED: "The unit, within a mandate",
    Mode.COUNCIL: "The units’ seats vote",
    Mode.JOINT: "Unit, then centre",
    Mode.CENTRE: "The centre’s lead",
}


# Cells and marks of modes, as path data.


@dataclass(frozen=True, slots=True)
class ModePaths:
    """All cells of one mode in a figure: the boxes, and the marks that stand in them."""

    mode: Mode
    boxes: str
    marks: str


def _n(value: float) -> str:
    """A coordinate without needless digits."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _disc(x: float, y: float, radius: float) -> str:
    r = _n(radius)
    return f"M{_n(x - radius)} {_n(y)}a{r} {r} 0 1 0 {_n(2 * radius)} 0a{r} {r} 0 1 0 {_n(-2 * radius)} 0z"


def _square(x: float, y: float, half: float) -> str:
    side = _n(2 * half)
    return f"M{_n(x - half)} {_n(y - half)}h{side}v{side}h-{side}z"


def mode_mark(mode: Mode, x: float, y: float, size: float) -> str:
    """Return the mode's shape round (x, y) as one path, to be filled by the even-odd rule."""
    unit = size / 20
    if mode is Mode.UNIT:
        return _disc(x, y, 6.6 * unit)
    if mode is Mode.CENTRE:
        return _square(x, y, 6.8 * unit)
    if mode is Mode.DELEGATED:
        return _square(x, y, 8.5 * unit) + _square(x, y, 6.7 * unit) + _disc(x, y, 4.4 * unit)
    if mode is Mode.JOINT:
        return _square(x - 3 * unit, y - 3 * unit, 5.2 * unit) + _disc(x + 2.4 * unit, y + 2.4 * unit, 6 * unit)
    seats = ((0, -7.1), (7.1, 0), (0, 7.1), (-7.1, 0))
    return _square(x, y, 3 * unit) + "".join(_disc(x + a * unit, y + b * unit, 2.4 * unit) for a, b in seats)


@dataclass(slots=True)
class _Cells:
    """Collects the cells of a figure by mode."""

    width: float
    height: float
    size: float
    boxes: dict[Mode, list[str]] = field(default_factory=dict)
    marks: dict[Mode, list[str]] = field(default_factory=dict)

    def add(self, mode: Mode, x: float, y: float) -> None:
        box = f"M{_n(x)} {_n(y)}h{_n(self.width)}v{_n(self.height)}h-{_n(self.width)}z"
        self.boxes.setdefault(mode, []).append(box)
        centre = (x + self.width / 2, y + self.height / 2)
        self.marks.setdefault(mode, []).append(mode_mark(mode, *centre, self.size))

    def add_row(self, modes: Sequence[Mode], x: float, y: float, gap: float = 2) -> None:
        for index, mode in enumerate(modes):
            self.add(mode, x + index * (self.width + gap), y)

    def paths(self) -> tuple[ModePaths, ...]:
        return tuple(
            ModePaths(mode, "".join(self.boxes[mode]), "".join(self.marks[mode])) for mode in Mode if mode in self.boxes
        )


def print_words(modes: Sequence[Mode]) -> str:
    """Say a print in words: ``Strategy: unit, Delivery: delegated …``; modes stand in the order of the capabilities."""
    return ", ".join(
        f"{CAPABILITY_SHORT[capability]}: {mode.value}" for capability, mode in zip(Capability, modes, strict=True)
    )


@dataclass(frozen=True, slots=True)
class ModePrint:
    """The six-cell print of a model, S D F O C K; ``words`` is what a reader hears."""

    width: int
    height: int
    paths: tuple[ModePaths, ...]
    words: str


def mode_print(modes: Sequence[Mode]) -> ModePrint:
    """Lay out a print of exactly six modes; raises ``ValueError`` for any other number."""
    words = print_words(modes)
    cells = _Cells(width=26, height=22, size=14)
    cells.add_row(modes, 1, 1)
    return ModePrint(width=168, height=24, paths=cells.paths(), words=words)


# Who decides: a rail from unit to centre.


@dataclass(frozen=True, slots=True)
class Differing:
    """A unit whose mode for a capability is not the model's."""

    name: str
    mode: Mode
    url: str = ""


@dataclass(frozen=True, slots=True)
class RailRow:
    """One capability: the mode of the model that holds for the whole, and the units that differ from it."""

    capability: Capability
    mode: Mode | None
    differing: tuple[Differing, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class RailStop:
    """One of the five stops of a row. ``more`` counts differing units beyond the named ones."""

    mode: Mode
    is_model: bool
    names: tuple[Differing, ...]
    more: int

    @property
    def is_unused(self) -> bool:
        """Whether nobody stands at this stop."""
        return not self.is_model and not self.names


@dataclass(frozen=True, slots=True)
class RailLine:
    """A row of the rail with its five stops."""

    short: str
    label: str
    url: str
    stops: tuple[RailStop, ...]


@dataclass(frozen=True, slots=True)
class Rail:
    """The whole rail: heads are (mode, what it means)."""

    heads: tuple[tuple[Mode, str], ...]
    lines: tuple[RailLine, ...]


def rail(rows: Iterable[RailRow], *, named: int = 2) -> Rail:
    """Lay out who decides; at each stop up to ``named`` differing units are named and the rest are counted."""
    return Rail(
        heads=tuple(MODE_MEANING.items()),
        lines=tuple(
            RailLine(
                short=CAPABILITY_SHORT[row.capability],
                label=row.capability.label,
                url=row.url,
                stops=tuple(_rail_stop(row, mode, named) for mode in Mode),
            )
            for row in rows
        ),
    )


def _rail_stop(row: RailRow, mode: Mode, named: int) -> RailStop:
    here = tuple(unit for unit in row.differing if unit.mode is mode)
    shown = here if len(here) <= named + 1 else here[:named]
    return RailStop(mode=mode, is_model=row.mode is mode, names=shown, more=len(here) - len(shown))


# Who may do what: roles × rights.

RIGHT_GROUPS: Final[tuple[tuple[str, tuple[tuple[Right, str], ...]], ...]] = (
    ("See", ((Right.READ, "Read"), (Right.READ_DRAFT, "Read drafts"))),
    ("Write", ((Right.DRAFT, "Draft"), (Right.SUBMIT, "Submit"), (Right.IMPORT, "Import"))),
    (
        "Decide",
        (
            (Right.DECIDE, "Decide"),
            (Right.PUBLISH, "Publish"),
            (Right.RETIRE, "Retire"),
            (Right.CONFIRM_REVIEW, "Confirm review"),
            (Right.GRANT_EXCEPTION, "Grant exception"),
        ),
    ),
    (
        "Ask",
        (
            (Right.REQUEST_CHANGE, "Change"),
            (Right.REQUEST_EXCEPTION, "Exception"),
            (Right.ACKNOWLEDGE, "Acknowledge"),
        ),
    ),
)

Answer = Literal["yes", "part", "ask", "no"]
Holder = Literal["unit", "centre"]
_ANSWER_WORDS: Final[Mapping[str, str]] = {"yes": "Yes", "part": "In part", "ask": "If owner", "no": "No"}


@dataclass(frozen=True, slots=True)
class RightCell:
    """One answer of the matrix. ``word`` replaces the plain word (``First``, ``Second``); ``why`` is one sentence."""

    answer: Answer
    word: str = ""
    url: str = ""
    why: str = ""
    current: bool = False


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A relation of a person to the remit, with a cell for every right; a missing right is answered no."""

    role: str
    held_by: Holder
    cells: Mapping[Right, RightCell]


@dataclass(frozen=True, slots=True)
class DrawnCell:
    """A cell as it is drawn; ``shape`` is empty for no, ``starts`` marks the first right of a group."""

    shape: str
    word: str
    url: str
    why: str
    current: bool
    starts: bool


@dataclass(frozen=True, slots=True)
class DrawnRow:
    """A role with its cells in the order of the matrix's columns."""

    role: str
    cells: tuple[DrawnCell, ...]


@dataclass(frozen=True, slots=True)
class RightsMatrix:
    """The matrix: groups are (words, number of columns), columns are (words, starts a group)."""

    groups: tuple[tuple[str, int], ...]
    columns: tuple[tuple[str, bool], ...]
    sections: tuple[tuple[str, tuple[DrawnRow, ...]], ...]
    width: int


def rights_matrix(sections: Iterable[tuple[str, Sequence[RoleRow]]]) -> RightsMatrix:
    """Lay out the matrix; ``sections`` are (heading, roles), for example ``("In the unit", rows)``."""
    columns = tuple((words, index == 0) for _, rights in RIGHT_GROUPS for index, (_, words) in enumerate(rights))
    return RightsMatrix(
        groups=tuple((words, len(rights)) for words, rights in RIGHT_GROUPS),
        columns=columns,
        sections=tuple((heading, tuple(_drawn_row(row) for row in rows)) for heading, rows in sections),
        width=len(columns) + 1,
    )


def _drawn_row(row: RoleRow) -> DrawnRow:
    cells: list[DrawnCell] = []
    for _, rights in RIGHT_GROUPS:
        for index, (right, _) in enumerate(rights):
            cell = row.cells.get(right, RightCell("no"))
            cells.append(
                DrawnCell(
                    shape="" if cell.answer == "no" else f"{cell.answer}-{row.held_by}",
                    word=cell.word or _ANSWER_WORDS[cell.answer],
                    url=cell.url,
                    why=cell.why,
                    current=cell.current,
                    starts=index == 0,
                )
            )
    return DrawnRow(role=row.role, cells=tuple(cells))


# The units: a drawn tree.


@dataclass(frozen=True, slots=True)
class CentreMark:
    """The lettered square of a centre; ``hue`` is ``centre-1``, ``centre-2`` or ``centre-3``."""

    letter: str
    hue: str
    name: str


@dataclass(frozen=True, slots=True)
class UnitNode:
    """A unit of the tree. ``modes`` are six in the order of the capabilities, or none where nothing is assigned.

    ``mark`` is set on a centre; ``centres`` are the centres that the unit is under, the general one first.
    """

    name: str
    model: str = ""
    modes: tuple[Mode, ...] = ()
    centres: tuple[CentreMark, ...] = ()
    mark: CentreMark | None = None
    differs: bool = False
    url: str = ""
    children: tuple["UnitNode", ...] = ()


@dataclass(frozen=True, slots=True)
class Swatch:
    """A centre's lettered square at its place in the drawing."""

    mark: CentreMark
    x: float
    y: float
    side: float

    @property
    def text_x(self) -> float:
        """Where the letter's middle stands."""
        return self.x + self.side / 2

    @property
    def text_y(self) -> float:
        """Where the letter's foot stands."""
        return self.y + self.side * 0.72


@dataclass(frozen=True, slots=True)
class DrawnUnit:
    """A unit of the chart with its place; ``label`` says all of it to a reader, ``note`` is drawn below the name."""

    name: str
    label: str
    note: str
    url: str
    differs: bool
    is_heading: bool
    mark: CentreMark | None
    disc_x: float
    disc_y: float
    radius: int
    text_x: float
    name_y: float
    note_x: float
    note_y: float
    hit_width: float
    hit_y: float
    hit_height: float
    swatches: tuple[Swatch, ...]

    @property
    def square_x(self) -> float:
        """The left edge of a centre's square."""
        return self.disc_x - 9

    @property
    def square_y(self) -> float:
        """The upper edge of a centre's square."""
        return self.disc_y - 9


@dataclass(frozen=True, slots=True)
class UnitChart:
    """The chart of the units: everything at its place, in a box of ``width`` by ``height``."""

    width: int
    height: int
    units: tuple[DrawnUnit, ...]
    branches: str
    paths: tuple[ModePaths, ...]
    shown: int
    hidden: int


_COLUMN: Final = 400
_COLUMNS: Final = 3
_CHART_WIDTH: Final = 1240
_STEP: Final = 30


def unit_chart(root: UnitNode, *, limit: int = 60) -> UnitChart:
    """Lay the tree out in three columns below the organisation and its centres.

    Up to twelve units stand with their model below the name; more stand closer. Above ``limit`` the deepest levels are
    folded, each unit saying how many are below it.
    """
    folded = _fold(root, limit)
    return _ChartLayout(folded, total=_count(root)).draw()


def _count(node: UnitNode) -> int:
    return 1 + sum(_count(child) for child in node.children)


@dataclass(frozen=True, slots=True)
class _Folded:
    """A node as far as it is shown; ``below`` counts what is folded away under it."""

    node: UnitNode
    children: tuple["_Folded", ...]
    below: int


def _fold(root: UnitNode, limit: int) -> _Folded:
    """Show whole levels while they fit, and of the first level, if it alone is too many, as many as fit."""
    level, shown, depth = [root], 0, 0
    while level and shown + len(level) <= limit:
        shown += len(level)
        level = [child for node in level for child in node.children]
        depth += 1
    depth = max(depth, 1)
    if depth == 1 and root.children:
        kept = tuple(_cut(child, 1) for child in root.children[: max(limit - 1, 1)])
        return _Folded(root, kept, _count(root) - 1 - sum(1 + child.below for child in kept))
    return _cut(root, depth)


def _cut(node: UnitNode, depth: int) -> _Folded:
    if depth <= 1:
        return _Folded(node, (), _count(node) - 1)
    return _Folded(node, tuple(_cut(child, depth - 1) for child in node.children), 0)


class _ChartLayout:
    """Places a folded tree. One use: build it, then ``draw``."""

    def __init__(self, root: _Folded, *, total: int) -> None:
        self.root = root
        self.total = total
        self.centres = [child for child in root.children if child.node.mark and not child.children]
        self.blocks = [child for child in root.children if child not in self.centres]
        self.roomy = sum(self._shown(block) for block in self.blocks) <= 12
        self.cells = _Cells(width=31, height=24, size=16) if self.roomy else _Cells(width=22, height=18, size=12)
        self.units: list[DrawnUnit] = []
        self.lines: list[str] = []
        self.right = 0.0

    @staticmethod
    def _shown(folded: _Folded) -> int:
        return 1 + sum(_ChartLayout._shown(child) for child in folded.children)

    def draw(self) -> UnitChart:
        top = self._head()
        columns = self._columns()
        foot = top
        starts: list[float] = []
        for index, blocks in enumerate(columns):
            x, y = 12.0 + index * (_COLUMN + 14), top + 46.0
            if blocks:
                starts.append(x)
                y = self._column(blocks, x, y, top + 16)
            foot = max(foot, y)
        if starts:
            self.lines.append(f"M12 31V{_n(top + 16)}H{_n(starts[-1])}")
        shown = self._shown(self.root)
        return UnitChart(
            width=_CHART_WIDTH,
            height=round(foot + 6),
            units=tuple(self.units),
            branches="".join(self.lines),
            paths=self.cells.paths(),
            shown=shown,
            hidden=self.total - shown,
        )

    def _column(self, blocks: Sequence[_Folded], x: float, y: float, trunk: float) -> float:
        """Place the blocks of one column on its trunk; a single block hangs straight below it."""
        self.right = x + _COLUMN - 12
        inset = _STEP if len(blocks) > 1 else 0
        reached = y
        for block in blocks:
            reached = y
            if inset:
                self.lines.append(f"M{_n(x)} {_n(y)}H{_n(x + inset - 8)}")
            y = self._block(block, x + inset, y)
        self.lines.append(f"M{_n(x)} {_n(trunk)}V{_n(reached - (0 if inset else 8))}")
        return y

    def _head(self) -> float:
        """Place the organisation and its centres; return where the trunk runs."""
        node = self.root.node
        beyond = f" · {self.root.below} more units" if self.root.below else ""
        self._place(self.root, 12, 22, note=f"{node.model}{beyond}", is_heading=False, swatches=())
        y = 22.0
        for index, centre in enumerate(self.centres):
            row, column = divmod(index, 3)
            y = 22.0 + row * 56
            mark = centre.node.mark
            governed = self._governed(mark.name) if mark else 0
            note = f"governs {governed} unit{'' if governed == 1 else 's'}"
            self._place(centre, 432 + column * 282, y, note=note, is_heading=False, swatches=())
        return y + 54

    def _governed(self, centre: str) -> int:
        def under(folded: _Folded) -> int:
            here = any(mark.name == centre for mark in folded.node.centres) and folded.node.mark is None
            return here + sum(under(child) for child in folded.children)

        return sum(under(block) for block in self.blocks)

    def _columns(self) -> list[list[_Folded]]:
        """Share the blocks out so that the highest column is as low as its order allows."""
        heights = [self._height(block) for block in self.blocks]
        columns: list[list[_Folded]] = [[] for _ in range(_COLUMNS)]
        if not heights:
            return columns
        ceiling = max(*heights, sum(heights) / _COLUMNS)
        while not (shares := _shares(heights, ceiling)):
            ceiling *= 1.08
        for block, share in zip(self.blocks, shares, strict=True):
            columns[share].append(block)
        return columns

    def _row(self) -> int:
        return 104 if self.roomy else 62

    def _height(self, folded: _Folded) -> float:
        own = 44 if folded.children and not folded.node.modes else self._row()
        return own + sum(self._height(child) for child in folded.children)

    def _block(self, folded: _Folded, x: float, y: float) -> float:
        """Place a unit with all below it; return where the next one may begin."""
        is_heading = bool(folded.children) and not folded.node.modes
        below = f" +{folded.below} below" if folded.below else ""
        differs = ", differs" if folded.node.differs and self.roomy else ""
        note = f"{folded.node.model or 'No model assigned'}{differs}{below}"
        self._place(folded, x, y, note="" if is_heading else note, is_heading=is_heading, swatches=folded.node.centres)
        next_y = y + (44 if is_heading else self._row())
        last = y
        for child in folded.children:
            self.lines.append(f"M{_n(x)} {_n(next_y)}H{_n(x + _STEP - 8)}")
            last = next_y
            next_y = self._block(child, x + _STEP, next_y)
        if folded.children:
            self.lines.append(f"M{_n(x)} {_n(y + 8)}V{_n(last)}")
        return next_y

    def _place(
        self,
        folded: _Folded,
        x: float,
        y: float,
        *,
        note: str,
        is_heading: bool,
        swatches: Sequence[CentreMark],
    ) -> None:
        node = folded.node
        in_head = folded is self.root or folded in self.centres
        text_x = x + 22
        drawn: tuple[Swatch, ...] = ()
        note_x, note_y = text_x, y + 17
        if not in_head and not is_heading and node.modes:
            cell_y = y + (26 if self.roomy else 11)
            self.cells.add_row(node.modes, text_x, cell_y)
            end = text_x + 6 * (self.cells.width + 2) + 8
            drawn = tuple(
                Swatch(mark, end + index * 22, cell_y + (self.cells.height - 18) / 2, 18)
                for index, mark in enumerate(swatches)
            )
            if not self.roomy:
                note_x, note_y = end + len(drawn) * 22 + 4, cell_y + 13
                note = node.model if node.differs else f"+{folded.below} below" if folded.below else ""
        # Bold words are wider; a column ends before the next one's trunk.
        right = text_x + 370 if in_head else self.right
        room = max(8, int((right - note_x) / (7.0 if node.differs else 6.4)))
        name_room = min(40, int((right - text_x) / 8.2))
        if in_head:
            name_room = 36 if folded is self.root else 31
        self.units.append(
            DrawnUnit(
                name=_shortened(node.name, name_room),
                label=_unit_words(folded),
                note=_shortened(note, room),
                url=node.url,
                differs=node.differs,
                is_heading=is_heading or folded is self.root,
                mark=node.mark,
                disc_x=x,
                disc_y=y,
                radius=9 if folded is self.root else 6 if is_heading else 8,
                text_x=text_x,
                name_y=y + (5 if is_heading else 2 if folded is self.root else -1 if self.roomy or in_head else 3),
                note_x=note_x,
                note_y=y + 22 if folded is self.root else note_y,
                hit_width=self.right - x + 8 if not in_head else 260,
                hit_y=y - 16,
                hit_height=34 if is_heading or in_head else self._row() - 12,
                swatches=drawn,
            )
        )


def _shares(heights: Sequence[float], ceiling: float) -> list[int]:
    """The column of each block in order, or nothing if they do not fit below ``ceiling``."""
    shares: list[int] = []
    column, used = 0, 0.0
    for height in heights:
        if used and used + height > ceiling:
            column, used = column + 1, 0.0
        if column >= _COLUMNS:
            return []
        used += height
        shares.append(column)
    return shares


def _unit_words(folded: _Folded) -> str:
    node = folded.node
    parts = [node.name, f"{node.model}{', differs' if node.differs else ''}" if node.model else ""]
    parts += [
        "centre" if node.mark else "",
        f"under {' and '.join(mark.name for mark in node.centres)}" if node.centres else "",
    ]
    parts += [print_words(node.modes) if node.modes else "", f"{folded.below} units below" if folded.below else ""]
    return ". ".join(part for part in parts if part)


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


# Before, during, after.


@dataclass(frozen=True, slots=True)
class PhaseUnit:
    """A unit in one phase of a plan, with its six modes; ``changes`` marks what this phase changes."""

    name: str
    modes: tuple[Mode, ...]
    changes: bool = False


@dataclass(frozen=True, slots=True)
class PhaseLine:
    """A line of a phase: one unit, or several that are alike."""

    name: str
    changes: bool
    y: float
    words: str

    @property
    def rule_y(self) -> float:
        """Where the rule before a changing line begins."""
        return self.y - 15


@dataclass(frozen=True, slots=True)
class Phase:
    """One panel of the picture before, during and after."""

    title: str
    note: str
    width: int
    height: int
    ticks: tuple[tuple[float, str], ...]
    lines: tuple[PhaseLine, ...]
    paths: tuple[ModePaths, ...]


def phases(panels: Iterable[tuple[str, str, Sequence[PhaseUnit]]], *, single: int = 14) -> tuple[Phase, ...]:
    """Lay out the panels of a plan; ``panels`` are (title, note, units).

    With more than ``single`` units those that are alike share a line, so that 500 units still make one picture.
    """
    return tuple(_phase(title, note, _alike(units) if len(units) > single else units) for title, note, units in panels)


def _alike(units: Sequence[PhaseUnit]) -> list[PhaseUnit]:
    groups: dict[tuple[tuple[Mode, ...], bool], list[str]] = {}
    for unit in units:
        groups.setdefault((unit.modes, unit.changes), []).append(unit.name)
    return [
        PhaseUnit(names[0] if len(names) == 1 else f"{len(names)} units", modes, changes)
        for (modes, changes), names in groups.items()
    ]


def _phase(title: str, note: str, units: Sequence[PhaseUnit]) -> Phase:
    cells = _Cells(width=34, height=22, size=14)
    names = 118
    lines = []
    for index, unit in enumerate(units):
        y = 18.0 + index * 25
        cells.add_row(unit.modes, names, y)
        name = _shortened(unit.name, 16)
        lines.append(PhaseLine(name, unit.changes, y + 15, f"{unit.name}: {print_words(unit.modes)}"))
    ticks = tuple(
        (names + 17.0 + index * 36, CAPABILITY_SHORT[capability][0]) for index, capability in enumerate(Capability)
    )
    return Phase(title, note, names + 6 * 36, 22 + 25 * len(units), ticks, tuple(lines), cells.paths())


# A document's life.


@dataclass(frozen=True, slots=True)
class LifeVersion:
    """A version on the line: ``state`` is past, in_force, or coming; ``ends`` is nothing while it holds."""

    label: str
    starts: dt.date
    ends: dt.date | None
    state: Literal["past", "in_force", "coming"]


@dataclass(frozen=True, slots=True)
class LifeBar:
    """A version's bar; its label and its day are empty where there is no room for them."""

    x: float
    width: float
    label: str
    day: str
    form: str
    state: str


@dataclass(frozen=True, slots=True)
class LifeMoment:
    """Today, or the next review, on the line; the words are turned inwards near an edge."""

    x: float
    words: str
    anchor: Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Life:
    """The line of a document's life in a box of ``width`` by 118."""

    width: int
    bars: tuple[LifeBar, ...]
    today: LifeMoment
    review: LifeMoment | None
    first: float


_AGES: Final = ("is-centre", "is-joint", "is-council", "is-delegated", "is-unit")


def life(
    versions: Sequence[LifeVersion],
    *,
    today: dt.date,
    review: dt.date | None = None,
    width: int = 1240,
) -> Life:
    """Lay out the life of a document to scale; the newest version is the darkest. ``versions`` stand in order."""
    days = [version.starts for version in versions] + [version.ends for version in versions if version.ends]
    days += [today, *([review] if review else [])]
    first, last = min(days), max(days)
    # Some room after the last day, so that what is coming can be seen to come.
    span = max((last - first).days, 30) * 1.12

    def at(day: dt.date) -> float:
        return round((day - first).days / span * width, 1)

    past = [version for version in versions if version.state != "coming"]
    ages = {id(version): min(age, 4) for age, version in enumerate(reversed(past))}
    return Life(
        width=width,
        bars=_life_bars(versions, at, today, ages, width),
        today=_life_moment(at(today), "Today", width),
        review=_life_moment(at(review), f"Review, {_day(review)}", width) if review else None,
        first=at(versions[0].starts) if versions else 0,
    )


def _life_bars(
    versions: Sequence[LifeVersion],
    at: Callable[[dt.date], float],
    today: dt.date,
    ages: Mapping[int, int],
    width: int,
) -> tuple[LifeBar, ...]:
    bars: list[LifeBar] = []
    free_from: float = width
    # From the newest back: where names would touch, the newer one is kept.
    for version in reversed(versions):
        x = at(version.starts)
        end = version.ends or (today if version.state == "in_force" else None)
        bar_width = max((at(end) if end else width) - x - 2, 3)
        label = f"{version.label}, in force" if version.state == "in_force" else version.label
        day = _day(version.starts)
        room = 8.0 * max(len(label), len(day))
        fits = x + room <= free_from
        if fits:
            free_from = x - 8
        form = "" if version.state == "coming" else _AGES[ages[id(version)]]
        bars.append(LifeBar(x, round(bar_width, 1), label if fits else "", day if fits else "", form, version.state))
    return tuple(reversed(bars))


def _life_moment(x: float, words: str, width: int) -> LifeMoment:
    anchor: Literal["start", "middle", "end"] = "start" if x < 50 else "end" if x > width - 50 else "middle"
    return LifeMoment(x, words, anchor)


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%b %Y}"


# Where the time went.


@dataclass(frozen=True, slots=True)
class WaitingBar:
    """How far the bar of 300 is filled: by others first, then by you."""

    spent: float
    yours_from: float
    yours: float


def waiting_bar(*, total: float, spent: float, yours: float) -> WaitingBar:
    """Lay out ``spent`` and ``yours`` (days) against ``total``; a wait beyond the total fills the bar."""
    whole = max(total, spent + yours, 0.001)
    first = round(300 * max(spent, 0) / whole, 1)
    second = round(300 * max(yours, 0) / whole, 1)
    gap = 2 if first and second else 0
    return WaitingBar(first, first + gap, max(round(second - gap, 1), 0))


# A route, step by step.


@dataclass(frozen=True, slots=True)
class RouteStep:
    """A step of a route: ``status`` done, now or next; a centre's step is square."""

    title: str
    detail: str
    status: Literal["done", "now", "next"]
    of_centre: bool = False
    icon: str = ""

    @property
    def drawn_icon(self) -> str:
        """The icon in the stop: a tick when done, a person where somebody decides now, else a clock."""
        return self.icon or {"done": "check", "now": "person", "next": "clock"}[self.status]


@dataclass(frozen=True, slots=True)
class Total:
    """A number of a plan: ``kind`` lost, gained, kept or open; ``url`` leads to its list."""

    kind: Literal["lost", "gained", "kept", "open"]
    count: int
    note: str
    url: str = ""

    @property
    def label(self) -> str:
        """The number's name."""
        return {"lost": "Lost", "gained": "Gained", "kept": "Kept", "open": "Open work"}[self.kind]

    @property
    def mark(self) -> str:
        """The kind of sign before the name; none for open work."""
        return {"lost": "lose", "gained": "add", "kept": "same", "open": ""}[self.kind]


def tree_rows(root: UnitNode) -> Iterator[tuple[int, UnitNode]]:
    """Yield every unit with its depth, parents first: the same tree as a list or a table."""
    stack = [(0, root)]
    while stack:
        depth, node = stack.pop()
        yield depth, node
        stack.extend((depth + 1, child) for child in reversed(node.children))
