"""What the person who starts the server reads."""

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

WILDCARDS = frozenset({"0.0.0.0", "::", "*"})  # noqa: S104 - recognised, not bound
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def say(text: str = "") -> None:
    """Write a line for the person at the terminal, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@contextmanager
def step(text: str) -> Iterator[None]:
    """Say what is being done, then how many seconds it took."""
    say(f"  · {text} …")
    begun = time.monotonic()
    yield
    say(f"    done in {time.monotonic() - begun:.1f} s")


def address(*, host: str, port: int) -> str:
    """Return the address to open in a browser on this machine."""
    shown = "localhost" if host in WILDCARDS or host in _LOOPBACK else host
    return f"http://[{shown}]:{port}/" if ":" in shown else f"http://{shown}:{port}/"


def welcome(*, host: str, port: int, demo: bool) -> str:
    """Return where the server is reached and how to sign in."""
    sign_in = (
        "Sign in: choose one of the people on the sign-in page; this is demo data, no password is asked."
        if demo
        else "Sign in: with your e-mail address and password."
    )
    lines = ["", f"  Remit is ready:  {address(host=host, port=port)}", f"  {sign_in}"]
    if host in WILDCARDS:
        lines.append("  From other machines: name the address they use in REMIT_ALLOWED_HOSTS (see README).")
    return "\n".join([*lines, "  Stop with Ctrl+C.", ""])


def why_port_is_not_free(host: str, port: int) -> str | None:
    """Return why the address cannot be bound, or None when it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host if host != "*" else "", port))
        except (OSError, OverflowError) as error:
            return f"{host}, port {port}, cannot be used: {error}. Choose another: make run PORT=8001"
    return None
