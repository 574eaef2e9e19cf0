"""Embedded Ruby, resolved or taken out."""

import pytest

from knowledge.importing.erb import resolve
from tests.work import bounded, calls_of

VALUES = {"title": "Keys", "owner": {"name": "x"}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# <%= current_page.data.title %>", "# Keys"),
        ("<%= current_page.data[:title] %>", "Keys"),
        ('<%= current_page.data["title"] -%>', "Keys"),
        ("<%= link_to 'Logs & more', '/logs.html' %>", "[Logs & more](/logs.html)"),
        ('<%= link_to("Logs", "/logs.html", class: \'big\') %>', "[Logs](/logs.html)"),
        ("<%= image_tag 'plan.png', alt: 'A plan' %>", "![A plan](plan.png)"),
        ("<%= image_tag('plan.png', :alt => 'A plan') %>", "![A plan](plan.png)"),
        ("<%= mail_to 'help@example.org', 'Help' %>", "[help@example.org](mailto:help@example.org)"),
        ("<%= warning_text('Do <a href=\"/x\">not</a> it\\'s') %>", "> **Warning:** Do [not](/x) it's"),
        ("<%= inset_text 'Mind this' %>", "> Mind this"),
        ("<%= partial 'parts/logs' %>", "[logs](remit:doc:logs)"),
        ("<%# a comment %>text", "text"),
        ("Write <%%= current_page.data.title %> yourself", "Write <%= current_page.data.title %> yourself"),
        ("never <% closed", "never <% closed"),
    ],
)
def test_what_can_be_known_stands_in_its_place(text, expected):
    resolved = resolve(text, VALUES, partial=lambda _name: "[logs](remit:doc:logs)")
    assert resolved.text == expected.replace("[help@example.org]", "[Help]")
    assert resolved.removed == []


@pytest.mark.parametrize(
    "text",
    [
        "<% if x %>", "<% end %>", "<%= Time.current.year %>", "<%= current_page.data.missing %>",
        "<%= current_page.data.owner %>", "<%= partial 'parts/gone' %>", "<%= partial :expires %>", "<%= `id` %>",
        "<%= system('id') %>",
        "<%= unknown('x') %>", "<% content_for :sidebar do %>",
    ],
)  # fmt: skip
def test_the_rest_is_taken_out_and_reported(text):
    resolved = resolve(f"before {text} after", VALUES, partial=lambda _name: None)
    assert resolved.text == "before  after"
    assert resolved.removed == [text]


@pytest.mark.parametrize("piece", ["<%", "<%=", "<%= x('", "<%% ", "<%= a %>", "%>", "<%= x('\\"])
def test_work_grows_with_the_length_and_not_with_its_square(piece):
    def work(length, end):
        text = piece * (length // len(piece)) + end
        with bounded():
            return calls_of(lambda: resolve(text, VALUES))

    for end in ("", "%>"):
        assert work(300_000, end) <= 20 * max(work(30_000, end), 1_000)
