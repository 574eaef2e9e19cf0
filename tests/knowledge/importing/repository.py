"""Small Git repositories made for one test, with every name and date invented."""

import os
import subprocess
from pathlib import Path


class Repository:
    """A repository in a folder; each commit is one day after the one before."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.day = 0
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str, author: str = "Ida Berg") -> str:
        date = f"{1_600_000_000 + 86_400 * self.day} +0200"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": author,
            "GIT_AUTHOR_EMAIL": f"{author.split(maxsplit=1)[0].lower()}@example.org",
            "GIT_COMMITTER_NAME": "Robot",
            "GIT_COMMITTER_EMAIL": "robot@example.org",
            "GIT_AUTHOR_DATE": date,
            "GIT_COMMITTER_DATE": date,
        }
        done = subprocess.run(["git", *arguments], cwd=self.folder, env=environment, capture_output=True, check=True)
        return done.stdout.decode().strip()

    def write(self, path: str, content: str | bytes) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, message: str = "Change.", *, author: str = "Ida Berg", **files: str | bytes | None) -> str:
        """Write or (with ``None``) delete files, named with ``__`` for a slash, and commit everything."""
        return self.save({name.replace("__", "/") + ".md": content for name, content in files.items()}, message, author)

    def save(self, files: dict[str, str | bytes | None], message: str = "Change.", author: str = "Ida Berg") -> str:
        self.day += 1
        for path, content in files.items():
            if content is None:
                self.git("rm", "--quiet", path)
            else:
                self.write(path, content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message, author=author)
        return self.git("rev-parse", "HEAD")

    def move(self, old: str, new: str, message: str = "Move.") -> str:
        self.day += 1
        (self.folder / new).parent.mkdir(parents=True, exist_ok=True)
        self.git("mv", old, new)
        self.git("commit", "--quiet", "-m", message)
        return self.git("rev-parse", "HEAD")

    def branch(self, name: str) -> None:
        self.git("checkout", "--quiet", "-b", name)

    def merge(self, name: str, *, author: str = "Ida Berg") -> str:
        self.day += 1
        self.git("checkout", "--quiet", "main")
        self.git("merge", "--quiet", "--no-ff", "-m", f"Merge {name}", name, author=author)
        return self.git("rev-parse", "HEAD")

    def bundle(self, path: Path) -> Path:
        self.git("bundle", "create", "--quiet", str(path), "HEAD", "main")
        return path
