"""The HTTP face of a service: its routes, and the use cases that they ask for."""

from dataclasses import dataclass

from fastapi import APIRouter

from shared.http.tokens import ReadKeys


@dataclass(frozen=True, kw_only=True)
class Face:
    """What the app factory needs to know of a service.

    ``routers`` need a caller on every route; ``public`` is the explicit list of those that do not.
    ``use_cases`` are what routes ask for by class (:func:`shared.http.use_cases.use`).
    ``token_keys`` gives the public keys of tokens, where the service is the one that signs them.
    """

    name: str
    summary: str
    routers: tuple[APIRouter, ...] = ()
    public: tuple[APIRouter, ...] = ()
    use_cases: tuple[object, ...] = ()
    token_keys: ReadKeys | None = None
