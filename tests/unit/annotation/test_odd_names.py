"""Images of any name that the gallery takes come back from an export of every format."""

import io
import zipfile

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.annotation.domain.export_shapes import HOLDS, ExportFormat
from services.annotation.domain.exports import ExportedImage, ExportedProject, export_files
from services.annotation.domain.formats.archive import LabelArchive
from services.annotation.domain.formats.archive_reader import ArchiveReader
from services.annotation.domain.formats.model import KnownImage, KnownImages, stem_of
from shared.contracts.shapes import Shape

NAMES = (
    *("a.jpg", "a.png", "A.JPG", "a.jpg.jpg", "a b.jpg", "a b 1.jpg", "part.jpg", "part 1.jpg"),
    *("classes.jpg", "train.png", "val.bmp", "labels.jpg", "labels.txt.jpg", "data.yaml.png"),
    *("obj.names", "x.names.png", "export-report.png", "readme.jpg", "README.txt.png"),
    *(".jpg", ".hidden.png", "noext", "dots..jpg.", "desktop.ini.jpg", ".ds_store"),
    *("划痕\u3000深.png", "é.png", "Straße.png", "STRASSE.jpg", "10:15:00.png", "cam?slot=3.png"),
    *("default.jpg", "thumbs.db.png", "%20.png", "0a1b2c3d-a.jpg", "instances_val.png"),
    *("a~i3.jpg", "~.jpg", "#.jpg", "a.zip"),
)  # fmt: skip
SPLITS = ("train", "val", "test")
RING = ((1.0, 1.0), (90.0, 2.0), (80.0, 70.0), (2.0, 60.0))


@pytest.mark.parametrize("wanted", HOLDS)
@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=12))
@example(list(NAMES))
@settings(max_examples=25)
def test_every_image_comes_back_by_its_name(wanted: ExportFormat, names: list[str]) -> None:
    images = [KnownImage(f"I{n:03}", name, 640, 480) for n, name in enumerate(names)]
    known = KnownImages(images)
    shapes = {
        image.image_id: (Shape(label=f"c{n % 3}", kind="polygon", points=RING),) if n % 4 else ()
        for n, image in enumerate(images)
    }
    annotated = [
        ExportedImage(image, shapes[image.image_id], (), SPLITS[n % 3])
        for n, image in enumerate(images)
    ]
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packing:
        for file, data in export_files(wanted, ExportedProject(annotated, known, ["c0"])):
            packing.writestr(file, data)
    archive = LabelArchive(target, is_known=lambda file: known.has_stem(stem_of(file)))
    reader = ArchiveReader(archive, known)
    entries = list(reader.entries())
    assert [(entry.file, entry.error, entry.notice) for entry in entries if not entry.labels] == []
    read = {
        entry.image.image_id: [shape.label for shape in entry.labels.shapes]
        for entry in entries
        if entry.image and entry.labels
    }
    splits = {image.image_id: found.split for found in reader.splits() for image in found.images}
    assert read == {i: [shape.label for shape in shapes[i]] for i in shapes}
    assert splits == {found.image.image_id: found.split for found in annotated}
