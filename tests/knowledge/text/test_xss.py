"""Texts that try to become more than text."""

from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from knowledge.text.diff import compare
from knowledge.text.markdown import render

PAYLOADS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src='x' onerror='alert(1)'>",
    '<img src="javascript:alert(1)">',
    "<img/src=x/onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<math href='javascript:alert(1)'>x</math>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<body onload=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<select onfocus=alert(1) autofocus>",
    "<textarea onfocus=alert(1) autofocus>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<form action=javascript:alert(1)><input type=submit></form>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<base href=//evil.example/>",
    "<style>@import '//evil.example/x.css';</style>",
    "<style>body{background:url(//evil.example)}</style>",
    "<div style='background:url(javascript:alert(1))'>x</div>",
    "<p style='position:fixed;inset:0'>over everything</p>",
    "<div class='level must' id='main'>x</div>",
    "<section class=clause id=c1.1>forged</section>",
    "</section></article><h1>out</h1>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' java\nscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='//evil.example'>x</a>",
    "<a href='x' onclick='alert(1)' onmouseover=alert(1)>x</a>",
    "<p><a href='javascript:alert(1)'>x</a></p>",
    "<ul><li><a href='&#x6A;avascript&colon;alert(1)'>x</a></li></ul>",
    "<table background='javascript:alert(1)'><tr><td>x</td></tr></table>",
    "<table><tr><td onclick=alert(1) style='color:red'>x</td></tr></table>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!-- --!><img src=x onerror=alert(1)> -->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<?xml version='1.0'?><img src=x onerror=alert(1)>",
    "<xmp><img src=x onerror=alert(1)></xmp>",
    "<template><img src=x onerror=alert(1)></template>",
    "<b onmouseover=alert(1)>x</b>",
    "<b>x<script>alert(1)</b>",
    "<code onclick=alert(1)>x</code>",
    "<abbr title='\"><img src=x onerror=alert(1)>'>x</abbr>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&Tab;script:alert(1))",
    "[x](java&#10;script:alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox(1))",
    "[x](file:///etc/passwd)",
    "[x](//evil.example)",
    "[x](/\\evil.example)",
    "[x](\\\\evil.example)",
    "[x](javascript://example.org/%0aalert(1))",
    "[x](https://example.org 'a\" onmouseover=alert(1) b=\"')",
    "[x][y]\n\n[y]: javascript:alert(1)",
    "[x][y]\n\n[y]: https://example.org '\"><script>alert(1)</script>'",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml,<svg onload=alert(1)>)",
    "![\"><img src=x onerror=alert(1)>](x.png)",
    "![x](x.png '\" onerror=alert(1) \"')",
    "![x](https://evil.example/track.png)",
    "<javascript:alert(1)>",
    "<https://example.org/\"onmouseover=\"alert(1)>",
    "`<img src=x onerror=alert(1)>`",
    "```\"><script>alert(1)</script>\nx\n```",
    "```html onload=alert(1)\n<script>alert(1)</script>\n```",
    "# <img src=x onerror=alert(1)>",
    "## \" onmouseover=\"alert(1)",
    "## main",
    "- You MUST <img src=x onerror=alert(1)>",
    "### \"><script>alert(1)</script> MUST",
    "| <script>alert(1)</script> |\n|---|\n| <img src=x onerror=alert(1)> |",
    "x[^\"><script>alert(1)</script>]\n\n[^\"><script>alert(1)</script>]: <img src=x onerror=alert(1)>",
    "term\n: <img src=x onerror=alert(1)>",
    "> <iframe src=//evil.example>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\u202e<script>alert(1)</script>",
    "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "\ufeff<script>alert(1)</script>",
    "<a\nhref='javascript:alert(1)'\n>x</a>",
    "<p/onclick=alert(1)>x",
    "<div\x0conclick=alert(1)>x</div>",
    "<li><ul><p><table><td><a href=\"javascript:alert(1)\">",
]  # fmt: skip

TAGS = set(
    "a abbr b blockquote br caption code dd del div dl dt em h2 h3 h4 h5 h6 hr i img ins kbd li ol p pre s section "
    "span strong sub sup table tbody td tfoot th thead tr ul".split()
)
ATTRIBUTES = set("id class href title rel src alt loading start colspan rowspan aria-label tabindex role scope".split())
CLASSES = set(
    "clause footnotes clause-mark table-scroll clause-number footnote-backref level must should may in-short "
    "footnote-ref clause-item footnote-item".split()
)


class Inspector(HTMLParser):
    """Reads HTML as a browser would and collects everything that is not harmless."""

    def __init__(self, allowed_images):
        super().__init__(convert_charrefs=True)
        self.allowed_images = allowed_images
        self.faults = []

    def handle_starttag(self, tag, attrs):
        if tag not in TAGS:
            self.faults.append(f"tag {tag}")
        for name, value in attrs:
            if name not in ATTRIBUTES:
                self.faults.append(f"attribute {name} of {tag}")
            if name == "href":
                self.judge(value or "")
            if name == "src" and value not in self.allowed_images:
                self.faults.append(f"image {value}")
            if name == "class" and not set((value or "").split()) <= CLASSES:
                self.faults.append(f"class {value}")

    def judge(self, address):
        parts = urlsplit(address)
        own = address.startswith("#") or (address.startswith("/") and not address.startswith(("//", "/\\")))
        if not own and parts.scheme not in {"http", "https", "mailto"}:
            self.faults.append(f"address {address}")

    def handle_comment(self, data):
        self.faults.append(f"comment {data}")

    def handle_decl(self, decl):
        self.faults.append(f"declaration {decl}")

    def handle_pi(self, data):
        self.faults.append(f"instruction {data}")


def faults_of(html, *, allowed_images=()):
    inspector = Inspector(allowed_images)
    inspector.feed(html)
    inspector.close()
    return inspector.faults


def test_the_inspector_itself_finds_what_it_should():
    assert faults_of("<script>x</script><p onclick=x><a href='javascript:x'><img src=x>")
    assert len(PAYLOADS) >= 60


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize(
    "frame", ["{}", "text {} text", "- item\n\n  {}\n", "> {}", "## Keys\n\n- You MUST {}\n", "*{}*"]
)
def test_a_payload_stays_text(payload, frame):
    rendered = render(frame.replace("{}", payload))
    assert faults_of(rendered.html) == []
    assert 'id="main"' not in rendered.html


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_stays_text_when_resolvers_answer(payload):
    html = render(payload, link_resolver=lambda _: "/s/STD-0001/", image_resolver=lambda _: "/files/x").html
    assert faults_of(html, allowed_images=("/files/x",)) == []


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_stays_text_in_a_comparison(payload):
    comparison = compare(f"Before.\n\n{payload}\n", f"After {payload}\n", {"title": payload}, {"title": f"x{payload}"})
    shown = [block.html for block in comparison.blocks] + [change.html for change in comparison.metadata]
    inspector = Inspector(())
    inspector.feed("\n".join(shown).replace('<span class="visually-hidden">', "<span>"))
    assert inspector.faults == []


def test_a_clause_cannot_be_forged_from_the_text():
    html = render('<section class="clause" id="c1.1"><span class="level must">must</span></section>').html
    assert 'class="clause"' not in html
    assert "<span" not in html
