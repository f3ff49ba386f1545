"""Serves the built console at ``/``: its files, and its page for every address it routes itself."""

import secrets
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from shared.errors import NotFound
from shared.http.problems import problem_response

# Ant Design writes style elements at run time: those with the page's own nonce count, no other.
_CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'nonce-{nonce}'; "
    "script-src 'self'; connect-src 'self'; font-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_NONCE_PLACE = "__CSP_NONCE__"
# Names of built assets carry the hash of their content.
_FOREVER = "public, max-age=31536000, immutable"


class Console(StaticFiles):
    """The built web application in ``folder``; ``name.gz`` beside a file is its compressed form."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True)
        self._folder = folder

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file, or the application's page where there is none."""
        try:
            response = await self._found(path, scope)
        except HTTPException as error:
            if error.status_code != 404 or path.startswith(("api/", "assets/")):
                return problem_response(NotFound(f"no such page: /{path}"))
            response = self._page()
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    async def _found(self, path: str, scope: Scope) -> Response:
        if path in (".", "index.html"):
            return self._page()
        response = await super().get_response(path, scope)
        if isinstance(response, FileResponse):
            response = self._compressed(response, Headers(scope=scope))
        response.headers["Cache-Control"] = _FOREVER if path.startswith("assets/") else "no-cache"
        return response

    def _page(self) -> Response:
        """Return the page with a nonce of its own: never the same twice, so nobody may keep it."""
        nonce = secrets.token_urlsafe(16)
        text = (self._folder / "index.html").read_text("utf-8").replace(_NONCE_PLACE, nonce)
        policy = _CONTENT_SECURITY_POLICY.format(nonce=nonce)
        headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
        return HTMLResponse(text, headers=headers)

    def _compressed(self, plain: FileResponse, asked: Headers) -> FileResponse:
        packed = Path(f"{plain.path}.gz")
        if not packed.is_file():
            return plain
        chosen = plain
        if "gzip" in asked.get("accept-encoding", ""):
            headers = {"Content-Encoding": "gzip"}
            chosen = FileResponse(packed, headers=headers, media_type=plain.media_type)
        chosen.headers["Vary"] = "Accept-Encoding"
        return chosen
