"""The HTTP face of a service: its routes, and the use cases that they ask for."""

from dataclasses import dataclass

from fastapi import APIRouter


@dataclass(frozen=True, kw_only=True)
class Face:
    """What the app factory needs to know of a service.

    ``routers`` need a caller on every route; ``public`` is the explicit list of those that do not.
    ``use_cases`` are what routes ask for by class (:func:`shared.http.use_cases.use`).
    """

    name: str
    summary: str
    routers: tuple[APIRouter, ...] = ()
    public: tuple[APIRouter, ...] = ()
    use_cases: tuple[object, ...] = ()
