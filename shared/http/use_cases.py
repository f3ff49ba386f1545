"""How a route comes by its use case: by its class, among what ``app.build`` wired.

Routes are functions of a module and know no wiring::

    Uploading = Annotated[Uploads, Depends(use(Uploads))]

    @router.post("/projects/{project_id}/images", status_code=201)
    async def upload_images(project_id: str, who: Editor, uploads: Uploading) -> UploadResponse: ...
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Generic, TypeVar

from fastapi import APIRouter, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

T = TypeVar("T")


@dataclass(frozen=True)
class Use(Generic[T]):
    """A dependency that gives the use case of class ``kind``; the same for the same class."""

    kind: type[T]

    async def __call__(self, request: Request) -> T:
        """Return what the app's service wired."""
        found: T = request.app.state.use_cases[self.kind]
        return found


def use(kind: type[T]) -> Use[T]:
    """Return the dependency for ``Depends`` that gives the use case of class ``kind``."""
    return Use(kind)


def bind(app: FastAPI, use_cases: Iterable[object], routers: Iterable[APIRouter]) -> None:
    """Hand ``use_cases`` to the routes of ``routers`` in ``app``.

    Raises ValueError for two of one class, and for a route that asks for a class that is not there:
    a wrong wiring ends the start, not a request.
    """
    by_class: dict[type, object] = {}
    for use_case in use_cases:
        if type(use_case) in by_class:
            raise ValueError(f"two use cases of class {type(use_case).__name__}")
        by_class[type(use_case)] = use_case
    for route in chain.from_iterable(router.routes for router in routers):
        if isinstance(route, APIRoute):
            for kind in _asked_for(route.dependant):
                if kind not in by_class:
                    raise ValueError(
                        f"{route.path} uses {kind.__name__}, which the service does not hand over"
                    )
    app.state.use_cases = by_class


def _asked_for(dependant: Dependant) -> Iterable[type]:
    if isinstance(dependant.call, Use):
        yield dependant.call.kind
    for child in dependant.dependencies:
        yield from _asked_for(child)
