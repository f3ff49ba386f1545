"""A furnished platform as an administrator asks it, and what can be made there."""

import base64
import io
import json
import time
import zipfile
from collections.abc import Callable
from itertools import count
from typing import Any

import httpx

from services.workspace.domain.api_keys import key_id_of
from tests.chaos.furnished import picture

numbers = count(1000)
METADATA = f"filename {base64.b64encode(b'part.png').decode()}"
_WAIT_S = 900.0  # a hang; failed sign-ins are slowed for less


class Site:
    """A furnished platform by its public API."""

    def __init__(self, address: str, given: dict[str, str]) -> None:
        self.given = given
        self.key_id = key_id_of(given["api_key"])
        self._client = httpx.Client(base_url=address, timeout=60)
        self._bearer, self._until = "", 0.0
        self._projects = f"projects/{given['project_id']}"

    def ask(self, method: str, place: str, **request: Any) -> httpx.Response:
        """Send a request as an admin; ``place`` begins with the service."""
        given = request.pop("headers", {})
        for _ in range(2):
            headers = {"Authorization": self.bearer()} | given
            answer = self._send(method, f"/api/{place}", headers=headers, **request)
            if answer.status_code != 401:
                break
            self._until = 0.0  # a drawn request took the token back
        return answer

    def make(self, place: str, body: Any) -> httpx.Response:
        """Make something; raise RuntimeError with what was answered where it is not made."""
        answer = self.ask("POST", place, json=body)
        if answer.status_code not in (200, 201, 202):
            raise RuntimeError(f"POST {place}: {answer.status_code} {answer.text[:500]}")
        return answer

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request; where drawn ones were too many, come back when that is over."""
        answer = self._client.request(method, path, **request)
        end = time.monotonic() + _WAIT_S
        while answer.status_code == 429 and time.monotonic() < end:
            time.sleep(float(answer.headers.get("Retry-After", 1)))
            answer = self._client.request(method, path, **request)
        return answer

    def bearer(self) -> str:
        """Return the credential of an admin, signed in anew every five minutes."""
        if time.monotonic() > self._until:
            body = {"api_key": self.given["api_key"]}
            answer = self._send("POST", "/api/workspace/tokens", json=body).raise_for_status()
            self._bearer = f"Bearer {answer.json()['access_token']}"
            self._until = time.monotonic() + 300
        return self._bearer

    def of(self, service: str, place: str) -> str:
        """Return a place in the furnished project."""
        return f"{service}/{self._projects}/{place}"

    def etag(self, service: str, place: str) -> dict[str, str]:
        """Return the If-Match of what stands there now."""
        answer = self.ask("GET", self.of(service, place))
        return {"If-Match": answer.headers.get("ETag", '"0"')}

    def new_image(self) -> str:
        """Upload one more image; return its id."""
        files = [("files", ("more.png", picture(next(numbers)), "image/png"))]
        answer = self.ask("POST", self.of("gallery", "images"), files=files)
        return str(answer.json()["files"][0]["image"]["id"])

    def new_upload(self) -> str:
        """Begin a resumable upload of four bytes; return its id."""
        headers = {
            "Tus-Resumable": "1.0.0",
            "Upload-Length": "4",
            "Upload-Metadata": METADATA,
        }
        answer = self.ask("POST", self.of("gallery", "uploads"), headers=headers)
        return answer.headers["Location"].rsplit("/", 1)[-1]

    def new_label(self) -> str:
        """Add a label; return its id."""
        body = {"name": f"more {next(numbers)}"}
        return str(self.ask("POST", self.of("annotation", "labels"), json=body).json()["id"])

    def training(self, status: str = "") -> str:
        """Return the id of a training that is not over, in ``status`` if given, starting one."""
        place = self.of("trainer", "trainings")
        self.ask("POST", place, json={})
        over = ("success", "failed", "terminated", "stopping")

        def found() -> str | None:
            listed = self.ask("GET", place, params={"page_size": 100}).json()["items"]
            fits = (item for item in listed if item["status"] not in over)
            return next((item["id"] for item in fits if status in ("", item["status"])), None)

        return str(until(found))

    def export(self, *, is_over: bool = False) -> str:
        """Start an export; return its id, once its file is there if that is asked."""
        place = self.of("inference", "exports")
        body = {"version": "V1", "target": "onnx"}
        export_id = str(self.ask("POST", place, json=body).json()["id"])
        if is_over:
            until(lambda: self.ask("GET", f"{place}/{export_id}").json()["state"] == "succeeded")
        return export_id

    def import_run(self, *, is_over: bool = False, dry_run: bool = False) -> str:
        """Start an import in the background; return its id, once it is over if that is asked."""
        place = self.of("annotation", "import-runs")
        started = self.ask(
            "POST",
            place,
            params={"dry_run": dry_run},
            content=labels_archive(),
            headers={"Content-Type": "application/zip"},
        )
        run_id = str(started.json()["id"])
        if is_over:
            until(lambda: self.ask("GET", f"{place}/{run_id}/report").is_success)
        return run_id


def until(look: Callable[[], Any]) -> Any:
    """Look until there is something, half a minute at most; return it."""
    end = time.monotonic() + 30
    while not (found := look()) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def labels_archive() -> bytes:
    """A zip with the labels of one image, as labelme writes them."""
    document = {
        "imagePath": "part-5.png",
        "imageWidth": 64,
        "imageHeight": 48,
        "shapes": [{"label": "red", "shape_type": "rectangle", "points": [[8, 8], [16, 17]]}],
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("part-5.json", json.dumps(document))
    return buffer.getvalue()
