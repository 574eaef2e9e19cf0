"""What a person types becomes terms; whatever it is, neither database can be broken by it."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from knowledge.search.marking import snippet, stem
from knowledge.search.words import LONGEST_QUERY, MOST_TERMS, indexed, indexed_reference, parse_query


def words(typed):
    return [term.words for term in parse_query(typed).terms]


def test_words_phrases_and_references_become_terms():
    assert words("encrypt keys") == [("encrypt",), ("keys",)]
    assert words('"at rest" backup') == [("at", "rest"), ("backup",)]
    assert words("STD-0001") == [("std", "0001")]
    assert words("Schlüssel Übung") == [("schlussel",), ("ubung",)]


def test_operators_quotes_and_wildcards_mean_nothing():
    assert words('un"balanced') == [("un", "balanced")]
    assert words("a AND b OR NOT c") == [("a",), ("and",), ("b",), ("or",), ("not",), ("c",)]
    assert words("title: ^x* (y) NEAR/3") == [("title",), ("x",), ("y",), ("near", "3")]
    for nothing in ("", "   ", '"', '""', "***", "\x00", "-'-"):
        assert parse_query(nothing).is_empty


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=400))
@example('"' * 99)
@example("\ud800 x")
@example("x" * 5000)
def test_any_text_becomes_a_few_plain_words(typed):
    query = parse_query(typed)
    assert len(query.terms) <= MOST_TERMS
    assert len(query.text) <= LONGEST_QUERY
    assert all(word.isalnum() for word in query.words)


def test_a_reference_is_found_in_its_parts():
    assert {"std", "0001", "std0001", "1", "std1"} <= set(indexed_reference("STD-0001").split())
    assert indexed("Café, “KEYS”!") == "cafe keys"


def test_a_snippet_is_cut_round_the_words_marked_and_escaped():
    text = "<script>alert(1)</script> " + "filler " * 60 + "Backups are encrypted & kept. " + "more " * 60
    shown = snippet(text, parse_query("encrypt"))
    assert "<mark>encrypted</mark> &amp; kept" in shown
    assert "<script>" not in shown
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert len(shown) < 300
    assert "<mark>" not in snippet("nothing here", parse_query("encrypt"))
    assert snippet("<b>", parse_query("b")) == "&lt;<mark>b</mark>&gt;"


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=600), st.text(max_size=40))
def test_no_text_makes_a_snippet_unsafe(text, typed):
    shown = snippet(text, parse_query(typed)).replace("<mark>", "").replace("</mark>", "")
    assert "<" not in shown
    assert ">" not in shown


def test_forms_of_a_word_share_their_stem():
    assert stem("encrypted") == stem("encryption"[:7]) == stem("encrypting")
    assert stem("keys") == stem("key")
    assert stem("policies") == stem("policy")
