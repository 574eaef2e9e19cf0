"""Clauses and their identity."""

from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.text.clauses import Level, find_clauses, keyword_of, match_clauses


def numbers(body):
    return [(clause.number, clause.level, clause.text) for clause in find_clauses(body)]


def test_every_word_of_the_rfc_in_capitals_is_recognised_and_the_strongest_counts():
    assert keyword_of("You MUST do it") == (Level.MUST, "must")
    assert keyword_of("You MUST  NOT do it") == (Level.MUST, "must not")
    assert keyword_of("It SHALL be") == (Level.MUST, "shall")
    assert keyword_of("You SHOULD and MAY") == (Level.SHOULD, "should")
    assert keyword_of("It is NOT RECOMMENDED") == (Level.SHOULD, "not recommended")
    assert keyword_of("This is OPTIONAL") == (Level.MAY, "optional")
    assert keyword_of("You must do it, in May") == (None, "")
    assert keyword_of("MUSTARD, a MUST-have") == (None, "")


def test_capitals_throughout_and_the_sentence_that_explains_the_words_require_nothing():
    assert keyword_of("YOU MUST READ THIS") == (None, "")
    assert keyword_of('The key words "MUST" and "MAY" are to be read as in RFC 2119.') == (None, "")
    assert keyword_of("You MUST follow RFC 2119") == (Level.MUST, "must")


def test_headings_paragraphs_and_items_make_clauses_numbered_by_section():
    body = """# Title

Nobody MUST read the introduction.

## Requirements

- [You MUST log](#you-must-log)
- [Elsewhere MUST count](https://example.org)

### You MUST log

Logs SHOULD be kept, `MUST` is code.

## Other

Text.

1. First, you MAY.
   - Then you MUST.
"""
    assert numbers(body) == [
        ("0.1", Level.MUST, "Nobody MUST read the introduction."),
        ("1.1", Level.MUST, "Elsewhere MUST count"),
        ("1.2", Level.MUST, "You MUST log"),
        ("1.2.1", Level.SHOULD, "Logs SHOULD be kept, MUST is code."),
        ("2.1", Level.MAY, "First, you MAY."),
        ("2.1.1", Level.MUST, "Then you MUST."),
    ]
    assert [clause.heading for clause in find_clauses(body)][3] == "Requirements › You MUST log"


def test_numbers_that_the_author_gave_are_kept():
    body = (
        "## 3. Keys\n\n3.4 Keys MUST turn.\n\n3.5 Keys are counted.\n\nKeys SHOULD be short.\n\n"
        "### 3.9 Holders\n\nHolders MAY change.\n"
    )
    assert [(number, level) for number, level, _ in numbers(body)] == [
        ("3.4", Level.MUST),
        ("3.5", None),
        ("3.1", Level.SHOULD),
        ("3.9", Level.MAY),
    ]
    assert numbers(body)[0][2] == "Keys MUST turn."


def test_a_numbered_heading_without_a_requirement_below_is_itself_a_clause():
    assert numbers("## 1 Keys\n\n### 1.1 Holders\n\nText.\n") == [("1.1", None, "Holders")]


def test_a_number_that_is_no_clause_number_is_text():
    assert numbers("## 1 Keys\n\n2.5 times the rate is too much.\n") == []


def test_a_text_without_headings_numbers_its_clauses_through():
    assert [number for number, _, _ in numbers("You MUST a.\n\nYou MUST b.\n")] == ["1", "2"]


def test_code_quotations_and_tables_make_no_clauses():
    assert numbers("    You MUST a.\n\n```\nYou MUST b.\n```\n\n> You MUST c.\n\n|a|\n|-|\n|You MUST d.|\n") == []


def test_a_clause_keeps_its_identity_when_others_come_before_it_and_when_its_words_change():
    old = find_clauses("## Keys\n\n- Keys MUST be rotated every 24 months.\n- Holders MUST be named in the register.\n")
    new = find_clauses(
        "## Scope\n\n- All MUST read this.\n\n## Keys\n\n- Locks SHOULD be kept.\n"
        "- Keys MUST be rotated every 12 months.\n- Holders MUST be named in the register.\n"
    )
    assert match_clauses(old, new) == {"c2.2": "c1.1", "c2.3": "c1.2"}


def test_two_clauses_that_say_the_same_keep_their_own_places():
    body = "## A\n\n- You MUST log.\n\n## B\n\n- You MUST log.\n"
    assert match_clauses(find_clauses(body), find_clauses(body)) == {"c1.1": "c1.1", "c2.1": "c2.1"}
    swapped = find_clauses("## B\n\n- You MUST log.\n\n## A\n\n- You MUST log.\n")
    assert set(match_clauses(find_clauses(body), swapped).values()) == {"c1.1", "c2.1"}


def test_a_clause_that_says_something_else_altogether_is_another():
    old = find_clauses("## Keys\n\n- Keys MUST be rotated every year by their holder.\n")
    new = find_clauses("## Keys\n\n- Suppliers SHOULD send an invoice within thirty days.\n")
    assert match_clauses(old, new) == {}


WORDS = st.sampled_from(["keys", "MUST", "MAY", "rotate", "log", "holders", "yearly", "units", "name"])
LINES = st.lists(WORDS, min_size=1, max_size=6).map(lambda words: "- " + " ".join(words))
TEXTS = st.lists(st.one_of(LINES, st.sampled_from(["", "## Keys", "### 1.1 Log", "## 2 Other"])), max_size=12).map(
    "\n".join
)


@settings(max_examples=100, deadline=None)
@given(TEXTS, TEXTS)
def test_matching_is_one_to_one_and_the_same_text_matches_itself(first, second):
    old, new = find_clauses(first), find_clauses(second)
    pairs = match_clauses(old, new)
    assert set(pairs) <= {clause.anchor for clause in new}
    assert set(pairs.values()) <= {clause.anchor for clause in old}
    assert len(set(pairs.values())) == len(pairs)
    assert match_clauses(old, old) == {clause.anchor: clause.anchor for clause in old}
