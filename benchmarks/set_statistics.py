"""Statistics of a project with 100,000 annotated images: `python -m benchmarks.set_statistics`.

Embedded stores; images and annotations are written straight into the collections of annotation,
three boxes each. Prints one JSON object: seconds and CPU seconds of one question.
"""

import argparse
import asyncio
import json
import os
import random
import tempfile
import time
from pathlib import Path

from services.annotation.app import build
from services.annotation.handlers.statistics import Statistics
from services.annotation.repository import ANNOTATIONS, IMAGES, PROJECTS, Annotation
from shared.contracts.shapes import Shape
from shared.documents.port import TenantScope
from shared.hosting.stores import Stores
from shared.ids import new_id
from shared.images.directory import ImageView
from shared.projects.directory import ProjectView
from shared.settings import StoreSettings

PROJECT = "p"
LABELS = ("scratch", "pit", "stain", "crack", "dent")
AT_ONCE = 200


def boxes(rng: random.Random) -> tuple[Shape, ...]:
    found = []
    for number in range(3):
        x, y, side = rng.uniform(0, 600), rng.uniform(0, 440), rng.uniform(5, 40)
        corners = ((x, y), (x + side, y + side))
        found.append(Shape(id=str(number), label=rng.choice(LABELS), kind="box", points=corners))
    return tuple(found)


async def fill(stores: Stores, count: int) -> None:
    rng, scope = random.Random(0), TenantScope("t")
    project = ProjectView(id=PROJECT, tenant="t", sequence=1, name="pins", known=True)
    await stores.documents.collection(PROJECTS, scope).ensure(project)
    images = stores.documents.collection(IMAGES, scope)
    annotations = stores.documents.collection(ANNOTATIONS, scope)

    async def one() -> None:
        key = new_id()
        facts = {"sequence": 1, "name": f"{key}.jpg", "sha256": key, "width": 640, "height": 480}
        await images.ensure(ImageView(id=key, tenant="t", project_id=PROJECT, **facts))
        drawn = Annotation(
            id=key, tenant="t", project_id=PROJECT, shapes=boxes(rng), annotated=True
        )
        await annotations.ensure(drawn)

    for _ in range(0, count, AT_ONCE):
        await asyncio.gather(*(one() for _ in range(AT_ONCE)))


async def main(count: int) -> None:
    folder = Path(tempfile.mkdtemp(prefix="loupe-bench-"))
    os.environ["LOUPE_DATA"] = str(folder)
    stores = Stores.of(StoreSettings(stores="embedded", data=folder))
    service = build(stores)
    await stores.open(service.all_collections)
    await fill(stores, count)
    statistics = next(case for case in service.use_cases if isinstance(case, Statistics))
    began, cpu = time.perf_counter(), time.process_time()
    found, total = await statistics.of("t", PROJECT)
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
    print(
        json.dumps(
            {
                "images": total,
                "objects": sum(label.objects for label in found.labels),
                "seconds": round(seconds, 1),
                "cpu_seconds": round(cpu_seconds, 1),
            }
        )
    )
    await stores.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=100_000)
    asyncio.run(main(parser.parse_args().images))
