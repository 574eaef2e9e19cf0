"""What changed between two texts: block by block, then word by word inside the blocks that changed.

A block is a heading, a paragraph, a list item, a table, an example in code, or lines that none of these covers (a
comment, a link's definition), in the words of the source: nothing that was typed is hidden from who decides on it.
"""

import bisect
import html
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import StrEnum

from markdown_it.token import Token

from knowledge.text.clauses import Clause, Level, Structure, match_clauses, structure_of
from knowledge.text.parsing import Span, can_be_parsed, parse, spans


class Change(StrEnum):
    """What happened to a block, or to a piece of one."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of words that stayed (``same``), came (``added``) or went (``removed``)."""

    kind: Change
    text: str

    @property
    def html(self) -> str:
        """The words as safe HTML; what came or went also says so to those who hear the page."""
        text = html.escape(self.text)
        if self.kind is Change.ADDED:
            return f'<ins><span class="visually-hidden">Added: </span>{text}</ins>'
        if self.kind is Change.REMOVED:
            return f'<del><span class="visually-hidden">Removed: </span>{text}</del>'
        return text


@dataclass(frozen=True, slots=True)
class Block:
    """One block of the comparison, in the order of the newer text; what was removed stands where it was.

    ``segments`` give the text of both sides. ``shape`` is ``heading``, ``paragraph``, ``item``, ``table``, ``code`` or
    ``other``. ``number`` is of the clause that the block states or belongs to, in the newer text where it is there;
    ``old_number`` in the older. ``states_clause`` is true for the block that is the clause itself.
    """

    kind: Change
    shape: str
    segments: tuple[Segment, ...]
    number: str = ""
    old_number: str = ""
    level: Level | None = None
    keyword: str = ""
    heading: str = ""
    states_clause: bool = False
    is_new_clause: bool = False

    @property
    def old_text(self) -> str:
        """The block as it was; empty for an added one."""
        return "".join(segment.text for segment in self.segments if segment.kind is not Change.ADDED)

    @property
    def new_text(self) -> str:
        """The block as it is; empty for a removed one."""
        return "".join(segment.text for segment in self.segments if segment.kind is not Change.REMOVED)

    @property
    def html(self) -> str:
        """The block's text as safe HTML with ``ins`` and ``del``, without the mark of its heading or list item."""
        segments = self.segments
        if segments and segments[0].kind is Change.SAME and self.shape in {"heading", "item"}:
            segments = (replace(segments[0], text=_MARK.sub("", segments[0].text, count=1)), *segments[1:])
        elif len(segments) == 1 and self.shape in {"heading", "item"}:
            segments = (replace(segments[0], text=_MARK.sub("", segments[0].text, count=1)),)
        return "".join(segment.html for segment in segments if segment.text)


@dataclass(frozen=True, slots=True)
class Run:
    """Blocks next to each other, all changed or all the same; the page folds a run that stayed the same."""

    blocks: tuple[Block, ...]

    @property
    def is_same(self) -> bool:
        """Whether nothing happened to these blocks."""
        return self.blocks[0].kind is Change.SAME

    @property
    def clauses(self) -> int:
        """How many clauses the run states."""
        return sum(block.states_clause for block in self.blocks)


@dataclass(frozen=True, slots=True)
class MetadataChange:
    """A field of the document's metadata that says something else now; a missing value is an empty text."""

    key: str
    old: str
    new: str

    @property
    def label(self) -> str:
        """The field's name as people read it."""
        return self.key.replace("_", " ").capitalize()

    @property
    def html(self) -> str:
        """Old and new as safe HTML."""
        pieces = [Segment(Change.REMOVED, self.old), Segment(Change.ADDED, self.new)]
        return " ".join(piece.html for piece in pieces if piece.text)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many blocks were added, removed, changed, moved and left the same."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    moved: int = 0
    same: int = 0

    @property
    def sentence(self) -> str:
        """The counts in words, such as ``1 changed, 1 added, 6 the same``."""
        words = [
            (self.changed, "changed"),
            (self.added, "added"),
            (self.removed, "removed"),
            (self.moved, "moved"),
        ]
        said = [f"{count} {word}" for count, word in words if count]
        if not said:
            return "Nothing changed"
        return ", ".join([*said, f"{self.same} the same"] if self.same else said)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two texts and their metadata, compared. ``identities`` maps anchors of new clauses to those of old ones."""

    blocks: tuple[Block, ...]
    metadata: tuple[MetadataChange, ...]
    identities: Mapping[str, str]

    @property
    def is_same(self) -> bool:
        """Whether neither text nor metadata changed."""
        return not self.metadata and all(block.kind is Change.SAME for block in self.blocks)

    @property
    def runs(self) -> tuple[Run, ...]:
        """The blocks in order, those that stayed the same folded together."""
        runs: list[list[Block]] = []
        for block in self.blocks:
            if runs and (runs[-1][0].kind is Change.SAME) == (block.kind is Change.SAME):
                runs[-1].append(block)
            else:
                runs.append([block])
        return tuple(Run(tuple(run)) for run in runs)

    @property
    def counts(self) -> Counts:
        """How many blocks of each kind."""
        return _counted(self.blocks)

    @property
    def clause_counts(self) -> Counts:
        """The same over the blocks that state a clause."""
        return _counted(block for block in self.blocks if block.states_clause)

    @property
    def changed_clauses(self) -> tuple[Block, ...]:
        """The blocks that state a clause which is no longer what it was."""
        return tuple(block for block in self.blocks if block.states_clause and block.kind is not Change.SAME)


def compare(
    old_body: str,
    new_body: str,
    old_meta: Mapping[str, object] | None = None,
    new_meta: Mapping[str, object] | None = None,
) -> Comparison:
    """Return what changed from the old text to the new one.

    The new side of all blocks holds every line of the new body that is not blank, the old side every one of the old.
    """
    old, new = _blocks_of(old_body), _blocks_of(new_body)
    identities = match_clauses(old.clauses, new.clauses)
    blocks = _Aligner(old, new, identities).blocks()
    return Comparison(tuple(_with_moves(blocks)), _metadata(old_meta or {}, new_meta or {}), identities)


def _counted(blocks: Iterable[Block]) -> Counts:
    kinds = [block.kind for block in blocks]
    return Counts(
        added=kinds.count(Change.ADDED),
        removed=kinds.count(Change.REMOVED),
        changed=kinds.count(Change.CHANGED),
        moved=kinds.count(Change.MOVED),
        same=kinds.count(Change.SAME),
    )


def _metadata(old: Mapping[str, object], new: Mapping[str, object]) -> tuple[MetadataChange, ...]:
    keys = dict.fromkeys([*new, *old])
    pairs = [(key, _said(old.get(key)), _said(new.get(key))) for key in keys]
    return tuple(MetadataChange(key, before, after) for key, before, after in pairs if before != after)


def _said(value: object) -> str:
    """A value of the metadata in words."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_said(each)}" for key, each in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(_said(each) for each in value)
    return str(value)


# --- Blocks of one text


@dataclass(frozen=True, slots=True)
class _Piece:
    """A block of one text: its lines, what it is, and the clause it states or belongs to."""

    text: str
    shape: str
    clause: Clause | None
    states_clause: bool
    heading: str

    @property
    def key(self) -> str:
        """What makes two blocks the same: all but blanks."""
        return " ".join(self.text.split())


@dataclass(frozen=True, slots=True)
class _Text:
    pieces: tuple[_Piece, ...]
    clauses: tuple[Clause, ...]


_LINES = re.compile("\r\n|\r|\n")
_MARK = re.compile(r"^\s*(?:#{1,6}|[-*+]|\d{1,9}[.)])\s+")
_SHAPES = {
    "heading_open": "heading",
    "paragraph_open": "paragraph",
    "table_open": "table",
    "fence": "code",
    "code_block": "code",
}


def _blocks_of(body: str) -> _Text:
    if not can_be_parsed(body):
        return _unformatted(body)
    parsed = parse(body)
    structure = structure_of(parsed)
    # The parser's lines end at line feeds (it folds the other line ends into them), so the same is done here.
    lines = _LINES.split(body)
    starts = _starts(parsed.tokens)
    clauses = tuple(placed.clause for placed in structure.clauses)
    pieces: list[_Piece] = []
    owner = _owners(structure, parsed.tokens)
    begins = sorted({0, *starts})
    for begin, end in zip(begins, [*begins[1:], len(lines)], strict=True):
        for first, last in _without_blank_ends(lines, begin, end, whole=starts.get(begin, "other") == "code"):
            clause, states, heading = owner(first)
            text = "\n".join(lines[first:last])
            pieces.append(_Piece(text, starts.get(begin, "other"), clause, states, heading))
    return _Text(tuple(pieces), clauses)


def _unformatted(body: str) -> _Text:
    """A body that is not parsed, in runs of lines between blank ones."""
    lines = _LINES.split(body)
    runs = _without_blank_ends(lines, 0, len(lines), whole=False)
    return _Text(tuple(_Piece("\n".join(lines[a:b]), "other", None, False, "") for a, b in runs), ())


def _starts(tokens: list[Token]) -> dict[int, str]:
    """The lines at which blocks begin, with their shapes; and the lines after blocks, where something else begins."""
    starts: dict[int, str] = {}
    for span in spans(tokens):
        token = tokens[span.start]
        if token.map is None:
            continue
        if token.type in {"bullet_list_open", "ordered_list_open"}:
            _item_starts(tokens, span, starts)
        else:
            starts[token.map[0]] = _SHAPES.get(token.type, "other")
        starts.setdefault(token.map[1], "other")
    return starts


def _item_starts(tokens: list[Token], span: Span, starts: dict[int, str]) -> None:
    for item in spans(tokens, span.start + 1, span.end - 1):
        lines = tokens[item.start].map
        if lines is not None:
            starts[lines[0]] = "item"
        for part in spans(tokens, item.start + 1, item.end - 1):
            if tokens[part.start].type in {"bullet_list_open", "ordered_list_open"}:
                _item_starts(tokens, part, starts)


def _without_blank_ends(lines: Sequence[str], begin: int, end: int, *, whole: bool) -> list[tuple[int, int]]:
    """The runs of lines between two positions that are not blank; one run if the block is to stay whole."""
    filled = [index for index in range(begin, end) if lines[index].strip()]
    if not filled:
        return []
    if whole:
        return [(filled[0], filled[-1] + 1)]
    runs: list[tuple[int, int]] = []
    for index in filled:
        if runs and runs[-1][1] == index:
            runs[-1] = (runs[-1][0], index + 1)
        else:
            runs.append((index, index + 1))
    return runs


def _owners(structure: Structure, tokens: list[Token]) -> Callable[[int], tuple[Clause | None, bool, str]]:
    """A function from a line to the clause there, whether the line begins it, and the heading above."""
    clauses = [placed.clause for placed in structure.clauses]
    clause_lines = [clause.line for clause in clauses]
    headings = [((tokens[section.start].map or [0])[0], section.text) for section in structure.sections]
    heading_lines = [line for line, _ in headings]

    def owner(line: int) -> tuple[Clause | None, bool, str]:
        at = bisect.bisect_right(clause_lines, line) - 1
        above = bisect.bisect_right(heading_lines, line) - 1
        heading = headings[above][1] if above >= 0 else ""
        clause = clauses[at] if at >= 0 else None
        if clause is not None and above >= 0 and heading_lines[above] > clause.line:
            clause = None
        return clause, clause is not None and clause.line == line, heading

    return owner


# --- Putting two texts side by side

_MAX_ALIGNED = 2_500
"""Pairs of blocks that are weighed against each other in one place; beyond it, they are paired in order."""
_SAME_BLOCK = 0.45
"""How alike two blocks are at least to be one that changed, from 0 to 1."""
_MANY_BLOCKS = 2_000


@dataclass(slots=True)
class _Aligner:
    old: _Text
    new: _Text
    identities: Mapping[str, str]

    def blocks(self) -> list[Block]:
        old_keys = [piece.key for piece in self.old.pieces]
        new_keys = [piece.key for piece in self.new.pieces]
        start, end = _common_ends(old_keys, new_keys)
        blocks = self._same(range(start), range(start))
        old_end, new_end = len(old_keys) - end, len(new_keys) - end
        old_middle, new_middle = old_keys[start:old_end], new_keys[start:new_end]
        many = max(len(old_middle), len(new_middle)) > _MANY_BLOCKS
        for tag, i1, i2, j1, j2 in SequenceMatcher(None, old_middle, new_middle, autojunk=many).get_opcodes():
            olds, news = range(start + i1, start + i2), range(start + j1, start + j2)
            if tag == "equal":
                blocks += self._same(olds, news)
            else:
                blocks += self._replaced([self.old.pieces[i] for i in olds], [self.new.pieces[j] for j in news])
        return blocks + self._same(range(old_end, len(old_keys)), range(new_end, len(new_keys)))

    def _same(self, olds: Iterable[int], news: Iterable[int]) -> list[Block]:
        return [self._pair(self.old.pieces[i], self.new.pieces[j]) for i, j in zip(olds, news, strict=True)]

    def _replaced(self, before: Sequence[_Piece], after: Sequence[_Piece]) -> list[Block]:
        blocks: list[Block] = []
        done = 0
        partners = self._partners(before, after)
        for index, piece in enumerate(after):
            partner = partners.get(index)
            if partner is None:
                blocks.append(self._added(piece))
                continue
            blocks.extend(self._removed(each) for each in before[done:partner])
            blocks.append(self._pair(before[partner], piece))
            done = partner + 1
        blocks.extend(self._removed(each) for each in before[done:])
        return blocks

    def _partners(self, before: Sequence[_Piece], after: Sequence[_Piece]) -> dict[int, int]:
        """Which new block is which old one that changed, both in order: the pairing with the most likeness in all."""
        if not before or not after:
            return {}
        if len(before) * len(after) > _MAX_ALIGNED:
            return self._partners_in_order(before, after)
        likeness = [[self._likeness(old, new) for new in after] for old in before]
        best = [[0.0] * (len(after) + 1) for _ in range(len(before) + 1)]
        for i in range(len(before) - 1, -1, -1):
            for j in range(len(after) - 1, -1, -1):
                best[i][j] = max(best[i + 1][j], best[i][j + 1], likeness[i][j] + best[i + 1][j + 1])
        partners: dict[int, int] = {}
        i = j = 0
        while i < len(before) and j < len(after):
            if likeness[i][j] and best[i][j] == likeness[i][j] + best[i + 1][j + 1]:
                partners[j] = i
                i, j = i + 1, j + 1
            elif best[i][j] == best[i + 1][j]:
                i += 1
            else:
                j += 1
        return partners

    def _partners_in_order(self, before: Sequence[_Piece], after: Sequence[_Piece]) -> dict[int, int]:
        partners: dict[int, int] = {}
        start = 0
        for index, piece in enumerate(after):
            for candidate in range(start, min(start + 8, len(before))):
                if self._likeness(before[candidate], piece):
                    partners[index] = candidate
                    start = candidate + 1
                    break
        return partners

    def _likeness(self, old: _Piece, new: _Piece) -> float:
        """How alike two blocks are; 0 when they are not the same block."""
        if self._one_clause(old, new):
            return 2.0
        old_words, new_words = old.text.split()[:300], new.text.split()[:300]
        common = len(set(old_words) & set(new_words))
        if 3 * common < _SAME_BLOCK * max(len(set(old_words)), len(set(new_words))):
            return 0.0
        matcher = SequenceMatcher(None, old_words, new_words, autojunk=False)
        if matcher.real_quick_ratio() < _SAME_BLOCK or matcher.quick_ratio() < _SAME_BLOCK:
            return 0.0
        ratio = matcher.ratio()
        same_shape = 0.1 if old.shape == new.shape else 0.0
        return ratio + same_shape if ratio >= _SAME_BLOCK else 0.0

    def _one_clause(self, old: _Piece, new: _Piece) -> bool:
        if old.clause is None or new.clause is None or not (old.states_clause and new.states_clause):
            return False
        return self.identities.get(new.clause.anchor) == old.clause.anchor

    def _pair(self, old: _Piece, new: _Piece) -> Block:
        segments = (Segment(Change.SAME, new.text),) if old.key == new.key else word_diff(old.text, new.text)
        changed = any(segment.kind is not Change.SAME for segment in segments)
        block = self._block(Change.CHANGED if changed else Change.SAME, segments, new)
        return replace(block, old_number=old.clause.number if old.clause else "")

    def _added(self, piece: _Piece) -> Block:
        return self._block(Change.ADDED, (Segment(Change.ADDED, piece.text),), piece)

    def _removed(self, piece: _Piece) -> Block:
        block = self._block(Change.REMOVED, (Segment(Change.REMOVED, piece.text),), piece)
        return replace(block, number="", old_number=block.number, is_new_clause=False)

    def _block(self, kind: Change, segments: tuple[Segment, ...], piece: _Piece) -> Block:
        clause = piece.clause
        return Block(
            kind=kind,
            shape=piece.shape,
            segments=segments,
            number=clause.number if clause else "",
            level=clause.level if clause else None,
            keyword=clause.keyword if clause else "",
            heading=piece.heading,
            states_clause=piece.states_clause,
            is_new_clause=bool(clause and piece.states_clause and clause.anchor not in self.identities),
        )


def _with_moves(blocks: list[Block]) -> list[Block]:
    """Join what was removed in one place and added word for word in another: it moved."""
    gone: dict[str, list[int]] = {}
    for index, block in enumerate(blocks):
        if block.kind is Change.REMOVED:
            gone.setdefault(_key(block), []).append(index)
    dropped: set[int] = set()
    result: dict[int, Block] = {}
    for index, block in enumerate(blocks):
        if block.kind is Change.ADDED and (waiting := gone.get(_key(block))):
            taken = waiting.pop(0)
            dropped.add(taken)
            result[index] = replace(
                block,
                kind=Change.MOVED,
                segments=(Segment(Change.SAME, block.segments[0].text),),
                old_number=blocks[taken].old_number,
            )
        else:
            result[index] = block
    return [block for index, block in result.items() if index not in dropped]


def _key(block: Block) -> str:
    return " ".join(block.segments[0].text.split())


# --- Words

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
_MAX_WORD_PAIRS = 1_000_000
"""Words of one side times words of the other that are compared one by one; beyond it, lines are."""
_WORTH_SHOWING = 0.25
"""Below this likeness a text is shown as replaced whole: scattered words would read as nonsense."""


def word_diff(old: str, new: str) -> tuple[Segment, ...]:
    """Return the words of two texts that stayed, went and came; joined, each side gives its text back exactly."""
    old_words, new_words = _WORDS.findall(old), _WORDS.findall(new)
    start, end = _common_ends(old_words, new_words)
    old_middle = old_words[start : len(old_words) - end]
    new_middle = new_words[start : len(new_words) - end]
    segments = [Segment(Change.SAME, "".join(old_words[:start]))]
    segments += _middle(old_middle, new_middle, alone=start + end < 4)
    segments.append(Segment(Change.SAME, "".join(old_words[len(old_words) - end :])))
    return tuple(_joined(segments))


def _common_ends(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    shorter = min(len(old), len(new))
    start = 0
    while start < shorter and old[start] == new[start]:
        start += 1
    end = 0
    while end < shorter - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return start, end


def _middle(old: list[str], new: list[str], *, alone: bool) -> list[Segment]:
    replaced = [Segment(Change.REMOVED, "".join(old)), Segment(Change.ADDED, "".join(new))]
    if not old or not new:
        return replaced
    if len(old) * len(new) > _MAX_WORD_PAIRS:
        old, new = "".join(old).splitlines(keepends=True), "".join(new).splitlines(keepends=True)
        if len(old) * len(new) > _MAX_WORD_PAIRS:
            return replaced
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if alone and matcher.ratio() < _WORTH_SHOWING:
        return replaced
    segments: list[Segment] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            segments.append(Segment(Change.SAME, "".join(old[i1:i2])))
        else:
            segments.append(Segment(Change.REMOVED, "".join(old[i1:i2])))
            segments.append(Segment(Change.ADDED, "".join(new[j1:j2])))
    return segments


def _joined(segments: Iterable[Segment]) -> list[Segment]:
    """Join what belongs together: a blank between two changes belongs to both of them."""
    result: list[Segment] = []
    removed = added = ""
    waiting = [segment for segment in segments if segment.text]
    for index, segment in enumerate(waiting):
        if segment.kind is Change.REMOVED:
            removed += segment.text
        elif segment.kind is Change.ADDED:
            added += segment.text
        elif (removed or added) and segment.text.isspace() and index + 1 < len(waiting):
            removed += segment.text
            added += segment.text
        else:
            result += _flushed(removed, added)
            removed = added = ""
            result.append(segment)
    return result + _flushed(removed, added)


def _flushed(removed: str, added: str) -> list[Segment]:
    if removed == added:
        return [Segment(Change.SAME, removed)] if removed else []
    pair = [Segment(Change.REMOVED, removed), Segment(Change.ADDED, added)]
    return [segment for segment in pair if segment.text]
