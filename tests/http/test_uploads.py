"""Files of every name and kind, one after the other: refused at their field, or kept tame and never run."""

import io
import random
import re
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from knowledge.models import Document
from tests.http.forms import FORMS
from tests.http.test_hostile_forms import loud, page, send
from tests.http.world import PIXEL, World, taken_back
from tests.proving.recording import Budget, count, record

pytestmark = pytest.mark.django_db
FILES = count("UPLOADS", 36)

STEMS = ("plain", "..\\..\\up", "../../../etc/passwd", "/abs", "a\u202egnp", '"><img src=x onerror=1>', "CON", "-rf",
         ".hidden", "semi;colon", "per%2fcent", "%00nul", "new\nline", "tab\tbed", "x" * 180, "ünï", "emoji😀",
         "space end ", "dot.", "{{7*7}}", "$(id)", "`id`", "|pipe", "comma,a", "=cmd", "\ufeffbom")  # fmt: skip
ENDINGS = ("png", "jpg", "jpeg", "gif", "webp", "svg", "html", "htm", "xhtml", "xml", "js", "mjs", "css", "txt", "md",
           "csv", "pdf", "docx", "xlsx", "zip", "tar.gz", "exe", "bat", "php", "png.html", "html.png", "PNG", "sVg",
           "shtml", "swf", "jar", "ps1", "lnk", "webmanifest", "mht", "eml", "")  # fmt: skip


def _zip(name: str, data: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(name, data)
    return held.getvalue()


BODIES = {
    "a picture": PIXEL,
    "a page": b"<!doctype html><script>alert(1)</script>",
    "a drawing that runs": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "a picture and a page": PIXEL + b"<script>alert(1)</script>",
    "a page that says it is a picture": b"GIF89a/*<script>alert(1)</script>*/",
    "entities": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "nothing": b"",
    "zeroes": b"\x00" * 4096,
    "a program": b"MZ\x90\x00" + b"\x00" * 60,
    "a script": b"#!/bin/sh\nid\n",
    "a formula": b'=HYPERLINK("http://evil.example","x")\n',
    "UTF-16": "<script>alert(1)</script>".encode("utf-16"),
    "a paper": b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj",
    "an archive": _zip("../../evil.sh", b"id"),
    "text": b"Only words.\n",
}


def drawn(number: int) -> tuple[str, str, bytes]:
    """The file of that number: its name, what its content is, its bytes."""
    draw = random.Random(number)
    ending = ENDINGS[number % len(ENDINGS)]
    what = draw.choice(list(BODIES))
    return f"{draw.choice(STEMS)}{'.' if ending else ''}{ending}", what, BODIES[what]


def test_no_file_breaks_a_page_or_runs(world: World):
    form = next(each for each in FORMS if each.name == "document-edit")
    browser, budget = loud(world.browser("writer")), Budget()
    wrong: list[str] = []
    run = kept = 0
    for number in range(FILES):
        if budget.is_spent:
            break
        name, what, data = drawn(number)
        with taken_back() as put_back:
            values = {**form.values(world), "step": "attach", "file": SimpleUploadedFile(name, data)}
            answer = send(browser, form, world, values)
            put_back(False)  # a draft and its file: nothing of who may do what
            faults, is_kept = _judged(world, browser, answer)
            wrong += [f"{number} {name!r} ({what}): {fault}" for fault in faults]
            kept += is_kept
        run += 1
    record("uploads", files=run, kept=kept, refused=run - kept, faults=len(wrong))
    assert not wrong, "\n".join(wrong)
    assert run > kept > 0


def _judged(world: World, browser: Any, answer: Any) -> tuple[list[str], bool]:
    """What is wrong with how one file was taken, and whether it was kept."""
    if answer.status_code == 422:
        said = page(answer)
        return ([] if re.search(r'id="\w*file_error"', said) else ["refused, and not at its field"]), False
    if answer.status_code != 302:
        return [f"answered {answer.status_code}"], False
    document = Document.objects.get(pk=world.documents["draft"].pk)
    assert document.draft is not None
    faults = []
    for entry in document.draft.manifest:
        if re.search(r"[/\\\x00-\x1f\u202a-\u202e\u2066-\u2069]", entry["name"]):
            faults.append(f"kept as {entry['name']!r}")
        held = document.draft.attachments.get(name=entry["name"])
        served = browser.get(f"/s/{document.number}/files/{document.draft.public_id}/{held.name}")
        faults += _served(served)
    shown = browser.get(f"{document.get_absolute_url()}edit/").content
    if b"<img src=x" in shown or b"<script>alert" in shown:
        faults.append("the name became a part of the page")
    return faults, True


def _served(answer: Any) -> list[str]:
    kind, disposition = answer.get("Content-Type", ""), answer.get("Content-Disposition", "")
    data = b"".join(answer.streaming_content) if answer.streaming else answer.content
    lacks = {
        f"answered {answer.status_code}": answer.status_code != 200,
        "no nosniff": answer.get("X-Content-Type-Options") != "nosniff",
        "no sandbox": "sandbox" not in answer.get("Content-Security-Policy", ""),
        f"shown as {kind}": not disposition.startswith("attachment")
        and kind not in ("image/png", "image/jpeg", "image/gif", "image/webp"),
        "a picture that is none": kind == "image/png" and not data.startswith(b"\x89PNG"),
        f"a line in {disposition!r}": "\n" in disposition or "\r" in disposition,
    }
    return [each for each, is_so in lacks.items() if is_so]
