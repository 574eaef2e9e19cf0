"""``python -m benchmarks.first_answer MODULE PATH``: a process that starts, answers once, and ends."""

import importlib
import io
import sys
from typing import Any


def main(module: str, path: str) -> int:
    """0 where the application answered 200."""
    application = importlib.import_module(module).application
    seen: list[str] = []
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": "localhost",
        "HTTP_ACCEPT": "text/html, application/json",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.version": (1, 0),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    response = application(environ, lambda status, headers, problem=None: seen.append(status))
    b"".join(response)
    response.close()
    return 0 if seen[0].startswith("200") else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
