"""The HTTP face of a service: its routes, and the use cases that they ask for."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from fastapi import APIRouter

from shared.http.roles import RoleTable
from shared.http.tokens import ReadKeys

Check = Callable[[], Awaitable[None]]
"""Raises a LoupeError, which says why, while something is not ready."""


@dataclass(frozen=True, kw_only=True)
class Face:
    """What the app factory needs to know of a service.

    ``routers`` need a caller on every route, of the role that ``roles`` tells; ``public`` is the
    explicit list of those that need none.
    ``use_cases`` are what routes ask for by class (:func:`shared.http.use_cases.use`).
    ``checks`` are asked whether it is ready, beside those of the stores.
    ``token_keys`` gives the public keys of tokens, where the service is the one that signs them.
    """

    name: str
    summary: str
    routers: tuple[APIRouter, ...] = ()
    roles: RoleTable = field(default_factory=dict)
    public: tuple[APIRouter, ...] = ()
    use_cases: tuple[object, ...] = ()
    checks: dict[str, Check] = field(default_factory=dict)
    token_keys: ReadKeys | None = None
