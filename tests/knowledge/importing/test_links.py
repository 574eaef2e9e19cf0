"""Links and images of imported texts."""

import pytest

from knowledge.importing.links import (
    DocumentMap,
    attachment_name,
    document_address,
    image_candidates,
    read_document_address,
    replace_document_addresses,
    rewrite,
)
from tests.work import bounded, calls_of

DOCUMENTS = DocumentMap(
    [
        ("source/standards/logging.html.md.erb", "source/standards/logging.html.md.erb"),
        ("source/manuals/nodejs/index.html.md.erb", "node"),
        ("docs/keys.md", "docs/keys.md"),
        ("docs/odd name (1).md", "docs/odd name (1).md"),
        ("docs/standards.md", "docs/standards.md"),
    ]
)


@pytest.mark.parametrize(
    ("href", "base", "key"),
    [
        ("/standards/logging.html", "source/manuals/x.html.md.erb", "source/standards/logging.html.md.erb"),
        ("logging.html#top", "source/standards/x.html.md.erb", "source/standards/logging.html.md.erb"),
        ("../standards/logging", "source/manuals/x.html.md.erb", "source/standards/logging.html.md.erb"),
        ("/manuals/nodejs/", "source/standards/x.md", "node"),
        ("/manuals/nodejs/index.html", "source/standards/x.md", "node"),
        ("keys.md", "docs/x.md", "docs/keys.md"),
        ("./keys.md?raw=1", "docs/x.md", "docs/keys.md"),
        ("../keys/", "docs/x.md", "docs/keys.md"),
        ("/standards/", "docs/patterns/x.md", "docs/standards.md"),
        ("odd%20name%20(1).md", "docs/x.md", "docs/odd name (1).md"),
        ("https://example.org/keys.md", "docs/x.md", None),
        ("//example.org/keys.md", "docs/x.md", None),
        ("mailto:a@example.org", "docs/x.md", None),
        ("#keys", "docs/x.md", None),
        ("unknown.md", "docs/x.md", None),
        ("../../../etc/passwd", "docs/x.md", None),
        ("http://[bad", "docs/x.md", None),
        ("", "docs/x.md", None),
    ],
)
def test_a_link_finds_the_document_that_it_means(href, base, key):
    found = DOCUMENTS.find(href, base)
    assert (read_document_address(found)[0] if found else None) == key


def test_an_address_of_a_document_survives_writing_and_reading():
    address = document_address("docs/odd name (1).md#2", "top")
    assert " " not in address
    assert read_document_address(address) == ("docs/odd name (1).md#2", "top")
    assert read_document_address("https://example.org") is None


def test_addresses_are_rewritten_in_links_images_definitions_and_html_but_never_in_code():
    body = (
        "[a](x.md) [b](<x.md> 'title') ![c](i.png) [![d](i.png)](x.md) [e][1] `[f](x.md)`\n\n"
        "[1]: x.md 'title'\n\n```\n[g](x.md)\n```\n\n~~~~\n[h](x.md)\n~~~\n[i](x.md)\n~~~~\n"
        "<a class='k' href=\"x.md\">j</a> <img src='i.png'> [k](x.md_(y)) ``[l](x.md) ` `` [m](x.md)\n"
    )
    rewritten = rewrite(
        body,
        link=lambda href: "NEW" if href == "x.md" else None,
        image=lambda source: "PIC" if source == "i.png" else None,
    )
    assert rewritten == (
        "[a](NEW) [b](NEW 'title') ![c](PIC) [![d](PIC)](NEW) [e][1] `[f](x.md)`\n\n"
        "[1]: NEW 'title'\n\n```\n[g](x.md)\n```\n\n~~~~\n[h](x.md)\n~~~\n[i](x.md)\n~~~~\n"
        "<a class='k' href=\"NEW\">j</a> <img src='PIC'> [k](x.md_(y)) ``[l](x.md) ` `` [m](NEW)\n"
    )


def test_placeholders_are_replaced_once_the_documents_have_their_addresses():
    body = "[a](remit:doc:docs/keys.md#s) [b](remit:doc:gone.md) [c](https://example.org)\n"
    replaced = replace_document_addresses(body, lambda key: "/s/STD-0001/" if key == "docs/keys.md" else None)
    assert replaced == "[a](/s/STD-0001/#s) [b](remit:doc:gone.md) [c](https://example.org)\n"


def test_images_are_looked_for_beside_the_text_and_below_the_roots_above_it():
    assert "docs/img/p.png" in image_candidates("img/p.png", "docs/x.md")
    assert image_candidates("/assets/p.png", "docs/deep/x.md")[:2] == ["assets/p.png", "docs/assets/p.png"]
    assert "source/images/p.png" in image_candidates("p.png", "source/standards/x.md")
    for bad in (
        "https://example.org/p.png",
        "data:image/png;base64,x",
        "../../p.png",
        "p.exe",
        "",
        "//e/p.png",
        "\\\\e\\p.png",
    ):
        assert all(not path.startswith("..") for path in image_candidates(bad, "docs/x.md"))
    assert image_candidates("https://example.org/p.png", "docs/x.md") == []


def test_names_of_attachments_are_fit_for_a_text_and_differ():
    assert attachment_name("a/b/plan (1).png", []) == "plan-1-.png"
    first = attachment_name("a/plan.png", [])
    second = attachment_name("b/plan.png", [first])
    third = attachment_name("b/plan.png", [first, second])
    assert len({first, second, third}) == 3
    assert all(" " not in name and "/" not in name for name in (first, second, third))


@pytest.mark.parametrize(
    "piece", ["[", "](", "![", "![a", "`", "``a", "[a]:", "<a ", "<a href", "```\n", "](a(", "<img x"]
)
def test_work_grows_with_the_length_and_not_with_its_square(piece):
    def work(length):
        text = piece * (length // len(piece))
        with bounded():
            return calls_of(lambda: rewrite(text, link=lambda _: None, image=lambda _: None))

    assert work(100_000) <= 20 * max(work(10_000), 1_000)
