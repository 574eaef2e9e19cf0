"""Requests answered by the product's own WSGI application, in this process: no network, every middleware."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection

BOOKKEEPING = re.compile(r"\s*(BEGIN|COMMIT|SAVEPOINT|RELEASE|ROLLBACK)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the seconds that it took, the status and the page."""

    seconds: float
    status: int
    body: bytes


class Server:
    """The application, warm, with the sessions of those who are signed in."""

    def __init__(self, sessions: dict[int, str]) -> None:
        self._application = WSGIHandler()
        self._sessions = sessions

    def get(self, person: int, path: str) -> Answer:
        """The answer to a signed-in person; the connection goes back to its pool as after every request."""
        environ = self._environ(person, path)
        status: list[int] = []

        def start(line: str, headers: Any, problem: Any = None) -> Callable[[bytes], object]:
            status.append(int(line.split(maxsplit=1)[0]))
            return lambda chunk: None

        begun = perf_counter()
        response = self._application(environ, start)
        body = b"".join(response)
        response.close()
        return Answer(perf_counter() - begun, status[0], body)

    def statements(self, person: int, path: str) -> list[str]:
        """The SQL statements of one request, but for the bookkeeping of transactions."""
        seen: list[str] = []

        def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if not BOOKKEEPING.match(sql):
                seen.append(sql)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(note):
            self.get(person, path)
        return seen

    def _environ(self, person: int, path: str) -> dict[str, Any]:
        path, _, query = path.partition("?")
        return {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "HTTP_HOST": "localhost",
            "HTTP_ACCEPT": "text/html",
            "HTTP_COOKIE": f"{settings.SESSION_COOKIE_NAME}={self._sessions[person]}",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": io.StringIO(),
            "wsgi.version": (1, 0),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
