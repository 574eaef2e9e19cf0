"""Payloads in disguise: in other cases, encoded, broken by control characters, nested. Still only text."""

import html
import random
import re
from collections.abc import Callable

import pytest

from knowledge.text.diff import compare
from knowledge.text.markdown import render
from tests.knowledge.text.test_xss import PAYLOADS, Inspector, faults_of
from tests.proving.recording import count, record

DISGUISES = count("PAYLOADS", 240)
"""How many disguised payloads are rendered, drawn with a fixed seed."""
FRAMES = ("{}", "text {} text", "- item\n\n  {}\n", "> {}", "## {}", "| a | {} |\n|---|---|\n| b | c |", "*{}*",
          "[{}](/s/x/)", "<div>{}</div>", "[^1]\n\n[^1]: {}", "`{}` {}", "- You MUST {}")  # fmt: skip
Draw = random.Random


def other_case(text: str, draw: Draw) -> str:
    return "".join(draw.choice((sign.lower(), sign.upper())) for sign in text)


def entities(text: str, draw: Draw) -> str:
    forms = ("&#{:d};", "&#x{:x};", "&#{:07d}")
    return "".join(draw.choice(forms).format(ord(s)) if draw.random() < 0.15 else s for s in text)


def controls(text: str, draw: Draw) -> str:
    signs = ("\t", "\x00", "\u200b", "\x0c", "\u00a0", "\x1f", "\ufeff")
    return "".join(s + draw.choice(signs) if draw.random() < 0.1 else s for s in text)


def escaped(text: str, draw: Draw) -> str:
    return html.escape(text) if draw.random() < 0.5 else text.replace("<", "\\<")


def nested(text: str, draw: Draw) -> str:
    other, place = draw.choice(PAYLOADS), draw.randrange(len(text) + 1)
    return f"{text[:place]}{other}{text[place:]}"


def quoted(text: str, draw: Draw) -> str:
    return draw.choice(('"{}', "'>{}", "</textarea>{}", "--><!--{}", "]]>{}", "</title>{}", "`{}")).format(text)


def broken_tags(text: str, draw: Draw) -> str:
    return re.sub(r"<(\w)", lambda at: f"<{draw.choice(('', '/', ' ', '!', '%'))}{at.group(1)}", text)


MEANS: tuple[Callable[[str, Draw], str], ...] = (
    other_case, entities, controls, escaped, nested, quoted, broken_tags,
)  # fmt: skip


def disguised(number: int) -> str:
    """The payload of that number: one of ours, changed once or twice, in a place of the text."""
    draw = random.Random(number)
    text = PAYLOADS[number % len(PAYLOADS)]
    for means in draw.sample(MEANS, draw.choice((1, 1, 2, 3))):
        text = means(text, draw)
    return draw.choice(FRAMES).replace("{}", text)


def test_the_disguises_differ():
    assert len({disguised(number) for number in range(DISGUISES)}) > DISGUISES * 0.95


@pytest.mark.parametrize("part", range(4))
def test_a_payload_in_disguise_stays_text(part: int):
    wrong, run = [], 0
    for number in range(part, DISGUISES, 4):
        text = disguised(number)
        rendered = render(text).html
        wrong += [f"{number} {fault}: {text!r}" for fault in faults_of(rendered)]
        wrong += [f"{number} an id of the page: {text!r}" for _ in re.findall(r'id="main"', rendered)]
        compared = compare(f"Before.\n\n{text}\n", f"After {text}\n", {"title": text}, {"title": f"x{text}"})
        shown = [block.html for block in compared.blocks] + [change.html for change in compared.metadata]
        inspector = Inspector(())
        inspector.feed("\n".join(shown).replace('<span class="visually-hidden">', "<span>"))
        wrong += [f"{number} compared: {fault}: {text!r}" for fault in inspector.faults]
        run += 1
    record("texts", payloads=run, faults=len(wrong))
    assert not wrong, "\n".join(wrong[:20])


def test_the_look_out_finds_a_renderer_that_lets_markup_through():
    assert [text for text in map(disguised, range(60)) if faults_of(text)]
