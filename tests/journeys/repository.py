"""A small repository of standards with some years of history, written by invented people, as a bundle to upload."""

import os
import subprocess
from pathlib import Path

AUTHORS = {"ada": "Ada Brunner <ada@harbour.example>", "leo": "Leo Vance <leo@harbour.example>"}

_FRONT = """---
title: {title}
last_reviewed_on: {reviewed}
review_in: 12 months
tags: [engineering, {tag}]
---

"""

LOGS = "standards/log-messages.md"
LOGS_TITLE = "Log messages"
LOGS_FIRST = "Messages MUST say what happened and to which system."
LOGS_NEWEST = "Messages MUST NOT hold passwords, tokens or the names of customers."

_LOGS = _FRONT + "# {title}\n\n## 1 Content\n\n- " + LOGS_FIRST + "\n"
_NAMES = _FRONT + "# {title}\n\n## 1 Names\n\n- A service MUST have a name that says what it does.\n"
_OLD = "# Punch cards\n\nCards SHOULD be kept dry.\n"


class _Repository:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str, **more: str) -> None:
        """Run git without anybody's own configuration."""
        subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, **more},
            check=True,
            capture_output=True,
            timeout=60,
        )

    def write(self, path: str, text: str) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def commit(self, message: str, *, by: str, on: str, merge: str = "") -> None:
        name, _, address = AUTHORS[by].rstrip(">").partition(" <")
        date = f"{on}T10:00:00+00:00"
        who = {
            "GIT_AUTHOR_NAME": name,
            "GIT_AUTHOR_EMAIL": address,
            "GIT_AUTHOR_DATE": date,
            "GIT_COMMITTER_NAME": name,
            "GIT_COMMITTER_EMAIL": address,
            "GIT_COMMITTER_DATE": date,
        }
        if merge:
            self.git("merge", "--quiet", "--no-ff", "-m", message, merge, **who)
        else:
            self.git("add", "--all", **who)
            self.git("commit", "--quiet", "-m", message, **who)


def bundle(folder: Path) -> Path:
    """Write the bundle: three documents, one of them deleted in the history, one with four changes of which one is a
    merged branch, one renamed."""
    repository = _Repository(folder / "repository")
    logs = _LOGS.format(title=LOGS_TITLE, reviewed="2021-03-02", tag="logs")
    repository.write(LOGS, logs)
    repository.write("standards/punch-cards.md", _OLD)
    repository.commit("First standards of the harbour", by="ada", on="2021-03-02")

    repository.write(
        "standards/naming.md", _NAMES.format(title="Names of services", reviewed="2021-09-14", tag="names")
    )
    logs += "- Times MUST be written in UTC.\n"
    repository.write(LOGS, logs)
    repository.commit("Say in which zone times are written", by="leo", on="2021-09-14")

    (repository.folder / "standards/punch-cards.md").unlink()
    repository.commit("Nobody has a punch card any more", by="ada", on="2022-02-01")

    repository.git("checkout", "--quiet", "-b", "secrets")
    logs += f"- {LOGS_NEWEST}\n"
    repository.write(LOGS, logs)
    repository.commit("Keep secrets out of logs", by="leo", on="2023-05-03")
    repository.git("checkout", "--quiet", "main")
    repository.commit("Merge: secrets do not belong in logs", by="ada", on="2023-05-11", merge="secrets")

    repository.git("mv", "standards/naming.md", "standards/names-of-services.md")
    logs = logs.replace("2021-03-02", "2024-01-20")
    repository.write(LOGS, logs)
    repository.commit("Reviewed; call the file what it is about", by="ada", on="2024-01-20")

    written = folder / "harbour-standards.bundle"
    repository.git("bundle", "create", "--quiet", str(written), "main")
    return written
