"""What a text may hold."""

import pytest

from knowledge.text.characters import MAX_TITLE, clean_line, clean_text, text_problem, title_problem


def test_plain_text_with_tabs_and_any_line_end_is_kept():
    text = "One\r\ntwo\tthree\nÅngström, السلام, 日本"
    assert text_problem(text) is None
    assert clean_text(text) == "One\ntwo\tthree\nÅngström, السلام, 日本"


@pytest.mark.parametrize("character", ["\x00", "\x08", "\x1b", "\u202e", "\u2066", "\x9f", "\ud800"])
def test_characters_that_mislead_or_break_are_refused_with_a_sentence_and_cleaned_from_imports(character):
    text = f"before{character}after"
    problem = text_problem(text)
    assert problem is not None
    assert problem.endswith(".")
    assert clean_text(text) == "beforeafter"


def test_a_body_that_is_too_long_is_refused_with_both_numbers():
    problem = text_problem("x" * 1_000_001)
    assert problem is not None
    assert "1,000,001" in problem
    assert "1,000,000" in problem


def test_a_title_is_one_short_line():
    assert title_problem("Encryption of personal data") is None
    assert title_problem("   ") == "Give it a title."
    assert title_problem("x" * (MAX_TITLE + 1)) is not None
    assert title_problem("x" * 1_000_000) is not None
    assert title_problem("one\ntwo") is not None
    assert title_problem("pay\u202eecil") is not None


def test_a_line_is_cleaned_to_one_line_of_bounded_length():
    assert clean_line("  a\n\tb\u202e\u200f c\x00 ") == "a b c"
    assert len(clean_line("word " * 500)) <= MAX_TITLE
    assert clean_line("word " * 500).endswith("…")
