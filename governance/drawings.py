"""The drawn marks of Remit, as SVG markup: icons, shapes and the line drawings of empty pages.

Pure Python. Icons and shapes stand on a grid of 20 by 20 and take the colour of the text round them.
A disc is a unit and a square is a centre, wherever they appear.
"""

from typing import Final

ICONS: Final[dict[str, str]] = {
    "back": '<path d="M8 4.5 3.8 8.7 8 12.9"/><path d="M4 8.7h8a4 4 0 0 1 0 8h-2"/>',
    "bell": '<path d="M5 13.6V9a5 5 0 0 1 10 0v4.6l1.2 1.4H3.8Z"/><path d="M8.4 17.2a1.8 1.8 0 0 0 3.2 0"/>',
    "calendar": '<rect x="3" y="4.2" width="14" height="12.6" rx="1.5"/><path d="M3 8.2h14M7 2.6v3M13 2.6v3"/>',
    "check": '<path d="m4.5 10.5 3.5 3.5 7.5-8"/>',
    "clock": '<circle cx="10" cy="10" r="7.2"/><path d="M10 5.8V10l2.8 1.8"/>',
    "cross": '<path d="m5 5 10 10M15 5 5 15"/>',
    "doc": '<path d="M5 2.8h6.5L15.5 7v10.2H5Z"/><path d="M11.3 2.8V7h4.2M8 10.5h4.8M8 13.5h4.8"/>',
    "dots": '<path d="M5 10h.1M10 10h.1M15 10h.1" stroke-width="2.4"/>',
    "down": '<path d="m5.5 8 4.5 4.5L14.5 8"/>',
    "download": '<path d="M10 3v9.5M6 9l4 4 4-4M3.5 16.8h13"/>',
    "filter": '<path d="M3 5h14M5.5 10h9M8 15h4"/>',
    "info": '<circle cx="10" cy="10" r="7.2"/><path d="M10 9.2v4.6M10 6.3v.1" stroke-width="1.9"/>',
    "inforce": '<circle cx="10" cy="10" r="7.5" fill="currentColor" stroke="none"/>'
    '<path d="m6.6 10.3 2.4 2.4 4.4-4.8" stroke="var(--bg)" stroke-width="1.8"/>',
    "late": '<path d="M10 2.6 17.8 16.6H2.2Z"/><path d="M10 8v4M10 14.3v.1" stroke-width="1.9"/>',
    "link": '<path d="M8.5 11.5a3 3 0 0 0 4.3.2l2.6-2.6a3 3 0 0 0-4.3-4.3l-1 1"/>'
    '<path d="M11.5 8.5a3 3 0 0 0-4.3-.2l-2.6 2.6a3 3 0 0 0 4.3 4.3l1-1"/>',
    "lock": '<rect x="4" y="9" width="12" height="8" rx="1.5"/><path d="M6.8 9V6.4a3.2 3.2 0 0 1 6.4 0V9"/>',
    "next": '<path d="m8 5.5 4.5 4.5L8 14.5"/>',
    "pencil": '<path d="m4 16 .8-3.4L13.2 4.2a1.6 1.6 0 0 1 2.3 0l.3.3a1.6 1.6 0 0 1 0 2.3L7.4 15.2Z"/>'
    '<path d="m11.8 5.8 2.4 2.4"/>',
    "person": '<circle cx="10" cy="6.6" r="3.3"/><path d="M3.8 17c.6-3.6 3-5.4 6.2-5.4s5.6 1.8 6.2 5.4"/>',
    "plus": '<path d="M10 4v12M4 10h12"/>',
    "prev": '<path d="M12 5.5 7.5 10l4.5 4.5"/>',
    "replaced": '<path d="M3 10h13M11.5 5.5 16 10l-4.5 4.5"/>',
    "retired": '<circle cx="10" cy="10" r="7.2"/><path d="m5 15 10-10"/>',
    "search": '<circle cx="8.8" cy="8.8" r="5.3"/><path d="m12.8 12.8 4 4"/>',
    "swap": '<path d="M4 7h12l-3-3M16 13H4l3 3"/>',
    "upload": '<path d="M10 12.5V3M6 6.5l4-4 4 4M3.5 16.8h13"/>',
    "veto": '<path d="M6.9 2.6h6.2l4.3 4.3v6.2l-4.3 4.3H6.9l-4.3-4.3V6.9Z"/><path d="M6.5 10h7" stroke-width="2"/>',
}

_RING = '<circle cx="10" cy="10" r="7" fill="none" stroke="currentColor" stroke-width="2"/>'
_FRAME = '<rect x="3.5" y="3.5" width="13" height="13" fill="none" stroke="currentColor" stroke-width="2"/>'

SHAPES: Final[dict[str, str]] = {
    "unit": '<circle cx="10" cy="10" r="6.6" fill="currentColor"/>',
    "delegated": '<path fill="none" stroke="currentColor" stroke-width="1.8" d="M2.4 2.4h15.2v15.2H2.4Z"/>'
    '<circle cx="10" cy="10" r="4.4" fill="currentColor"/>',
    "council": '<path fill="currentColor" d="M7 7h6v6H7ZM7.6 2.9a2.4 2.4 0 1 1 4.8 0a2.4 2.4 0 1 1-4.8 0Z'
    "M14.7 10a2.4 2.4 0 1 1 4.8 0a2.4 2.4 0 1 1-4.8 0ZM7.6 17.1a2.4 2.4 0 1 1 4.8 0a2.4 2.4 0 1 1-4.8 0Z"
    'M.5 10a2.4 2.4 0 1 1 4.8 0a2.4 2.4 0 1 1-4.8 0Z"/>',
    "joint": '<path fill="currentColor" fill-rule="evenodd" '
    'd="M1.8 1.8h10.4v10.4H1.8Z M18.4 12.4a6 6 0 1 1-12 0a6 6 0 1 1 12 0Z"/>',
    "centre": '<path fill="currentColor" d="M3.2 3.2h13.6v13.6H3.2Z"/>',
    "yes-unit": '<circle cx="10" cy="10" r="8" fill="currentColor"/>',
    "part-unit": _RING + '<path d="M10 3a7 7 0 0 0 0 14Z" fill="currentColor"/>',
    "ask-unit": _RING,
    "yes-centre": '<path fill="currentColor" d="M2.5 2.5h15v15h-15Z"/>',
    "part-centre": _FRAME + '<path d="M10 3.5H3.5v13H10Z" fill="currentColor"/>',
    "ask-centre": _FRAME,
    "none": '<path d="M5 10h10" stroke="currentColor" stroke-width="2"/>',
}
SHAPES["yes"] = SHAPES["yes-unit"]
SHAPES["partly"] = SHAPES["part-unit"]
SHAPES["no"] = SHAPES["none"]

# Line drawings for pages and lists that hold nothing; one tinted disc in each, our own unit.
DRAWINGS: Final[dict[str, str]] = {
    "inbox": '<path d="M4 74h136"/><path d="M24 74V34h92v40"/><path d="M24 34 38 12h64l14 22"/>'
    '<path d="M24 34h26l5 12h34l5-12h22"/><circle class="tint" cx="72" cy="26" r="7"/>',
    "shelf": '<path d="M4 74h136M18 74V22h14v52M36 74V14h18v60M58 74V28h12v46"/>'
    '<path d="m84 74-8-46 13-3 9 49" stroke-dasharray="3 4"/><path d="M40 24h10M40 30h10"/>'
    '<circle class="tint" cx="118" cy="66" r="7"/>',
    "search": '<path d="M4 74h136"/><circle cx="66" cy="36" r="24"/><path d="m84 53 20 19"/>'
    '<path d="M52 36h28" stroke-dasharray="3 4"/><circle class="tint" cx="118" cy="24" r="7"/>',
    "lost": '<path d="M2 2h28v28H2ZM38 2h28v28H38ZM74 2h28v28H74ZM110 2h28v28h-28ZM2 40h28v28H2ZM38 40h28v28H38Z'
    'M110 40h28v28h-28Z"/><path d="M74 40h28v28H74Z" stroke-dasharray="3 4"/>'
    '<circle class="tint" cx="100" cy="76" r="7"/>',
    "locked": '<path d="M4 74h136"/><path d="M40 74V14h52v60"/><path d="M48 74V22h36v52"/><path d="M76 46v8"/>'
    '<path d="M104 74V50h20v24" stroke-dasharray="3 4"/><circle class="tint" cx="24" cy="66" r="7"/>',
    "crossed": '<path d="M4 74h136"/><path d="M26 12h38l10 10v44H26ZM64 12v10h10M34 34h30M34 42h22"/>'
    '<path d="M84 20h34v46H84M84 34h24M84 42h24" stroke-dasharray="3 4"/><circle class="tint" cx="79" cy="54" r="7"/>',
    "broken": '<path d="M4 74h52m12 0h72"/><path d="M22 74V18h34l-6 20 10 10-6 26M122 74V18H68l-6 18 10 12-4 26"/>'
    '<circle class="tint" cx="62" cy="76" r="7"/>',
    "people": '<path d="M4 74h136"/><circle cx="44" cy="34" r="11"/><path d="M24 74c2-16 10-24 20-24s18 8 20 24"/>'
    '<path d="M78 26h22v20H78ZM70 74V58h38v16" stroke-dasharray="3 4"/><circle class="tint" cx="126" cy="66" r="7"/>',
    "chain": '<path d="M4 74h136"/><path d="M14 30h26v26H14ZM59 30h26v26H59Z"/>'
    '<path d="M40 43h19M85 43h19"/><path d="M104 30h26v26h-26Z" stroke-dasharray="3 4"/>'
    '<circle class="tint" cx="72" cy="43" r="7"/>',
}
