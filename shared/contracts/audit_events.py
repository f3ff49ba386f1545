"""Events of who changed what."""

from typing import Any, ClassVar

from pydantic import Field

from shared.contracts.envelope import EXAMPLE_ID, EventBody

PLATFORM = "platform"
"""The source of what every service says."""


class ChangeAsked(EventBody):
    """Somebody asked for a change, and was answered with ``status``; said by every service.

    ``named`` are the ids that the request names, by what its path calls them; ``made`` those that
    the answer names, of what was made or taken away. Versions are those of If-Match and ETag.
    ``key_id`` is None for the command line, whose ``address`` is empty.
    """

    type: ClassVar[str] = "audit.recorded"
    topic: ClassVar[str] = "audit"
    source: ClassVar[str] = PLATFORM
    consumers: ClassVar[tuple[str, ...]] = ("workspace",)
    example: ClassVar[dict[str, Any]] = {
        "service": "annotation",
        "operation": "save_annotation",
        "key_id": "8f3k2m1p",
        "role": "annotator",
        "address": "192.0.2.7",
        "status": 200,
        "named": {"project_id": EXAMPLE_ID, "image_id": EXAMPLE_ID},
        "version_before": 3,
        "version_after": 4,
    }

    service: str
    operation: str
    key_id: str | None = None
    role: str
    address: str = ""
    status: int
    named: dict[str, str] = Field(default_factory=dict)
    made: tuple[str, ...] = ()
    version_before: int | None = None
    version_after: int | None = None
