"""Where image files of requests are kept while they are tested."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request

from services.inference.api.schemas import PredictionUpload
from shared.http.bodies import FormFile, received_form
from shared.runtime.image_limits import MAX_FILE_BYTES


@dataclass(frozen=True, slots=True)
class ImageBody:
    """Takes image files from requests into the folder ``staging``."""

    staging: Path

    def received(
        self, request: Request
    ) -> AbstractAsyncContextManager[tuple[PredictionUpload, FormFile]]:
        """Give the form's fields and its file; see :func:`shared.http.bodies.received_form`."""
        return received_form(request, PredictionUpload, self.staging, max_bytes=MAX_FILE_BYTES)
