"""What changed between two texts."""

from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.text.clauses import Level
from knowledge.text.diff import Change, compare, word_diff
from tests.work import bounded

OLD = """## Keys

- Keys MUST be rotated at least every 24 months, and at once when a holder leaves.
- Teams SHOULD log each rotation.

## Evidence

The log is kept for three years.
"""
NEW = """## Keys

- Keys MUST be rotated at least every 12 months, and at once when a holder leaves or a key may have been seen.
- Teams SHOULD log each rotation.
- An exception MUST name its control.

## Evidence

The log is kept for three years.
"""


def squeezed(text):
    return "".join(text.split())


def test_a_change_is_shown_by_clause_and_then_by_word():
    comparison = compare(OLD, NEW)
    changed, added = (block for block in comparison.blocks if block.kind is not Change.SAME)
    assert (changed.kind, changed.number, changed.level, changed.states_clause) == (
        Change.CHANGED,
        "1.1",
        Level.MUST,
        True,
    )
    assert changed.html == (
        "Keys MUST be rotated at least every "
        '<del><span class="visually-hidden">Removed: </span>24</del>'
        '<ins><span class="visually-hidden">Added: </span>12</ins>'
        " months, and at once when a holder leaves"
        '<ins><span class="visually-hidden">Added: </span> or a key may have been seen</ins>.'
    )
    assert (added.kind, added.number, added.is_new_clause) == (Change.ADDED, "1.3", True)
    assert comparison.counts.sentence == "1 changed, 1 added, 4 the same"
    assert comparison.clause_counts.same == 1
    assert [block.number for block in comparison.changed_clauses] == ["1.1", "1.3"]


def test_what_stays_the_same_is_folded():
    runs = compare(OLD, NEW).runs
    assert [(run.is_same, len(run.blocks)) for run in runs] == [(True, 1), (False, 1), (True, 1), (False, 1), (True, 2)]
    assert runs[2].clauses == 1


def test_a_removed_clause_stands_where_it_was_with_its_old_number():
    comparison = compare(NEW, OLD)
    removed = [block for block in comparison.blocks if block.kind is Change.REMOVED]
    assert [(block.number, block.old_number) for block in removed] == [("", "1.3")]


def test_a_block_that_moved_is_neither_removed_nor_added():
    one, two = "A paragraph about keys and their holders.", "Another one, on logs."
    blocks = compare(f"{one}\n\n{two}\n\nLast words here.\n", f"{two}\n\nLast words here.\n\n{one}\n").blocks
    assert [block.kind for block in blocks].count(Change.MOVED) == 1
    assert {block.kind for block in blocks} == {Change.SAME, Change.MOVED}


def test_a_link_that_leads_elsewhere_and_a_hidden_comment_are_changes():
    assert not compare("See [it](https://a.example).\n", "See [it](https://b.example).\n").is_same
    assert not compare("Text.\n", "Text.\n\n<!-- note -->\n").is_same
    assert not compare("[a]\n\n[a]: https://a.example\n", "[a]\n\n[a]: https://b.example\n").is_same


def test_metadata_is_compared_field_by_field():
    comparison = compare(
        "x",
        "x",
        {"owner": "Legal", "tags": ["a", "b"], "order": 1},
        {"owner": "Digital", "tags": ["a", "b"], "public": True},
    )
    assert [(change.label, change.old, change.new) for change in comparison.metadata] == [
        ("Owner", "Legal", "Digital"),
        ("Public", "", "yes"),
        ("Order", "1", ""),
    ]
    assert "<del>" in comparison.metadata[0].html
    assert not comparison.is_same


def test_the_same_text_is_the_same_whatever_its_line_ends():
    assert compare(OLD, OLD.replace("\n", "\r\n")).is_same
    assert compare("", "").is_same
    assert compare(OLD, OLD).counts.sentence == "Nothing changed"


def test_words_of_a_long_text_are_compared_without_comparing_each_with_each():
    body = "\n\n".join(
        f"Paragraph {n} says something about keys, logs and holders of unit {n % 7}." for n in range(300)
    )
    with bounded():
        comparison = compare(body, body.replace("unit 3", "team 3"))
    assert comparison.counts.changed > 40
    long = "word " * 30_000
    with bounded():
        assert not compare(long, long.replace("word", "term")).is_same


def test_texts_with_nothing_in_common_are_shown_as_replaced_whole():
    segments = word_diff("Keys turn every year.", "Suppliers may send an invoice by mail.")
    assert [segment.kind for segment in segments][:2] == [Change.REMOVED, Change.ADDED]


BLOCKS = st.lists(
    st.sampled_from(
        ["# T", "## Keys", "You MUST log.", "- You MUST a\n- b\n  - c MAY", "```\ncode\n\nmore\n```", "text",
         "| a |\n|---|\n| b |", "other text", "<!-- c -->", "[a]: b", "> quote", "1. one\n\n   two\n2. three",
         "3.1 Keys turn", "<div>\nx\n</div>", "\tx"]
    ),
    max_size=8,
)  # fmt: skip
BODIES = st.tuples(BLOCKS, st.sampled_from(["\n", "\n\n", "\n\n\n", "\r\n\r\n"])).map(
    lambda pair: pair[1].join(pair[0])
)


@settings(max_examples=200, deadline=None)
@given(st.one_of(BODIES, st.text(max_size=60)), st.one_of(BODIES, st.text(max_size=60)))
def test_the_newer_text_and_the_older_one_can_be_read_back_from_the_comparison(old, new):
    blocks = compare(old, new).blocks
    assert squeezed("".join(block.new_text for block in blocks)) == squeezed(new)
    gone = "".join(sorted(squeezed("".join(block.old_text for block in blocks))))
    assert gone == "".join(sorted(squeezed(old)))


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab .\n", max_size=40), st.text(alphabet="ab .\n", max_size=40))
def test_a_word_diff_gives_both_texts_back_exactly(old, new):
    segments = word_diff(old, new)
    assert "".join(segment.text for segment in segments if segment.kind is not Change.ADDED) == old
    assert "".join(segment.text for segment in segments if segment.kind is not Change.REMOVED) == new
