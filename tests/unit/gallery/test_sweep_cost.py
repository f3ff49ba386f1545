"""Looking for what is over costs what is over, not what is kept: work is counted, never time."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from pathlib import Path

import pytest

from services.gallery.handlers.orphan_blobs import OrphanBlobs
from services.gallery.handlers.resumable import LIFETIME, ResumableUploads
from services.gallery.repository import ORPHANS, PROJECTS, UPLOADS, OrphanBlob, Upload
from shared.blobs.embedded import EmbeddedBlobs
from shared.clock import utc_now
from shared.documents.embedded import EmbeddedDocuments
from shared.documents.port import EveryTenant
from shared.projects.directory import ProjectDirectory, ProjectView
from shared.sqlite import SqliteFile

NOW = utc_now()
TENANTS = ("acme", "beta")
INSERTS = (
    'INSERT INTO "gallery.uploads" (tenant, id, version, body) VALUES (?, ?, 1, ?)',
    'INSERT INTO "gallery.leftovers" (tenant, id, version, body) VALUES (?, ?, 1, ?)',
)
Step = Callable[[ResumableUploads, OrphanBlobs], Awaitable[int]]


def rows(numbers: Iterable[int]) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Uploads with a day to go, and blobs with an hour: (tenant, id, body) each."""
    uploads, blobs = [], []
    for tenant in TENANTS:
        for number in numbers:
            upload = Upload(
                id=f"{number:05}", tenant=tenant, project_id="p", name="a.png", length=9,
                created_by="k", expires_at=NOW + LIFETIME,
            )  # fmt: skip
            blob = OrphanBlob(
                id=f"{number:05}", tenant=tenant, key="k", due_at=NOW + timedelta(hours=1)
            )
            for document, found in ((upload, uploads), (blob, blobs)):
                body = document.model_dump_json(exclude={"version"})
                found.append((document.tenant, document.id, body))
    return uploads, blobs


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(lambda uploads, _: uploads.take_in_whole(), id="whole uploads"),
        pytest.param(lambda uploads, _: uploads.expire(), id="uploads given up"),
        pytest.param(lambda _, blobs: blobs.collect(), id="blobs of deleted images"),
    ],
)
async def test_a_sweep_passes_over_what_is_not_over(tmp_path: Path, step: Step) -> None:
    database = SqliteFile(tmp_path / "documents.sqlite", readers=1)
    documents, blobs = EmbeddedDocuments(database), EmbeddedBlobs(tmp_path / "blobs")
    await documents.open([UPLOADS, ORPHANS, PROJECTS])
    for tenant in TENANTS:
        view = ProjectView(id=f"p-{tenant}", tenant=tenant, sequence=1)
        await documents.collection(PROJECTS, EveryTenant()).insert(view)
    projects = ProjectDirectory(documents, "gallery")
    uploads = ResumableUploads(documents, blobs, staging=None, uploads=None, projects=projects)
    orphans = OrphanBlobs(documents, blobs, projects=projects, grace=timedelta(days=1))
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    await database.read(lambda connection: connection.set_progress_handler(count, 1))
    costs = []
    for numbers in (range(20), range(20, 1000)):
        for insert, fresh in zip(INSERTS, rows(numbers), strict=True):
            await database.write(lambda c, insert=insert, fresh=fresh: c.executemany(insert, fresh))
        steps = 0
        assert await step(uploads, orphans) == 0
        costs.append(steps)
    await documents.close()
    assert costs[0] > 20
    assert costs[1] <= 1.2 * costs[0]
