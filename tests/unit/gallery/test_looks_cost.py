"""Filling in looks reads each image once, however many have none: work is counted, never time."""

from pathlib import Path

from services.gallery.adapters.decoders import Decoders
from services.gallery.adapters.staging import Staging
from services.gallery.handlers.looks import Looks
from services.gallery.handlers.thumbnails import Thumbnails
from services.gallery.repository import IMAGES, Image
from shared.documents.embedded import EmbeddedDocuments
from shared.hosting.stores import Stores
from shared.sqlite import SqliteFile

COUNT = 3000


def row(number: int, *, bare: bool) -> tuple[str, str, int, str]:
    image = Image(
        id=f"{number:05}", tenant="t", project_id="p", identity=str(number),
        name="a.png", sort_name="a.png", sha256="s", size_bytes=1,
        original_type="image/png", blob_key="lost", content_type="image/png", width=40, height=30,
        uploaded_at="2026-01-01T00:00:00Z", looks=None if bare else "",
    )  # fmt: skip
    return "t", image.id, 1, image.model_dump_json(exclude={"version"})


async def cost_of(stores: Stores, folder: Path, bare: int) -> int:
    """Return the steps of a fill where so many of all images have no looks, nor a picture."""
    database = SqliteFile(folder / f"{bare}.sqlite", readers=1)
    documents = EmbeddedDocuments(database)
    await documents.open([IMAGES])
    rows = [row(number, bare=number % (COUNT // bare) == 0) for number in range(COUNT)]
    insert = 'INSERT INTO "gallery.images" (tenant, id, version, body) VALUES (?, ?, ?, ?)'
    await database.write(lambda c: c.executemany(insert, rows))
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    await database.read(lambda connection: connection.set_progress_handler(step, 1))
    pool = Decoders(workers=1, memory_bytes=1 << 20)
    await Looks(
        documents, Thumbnails(documents, stores.blobs, pool, Staging(folder / "staging"))
    ).fill()
    await documents.close()
    return steps


async def test_no_page_of_images_without_looks_reads_all_images_again(
    stores: Stores, tmp_path: Path
) -> None:
    await stores.open([])
    few, many = [await cost_of(stores, tmp_path, bare) for bare in (50, 500)]
    assert few > COUNT
    assert many < 2 * few
