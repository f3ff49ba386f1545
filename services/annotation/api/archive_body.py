"""Where archives of requests are kept while they are read, and how large they may be."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request

from shared.http.bodies import received_file
from shared.http.multipart import FILE, form_body

ZIP_BODY = form_body(
    {"file": FILE},
    required="file",
    kinds={"file": "application/zip"},
    others={"application/zip": FILE},
)
_ZIP_TYPES = ("application/zip", "application/x-zip-compressed", "application/octet-stream")


@dataclass(frozen=True, slots=True)
class ArchiveBody:
    """Takes archives from requests into the folder ``staging``."""

    staging: Path
    max_bytes: int

    def received(self, request: Request) -> AbstractAsyncContextManager[Path]:
        """Give the request's archive as a file; see :func:`shared.http.bodies.received_file`."""
        return received_file(request, self.staging, raw_types=_ZIP_TYPES, max_bytes=self.max_bytes)
