"""What may not stand in the project's files."""

import re

from tests.architecture.repository import ROOT, files, texts

# Written in parts, or this file would hold what it looks for.
_REGISTRIES = [
    "py" + "pi.org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "npm" + "js.com",
    "unp" + "kg.com",
    "js" + "delivr.net",
    "cdnjs." + "cloudflare.com",
    "registry." + "yarnpkg",
]
_LOCK_OPTIONS = ["--" + "index-url", "--" + "extra-index-url", "--" + "find-links", "--" + "trusted-host"]
# A path of somebody's own machine means nothing on another one.
_OWN_MACHINE = re.compile(r"(?<![\w./-])/" + r"(?:home/\w|root/|Users/\w|work/(?:main|shared))")
_UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|^(?:<{7}|>{7}) ", re.MULTILINE)
# Characters a line, on average: what a machine squeezed has one line, or a few.
_SQUEEZED = 200


def test_no_file_names_a_package_registry() -> None:
    assert [(path, host) for path, text in texts() for host in _REGISTRIES if host in text] == []


def test_no_lock_says_where_packages_come_from() -> None:
    locks = [(path, text) for path, text in texts() if path.startswith("requirements/") and path.endswith(".txt")]
    assert len(locks) == 3
    assert [(path, option) for path, text in locks for option in (*_LOCK_OPTIONS, "://") if option in text] == []


def test_no_file_is_minified_or_another_projects() -> None:
    strange = [
        str(path.relative_to(ROOT))
        for path in files()
        if ".min." in path.name or {"node_modules", "vendor", "site-packages"} & set(path.parts)
    ]
    for path, text in texts():
        if path.endswith((".js", ".css")) and len(text) > _SQUEEZED * (text.count("\n") + 1):
            strange.append(f"{path}: squeezed into few lines")
        if path.endswith((".js", ".css")) and re.search(r"@licen[cs]e|\(c\) \d{4}|Copyright", text):
            strange.append(f"{path}: somebody else's licence")
    assert strange == []


def test_no_file_speaks_of_a_machine_it_was_written_on() -> None:
    assert [(path, found.group()) for path, text in texts() if (found := _OWN_MACHINE.search(text))] == []


def test_nothing_is_left_unfinished() -> None:
    source = [(path, text) for path, text in texts() if path.endswith((".py", ".html", ".css", ".js", ".toml"))]
    assert [(path, found.group()) for path, text in source if (found := _UNFINISHED.search(text))] == []
