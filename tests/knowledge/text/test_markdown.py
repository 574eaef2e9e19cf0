"""A body as a page."""

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.text import markdown
from knowledge.text.diff import compare
from knowledge.text.markdown import Heading, add_to_clauses, render
from knowledge.text.parsing import Memory, parser
from tests.knowledge.text.test_xss import faults_of
from tests.work import bounded, calls_of

STANDARD = """# Keys

Every unit rotates its keys.

## Scope

This covers keys, see [Rotation](#rotation) and §[1](#c2.1).

## Rotation

- Keys MUST be rotated every year.
- Ask the help desk.
- A unit MAY rotate `MUST` more often.

### You SHOULD NOT share keys

Each person has a key.
"""


def test_a_standard_becomes_headings_with_anchors_and_clauses_with_marks():
    rendered = render(STANDARD)
    assert rendered.contents == (
        Heading(2, "1 Scope", "s-scope"),
        Heading(2, "2 Rotation", "s-rotation"),
        Heading(3, "You SHOULD NOT share keys", "s-you-should-not-share-keys"),
    )
    assert [clause.number for clause in rendered.clauses] == ["2.1", "2.2", "2.3"]
    assert (
        '<section class="clause" id="c2.1" aria-label="Clause 2.1"><div class="clause-mark">'
        '<a class="clause-number" href="#c2.1">§2.1</a><span class="level must">must</span></div>'
        "<p>Keys MUST be rotated every year.</p>"
    ) in rendered.html
    assert '<span class="level should">should not</span>' in rendered.html
    assert '<h2 id="s-scope">1 Scope</h2>' in rendered.html
    assert "<ul>\n<li>Ask the help desk.</li>\n</ul>" in rendered.html


def test_the_guidance_below_a_heading_that_is_a_clause_stands_in_its_section():
    html = render(STANDARD).html
    section = html[html.index('id="c2.3"') :]
    assert section.index("Each person has a key.") < section.index("</section>")


def test_links_within_the_text_find_their_heading_however_their_anchor_was_made():
    assert '<a href="#s-rotation">Rotation</a>' in render(STANDARD).html
    assert '<a href="#c2.1">1</a>' in render(STANDARD).html
    body = "## Build, release & deploy\n\nSee [it](#Build%2C-release-deploy), [none](#nowhere).\n"
    html = render(body).html
    assert '<a href="#s-build-release-deploy">it</a>' in html
    assert "none" in html
    assert "#nowhere" not in html


def test_a_leading_title_is_left_to_the_page_unless_it_says_something_else():
    assert "Keys</h" not in render("# Keys\n\nText.").html
    assert "Keys</h" not in render("# Keys\n\nText.", title="keys").html
    assert "<h2>Keys</h2>" in render("# Keys\n\nText.", title="Encryption").html


def test_the_first_paragraph_is_the_summary():
    rendered = render("**In short.** All *keys* turn.\n\nMore.")
    assert rendered.summary == "All keys turn."
    assert rendered.html.startswith('<p class="in-short">')
    assert render("## Heading\n\nText.").summary == ""
    assert len(render("word " * 200).summary) <= 300


def test_no_level_of_headings_is_left_out_on_the_page():
    body = "# One\n\n#### Deep\n\n## Two\n\n###### Deeper\n\n# Again\n\n> # quoted\n"
    levels = [int(level) for level in re.findall(r"<h(\d)", render(body, title="Other").html)]
    assert levels[0] == 2
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert "<strong>quoted</strong>" in render(body).html


def test_addresses_of_other_documents_are_asked_of_the_resolver_and_lose_their_link_without_an_answer():
    asked = []

    def resolver(address):
        asked.append(address)
        return "/s/STD-0001/" if "known" in address else None

    rendered = render(
        "[a](remit:doc:known.md) [b](other.md) [c](https://example.org/x) [d](//evil)", link_resolver=resolver
    )
    assert asked == ["remit:doc:known.md", "other.md", "//evil"]
    assert (
        '<a href="/s/STD-0001/">a</a> b <a href="https://example.org/x" rel="noopener noreferrer">c</a> d'
        in rendered.html
    )
    assert rendered.links == ("remit:doc:known.md", "other.md", "https://example.org/x", "//evil")


@pytest.mark.parametrize(
    "answer", ["javascript:alert(1)", "//evil.example", "/\\evil.example", "data:text/html,x", "x y"]
)
def test_a_resolver_cannot_lead_to_a_bad_address(answer):
    html = render("[a](x.md) ![b](b.png)", link_resolver=lambda _: answer, image_resolver=lambda _: answer).html
    assert "<a" not in html
    assert "<img" not in html


def test_only_own_attachments_are_shown_as_images():
    rendered = render(
        "![A plan](plan.png) ![gone](gone.png) ![far](https://example.org/x.png)",
        image_resolver=lambda source: f"/files/{source}" if source == "plan.png" else None,
    )
    assert '<img src="/files/plan.png" alt="A plan" loading="lazy">' in rendered.html
    assert "[Image: gone]" in rendered.html
    assert '<a href="https://example.org/x.png" rel="noopener noreferrer">[Image: far]</a>' in rendered.html
    assert rendered.html.count("<img") == 1
    assert rendered.images == ("plan.png", "gone.png", "https://example.org/x.png")


def test_html_in_the_source_keeps_harmless_mark_up_and_shows_the_rest_as_text():
    rendered = render(
        "<!-- a note -->\n\n<table><tr><td onclick='x()'>cell</td></tr></table>\n\n"
        "Put <your name> here,<br>then <b>bold</b> <b>open <!-- hidden --> <Foo>.\n\n<script>alert(1)</script>\n"
    )
    assert "<td>cell</td>" in rendered.html
    assert "onclick" not in rendered.html
    assert "&lt;your name&gt;" in rendered.html
    assert "<br>" in rendered.html
    assert "<b>bold</b> &lt;b&gt;open" in rendered.html
    assert "&lt;Foo&gt;" in rendered.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in rendered.html
    assert "a note" not in rendered.html
    assert "hidden" not in rendered.html
    assert "cell" in rendered.plain


def test_a_comment_that_never_ends_hides_nothing():
    assert "secret clause" in render("Text <!-- secret clause\n\nmore").html
    assert "secret clause" in render("<!-- secret clause\n\nmore").html


def test_links_in_html_are_judged_like_all_others():
    html = render('<ul><li><a href="x.md">x</a> <a href="javascript:alert(1)">y</a></li></ul>').html
    assert html.count("href") == 0
    html = render('<ul><li><a href="x.md">x</a></li></ul>', link_resolver=lambda _: "/s/STD-0002/").html
    assert '<a href="/s/STD-0002/">x</a>' in html


def test_tables_code_and_footnotes_can_be_reached_by_keyboard_and_have_names():
    html = render("| a | b |\n|---|---|\n| 1 | 2[^n] |\n\n```py\nx < 1\n```\n\n[^n]: A note.\n").html
    assert '<div class="table-scroll" tabindex="0" role="group" aria-label="Table 1"><table>' in html
    assert '<th scope="col">a</th>' in html
    assert '<pre tabindex="0" role="group" aria-label="Example 1"><code>x &lt; 1\n</code></pre>' in html
    assert '<section class="footnotes" aria-label="Footnotes">' in html
    assert "style=" not in html


def test_the_plain_text_holds_the_words_of_every_block():
    plain = render("# T\n\na *b*\n\n- c\n- d `e`\n\n```\nf\n```\n\n| g |\n|---|\n| h |\n\n> i\n").plain
    assert plain.split() == ["T", "a", "b", "c", "d", "e", "f", "g", "h", "i"]


def test_what_differs_from_reader_to_reader_is_added_to_stored_clauses():
    html = add_to_clauses(render(STANDARD).html, {"c2.1": "<details>menu</details>", "c9.9": "lost"})
    assert html.count("<details>menu</details></section>") == 1
    assert "lost" not in html
    assert add_to_clauses("<p>x</p>", {}) == "<p>x</p>"


def test_a_body_beyond_the_limit_is_shown_as_it_is():
    body = "# a <b>\n" * 200_000
    rendered = render(body)
    assert rendered.html.startswith("<pre")
    assert "&lt;b&gt;" in rendered.html
    assert rendered.clauses == ()


@pytest.mark.parametrize(
    "piece",
    [
        "[", "![[", "[a](", "*a_ ", "**", "`a", "<", "<a ", "<!--", "<b>", "&", "[^a]", "^[", "> ", "- ", "|a", "~~a",
        "\\",
        "<div>\n", "# a\n\n", "- MUST\n", "1. MUST\n", "### MUST\n\n", "[a]: b\n", "a\n: b\n\n", "<table>\n\n",
    ],
)  # fmt: skip
def test_work_grows_with_the_length_and_not_with_its_square(piece):
    """Eight times the text is about eight times the work; a square would be 64 times."""

    def work(length):
        body = piece * (length // len(piece))
        with bounded():
            return calls_of(lambda: render(body))

    render("warm")
    # Where the short text is hardly any work, what every text costs must not hide how the long one grows.
    assert work(8_000) <= 16 * max(work(1_000), 1_000)


@pytest.mark.parametrize("piece", ["[", "![a](b) ", "*a_ ", "# a\n\n", "|a"])
def test_a_megabyte_of_marks_is_shown_as_it_is_and_compared_as_fast_as_it_is_long(piece):
    body = piece * (1_000_000 // len(piece))
    with bounded():
        assert render(body).html.startswith("<pre")
        assert compare(body[:50_000], body[:50_000]).is_same

    def work(length):
        part = body[:length]
        return calls_of(lambda: compare(part, part))

    assert work(40_000) <= 12 * max(work(4_000), 1_000)


# --- Properties

MARKS = st.sampled_from(
    ["# ", "## ", "### 3.1 ", "- ", "1. ", "> ", "MUST", "MAY", "SHOULD NOT", "\n", "\n\n", "`", "```", "*", "**",
     "[a](b)", "[x](#c1.1)", "![i](j.png)", "|", "|--|", "<b>", "</b>", "<div>", "<a href='x'>", "<!--", "-->", "[^1]",
     "[^1]: n\n",
     ": d", "\\", "&amp;", "<script>", "\x00", "\u202e", "    ", "\t", "é", "2.4 ", "~~"]
)  # fmt: skip
BODIES = st.lists(st.one_of(MARKS, st.text(max_size=8)), max_size=40).map("".join)


@settings(max_examples=150, deadline=None)
@given(BODIES)
def test_rendering_never_raises_gives_unique_anchors_and_is_clean_already(body):
    rendered = render(body, link_resolver=lambda _: "/s/x/", image_resolver=lambda _: "/f/x")
    ids = re.findall(r'\sid="([^"]*)"', rendered.html)
    assert len(ids) == len(set(ids))
    anchors = [clause.anchor for clause in rendered.clauses]
    assert len(anchors) == len(set(anchors))
    assert set(anchors) <= set(ids)
    assert {heading.anchor for heading in rendered.contents} <= set(ids)
    assert markdown._sanitise(rendered.html) == rendered.html
    assert faults_of(rendered.html, allowed_images=("/f/x",)) == []


REFERENCES = st.sampled_from(["[a]", "[a]: /s/one/\n\n", "[a]: /s/two/\n\n", "^[n]", "![a]", "[b][a]", "\\[a\\]"])
LINES = st.lists(st.one_of(MARKS, REFERENCES, st.just("\n\n")), max_size=30).map("".join)


@settings(max_examples=120, deadline=None)
@given(st.lists(LINES, min_size=2, max_size=4), st.integers(0, 3))
def test_a_history_rendered_with_a_memory_reads_as_each_of_its_texts_does_alone(texts, again):
    """Each text takes over pieces of the one before, as revisions do; what a reference leads to may have changed."""
    texts = [*texts, texts[0] + texts[-1], texts[again % len(texts)]]
    memory = Memory()
    for text in texts:
        assert render(text, link_resolver=str, memory=memory) == render(text, link_resolver=str)


def test_the_lines_that_a_text_had_before_are_not_parsed_again(monkeypatch):
    parsed = []
    real = parser().inline.parse

    def counted(content, *rest):
        parsed.append(content)
        return real(content, *rest)

    monkeypatch.setattr(parser().inline, "parse", counted)
    memory = Memory()
    render("One *line*.\n\nAnother, with [a].\n\n[a]: /s/x/\n", memory=memory)
    render("One *line*.\n\nA new one.\n\nAnother, with [a].\n\n[a]: /s/x/\n", memory=memory)
    assert parsed == ["One *line*.", "Another, with [a].", "A new one."]
    render("One *line*.\n\nAnother, with [a].\n\n[a]: /s/y/\n", memory=memory)
    assert parsed[3:] == ["Another, with [a]."]
