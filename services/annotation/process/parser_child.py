"""`python -m …process.parser_child …`: a guarded child that reads label archives.

A job is a `ParseJob`; its answer has a line that says how many files there are, a line an entry, a
line a split, and one that ends it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shared.guarded.child import Work, serve


def load() -> Work:
    """Return the work, with all that it needs imported."""
    from services.annotation.domain.formats.archive import LabelArchive
    from services.annotation.domain.formats.archive_reader import ArchiveReader
    from services.annotation.domain.formats.model import (
        FormatError,
        KnownImage,
        KnownImages,
        stem_of,
    )
    from services.annotation.domain.shape_rules import with_ids
    from services.annotation.domain.stored_size import bounded
    from services.annotation.domain.task_shapes import adapt
    from services.annotation.process.parser_messages import (
        ParsedEntry,
        ParsedSplit,
        ParseEnd,
        ParseJob,
        ParseStart,
    )

    def report(job: ParseJob) -> Iterator[ParseStart | ParsedEntry | ParsedSplit]:
        with Path(job.archive).open("rb") as source:
            known = KnownImages(KnownImage(*row) for row in job.images)
            archive = LabelArchive(source, is_known=lambda name: known.has_stem(stem_of(name)))
            yield ParseStart(files=len(archive.members) + len(archive.refused))
            reader = ArchiveReader(archive, known)
            for entry in reader.entries():
                adapted = bounded(adapt(entry, job.task))
                shapes = adapted.labels.shapes if adapted.labels else ()
                named = with_ids(shapes, adapted.image.image_id) if adapted.image else ()
                yield ParsedEntry.of(adapted, named)
            for found in reader.splits():
                yield ParsedSplit.of(found)

    def work(job: Any) -> Iterator[Any]:  # noqa: ANN401  JSON
        refused = ""
        try:
            for line in report(ParseJob.model_validate(job)):
                yield line.model_dump(mode="json")
        except FormatError as error:
            refused = str(error)
        yield ParseEnd(refused=refused).model_dump()

    return work


if __name__ == "__main__":
    serve(load)
