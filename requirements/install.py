"""Install one of the hashed locks into .venv: ``python3 requirements/install.py run`` or ``dev``.

Runs on whatever Python starts it, with the standard library alone, and is done at once when the lock is installed
already. The installer (uv, itself pinned by hash) goes into .venv too, so that nothing outside this folder is touched.
Where packages come from is the machine's own business: pip's settings are honoured, and handed on to uv, which does not
read them.
"""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = ROOT / "requirements"

# What pip is told, and the name under which uv wants to hear it.
HANDED_ON = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
}


def refuse(text):
    """Stop with one readable sentence."""
    sys.exit("Remit cannot be installed: " + text)


def say(text):
    """Write a line at once, also into a pipe."""
    print("  · " + text, flush=True)


def main(wanted):
    """The lock that was asked for, and the locks it contains, are installed in .venv."""
    if sys.version_info < OLDEST:
        refuse(
            "it needs Python 3.11 or newer, and {} is {}.{}. Name a newer one: make PYTHON=python3.12 run".format(
                sys.executable, *sys.version_info[:2]
            )
        )
    lock = LOCKS / (wanted + ".txt")
    stamp = VENV / ".remit-installed"
    fingerprint = wanted + " " + hashlib.sha256(lock.read_bytes()).hexdigest()
    if PYTHON.exists() and stamp.exists():
        installed = stamp.read_text().splitlines()
        if fingerprint in installed:
            return
    begun = time.monotonic()
    make_venv()
    uv = bootstrap_uv()
    say(
        "Installing what Remit needs to {} (requirements/{}.txt) …".format(
            "run" if wanted == "run" else "be developed and tested", wanted
        )
    )
    install(uv, lock)
    # The dev lock holds the run lock, version for version: a test sees to it.
    names = ["run", "dev"] if wanted == "dev" else ["run"]
    stamp.write_text(
        "".join("{} {}\n".format(n, hashlib.sha256((LOCKS / (n + ".txt")).read_bytes()).hexdigest()) for n in names)
    )
    say("Installed in {:.0f} s.".format(time.monotonic() - begun))


def make_venv():
    """.venv exists and has a pip, or can be filled by the pip of this Python."""
    if PYTHON.exists():
        return
    say("Making .venv with Python {}.{}.{} …".format(*sys.version_info[:3]))
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
    if made.returncode == 0:
        return
    # Debian keeps ensurepip in a package of its own; a pip outside .venv does as well.
    bare = subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)], check=False)
    if bare.returncode or not outer_pip_works():
        refuse(
            "Python's venv module is not complete. On Debian or Ubuntu: apt install python3-venv\n"
            + (made.stdout + made.stderr).strip()
        )


def outer_pip_works():
    """Whether the Python that runs this has a pip which can install into .venv."""
    tried = subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(PYTHON), "--version"], capture_output=True, check=False
    )
    return tried.returncode == 0


def pip():
    """The command line of the pip that serves .venv."""
    own = [str(PYTHON), "-m", "pip"]
    if subprocess.run([*own, "--version"], capture_output=True, check=False).returncode == 0:
        return own
    return [sys.executable, "-m", "pip", "--python", str(PYTHON)]


def pip_install(lock):
    """Install a hashed lock with pip; return whether it went well."""
    command = [*pip(), "install", "--disable-pip-version-check", "--quiet", "--require-hashes", "-r", str(lock)]
    return subprocess.run(command, check=False).returncode == 0


def bootstrap_uv():
    """Return the pinned uv in .venv, or None where this machine's registry has none for it."""
    lock = LOCKS / "uv.txt"
    pinned = lock.read_text().split("==", 1)[1].split()[0]
    uv = VENV / "bin" / "uv"
    if uv.exists():
        version = subprocess.run([str(uv), "--version"], capture_output=True, text=True, check=False).stdout.split()
        if pinned in version:
            return uv
    say("Fetching the installer (uv {}) …".format(pinned))
    return uv if pip_install(lock) and uv.exists() else None


def install(uv, lock):
    """The lock is installed, every file checked against its hash; by pip where uv cannot."""
    if uv is not None:
        command = [str(uv), "pip", "install", "--python", str(PYTHON), "--require-hashes", "-r", str(lock)]
        if subprocess.run(command, env=environment_for_uv(), check=False).returncode == 0:
            return
        say("That did not work; trying once more with pip, which takes a minute …")
    if not pip_install(lock):
        refuse("the packages could not be fetched. Is a package registry reachable? The lines above say what failed.")


def environment_for_uv():
    """This process's environment, with pip's settings under uv's names where uv was told nothing itself."""
    env = dict(os.environ, UV_PYTHON_DOWNLOADS="never")
    env.setdefault("UV_LINK_MODE", "copy")
    # Like pip, look in every registry for a version; every file is checked against its hash, so none can be slipped in.
    env.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    told = subprocess.run([*pip(), "config", "list"], capture_output=True, text=True, check=False).stdout
    for line in told.splitlines():
        key, _, value = line.partition("=")
        name = HANDED_ON.get(key.rpartition(".")[2])
        # pip passes over a folder that is not there; uv would stop at it.
        places = [place for place in value.strip("'\"").replace("\\n", " ").split() if not absent_folder(place)]
        if name and places and name not in os.environ:
            env[name] = ("," if name == "UV_FIND_LINKS" else " ").join(places)
    return env


def absent_folder(place):
    """Whether the place is one on this machine, and is not there."""
    path = place[len("file://") :] if place.startswith("file://") else place
    return path.startswith("/") and not Path(path).exists()


if __name__ == "__main__":
    if sys.argv[1:] not in (["run"], ["dev"]):
        refuse("say which lock: run or dev.")
    main(sys.argv[1])
