"""A client of the platform's public REST API: signs in, retries what is safe, walks pages."""

import hashlib
import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self, TypeAlias

import httpx

from shared.ids import new_id

Json: TypeAlias = Any
"""Whatever JSON holds; callers know which answer they asked for."""

_TIMEOUT = httpx.Timeout(connect=5.0, read=180.0, write=180.0, pool=60.0)
_TRIES = 6
_WAIT_S = (0.2, 0.5, 1.0, 2.0, 4.0)
_PAGE = 200
_RENEW_BEFORE_S = 60.0


class ApiError(Exception):
    """The platform refused a request; the text is what it said, `problem` the whole answer."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        places = [
            f"{error.get('field', '')}: {error.get('message', '')}"
            for error in problem.get("errors", [])[:5]
        ]
        text = str(problem.get("detail") or problem.get("title") or f"HTTP {status}")
        super().__init__("; ".join([text, *places]))
        self.status = status
        self.problem = dict(problem)


class Unreachable(Exception):
    """The platform does not answer."""


class Client:
    """Speaks to one platform as the owner of one API key; safe to use from several threads.

    Use it in a `with` block, which closes its connections.

    Args:
        address: Such as `http://127.0.0.1:8080`.
        api_key: The key to sign in with.
    """

    def __init__(self, address: str, api_key: str) -> None:
        self._http = httpx.Client(base_url=address, timeout=_TIMEOUT)
        self._api_key = api_key
        self._token = ""
        self._expires_at = 0.0
        self._signing_in = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def sign_in(self) -> None:
        """Exchange the key for a token; raise ApiError when it is refused."""
        with self._signing_in:
            if time.monotonic() < self._expires_at:
                return
            answer = self._send("POST", "/api/workspace/tokens", json={"api_key": self._api_key})
            self._token = answer["access_token"]
            self._expires_at = time.monotonic() + answer["expires_in"] - _RENEW_BEFORE_S

    def get(self, path: str, **params: Json) -> Json:
        """GET; raise ApiError or Unreachable."""
        return self._authorised("GET", path, params=_present(params))

    def post(self, path: str, body: Json = None, *, key: str = "") -> Json:
        """POST JSON; with an idempotency `key` it is safe to repeat."""
        headers = {"Idempotency-Key": key} if key else {}
        return self._authorised("POST", path, json=body, headers=headers)

    def put(self, path: str, body: Json) -> Json:
        """PUT JSON."""
        return self._authorised("PUT", path, json=body)

    def pages(self, path: str, **params: Json) -> Iterator[Json]:
        """Yield every item of a list."""
        page = 1
        while True:
            found = self.get(path, page=page, page_size=_PAGE, **params)
            yield from found["items"]
            if page * _PAGE >= found["total"] or not found["items"]:
                return
            page += 1

    def upload_images(self, project_id: str, files: Sequence[tuple[str, Path]]) -> list[Json]:
        """Upload images as (name, path); return one result a file, in order."""
        path = f"/api/gallery/projects/{project_id}/images"
        with ExitStack() as opened:
            parts = [
                ("files", (name, opened.enter_context(place.open("rb")))) for name, place in files
            ]
            answer = self._authorised("POST", path, files=parts, accept=(400, 413, 415, 422))
        if "files" not in answer:
            raise ApiError(answer.get("status", 422), answer)
        results: list[Json] = answer["files"]
        return results

    def import_labels(self, project_id: str, archive: bytes, *, dry_run: bool = False) -> Json:
        """Import a zip of label files; return the report."""
        return self._authorised(
            "POST",
            f"/api/annotation/projects/{project_id}/imports",
            params={"dry_run": dry_run},
            content=archive,
            headers={"Content-Type": "application/zip"},
        )

    def post_file(
        self, path: str, file: Path, fields: Mapping[str, Json], *, key: str = ""
    ) -> Json:
        """POST a form with one file; fields that are None are left out."""
        with file.open("rb") as opened:
            return self._authorised(
                "POST",
                path,
                files=[("file", (file.name, opened))],
                data=_present(fields),
                headers={"Idempotency-Key": key} if key else {},
            )

    def download(self, path: str, target: Path, *, sha256: str) -> None:
        """GET a file into ``target``, which is there whole or not at all.

        Raises:
            ApiError: It was refused, or other bytes came than those of ``sha256``.
            Unreachable: The platform does not answer, or the body broke off.
        """
        self.sign_in()
        headers = {"Authorization": f"Bearer {self._token}"}
        part = target.with_name(f".{target.name}.{new_id()}.part")
        digest = hashlib.sha256()
        try:
            with self._http.stream("GET", path, headers=headers) as answer, part.open("xb") as file:
                if not answer.is_success:
                    answer.read()
                    _body_of(answer, ())
                for chunk in answer.iter_bytes():
                    digest.update(chunk)
                    file.write(chunk)
            if digest.hexdigest() != sha256:
                raise ApiError(200, {"detail": "other bytes came than those that were announced"})
            part.replace(target)
        except httpx.TransportError as error:
            raise Unreachable(f"{self._http.base_url} does not answer: {error}") from error
        finally:
            part.unlink(missing_ok=True)

    def _authorised(
        self, method: str, path: str, *, accept: Sequence[int] = (), **request: Json
    ) -> Json:
        self.sign_in()
        headers = {**request.pop("headers", {}), "Authorization": f"Bearer {self._token}"}
        try:
            return self._send(method, path, headers=headers, accept=accept, **request)
        except ApiError as error:
            if error.status != 401:
                raise
        self._expires_at = 0.0  # the platform was started anew with another secret, or time is off
        self.sign_in()
        headers["Authorization"] = f"Bearer {self._token}"
        return self._send(method, path, headers=headers, accept=accept, **request)

    def _send(self, method: str, path: str, *, accept: Sequence[int] = (), **request: Json) -> Json:
        """Send; whatever is sent here may be sent twice: the platform recognises what it has."""
        for attempt in range(_TRIES):
            _rewind(request.get("files", ()))
            try:
                response = self._http.request(method, path, **request)
            except httpx.TransportError as error:
                if attempt == _TRIES - 1:
                    raise Unreachable(f"{self._http.base_url} does not answer: {error}") from error
            else:
                if response.status_code not in (429, 503) or attempt == _TRIES - 1:
                    return _body_of(response, accept)
            time.sleep(_WAIT_S[min(attempt, len(_WAIT_S) - 1)])
        raise Unreachable(f"{self._http.base_url} does not answer")


def _rewind(parts: Sequence[Any]) -> None:
    for _, (_, file) in parts:
        file.seek(0)


def _body_of(response: httpx.Response, accept: Sequence[int]) -> Json:
    if response.status_code == 204:
        return None
    try:
        body = response.json()
    except json.JSONDecodeError:
        body = {"detail": f"HTTP {response.status_code}, and no JSON: is this Loupe?"}
        raise ApiError(response.status_code, body) from None
    if response.is_success or response.status_code in accept:
        return body
    raise ApiError(response.status_code, body)


def _present(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}
