"""Receiving files: what is larger than its limit is stopped while it comes in, not after it filled the disk."""

from typing import Any, Final

from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload
from django.http import HttpRequest

from knowledge.actions.attachments import LARGEST_FILE
from knowledge.forms.imports import LARGEST_UPLOAD

LIMITS: Final = {"source": LARGEST_UPLOAD}
"""Bytes that a field takes, by its name; every other field takes what a document's file may have."""
READ_ON: Final = 2
"""A body of up to so many limits is read to its end, so that the person sees a page and keeps what was typed below the
file. A longer one is cut off."""


class LimitedUploads(FileUploadHandler):
    """Stands before the handlers that keep what they are given, and counts it.

    What was kept of a file that is too large is thrown away at once, and ``oversized`` of the request says how large it
    may be. Fields are kept as far as they were received.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """A file begins: nothing of it was counted yet."""
        super().new_file(*args, **kwargs)
        self._limit = LIMITS.get(self.field_name or "", LARGEST_FILE)

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *args: Any, **kwargs: Any) -> None:  # noqa: N803 - Django's name
        """Remember how long the body says that it is."""
        self._announced = content_length

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass on what fits."""
        if start + len(raw_data) <= self._limit:
            return raw_data
        self.request.oversized = self._limit  # type: ignore[union-attr]  # set by Django before any data comes
        if self._announced > READ_ON * self._limit:
            raise StopUpload(connection_reset=True)
        raise SkipFile

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the handlers behind."""


def oversized(request: HttpRequest) -> int | None:
    """Return the limit in bytes that a file of this request went over; ``None`` where all fit. Reads the body."""
    if request.method == "POST" and request.content_type == "multipart/form-data":
        _ = request.POST
    return getattr(request, "oversized", None)
