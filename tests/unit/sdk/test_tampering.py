"""What is not the platform's any more is found, whoever changed what."""

import contextlib
import json
import random
import zipfile
from io import BytesIO

import pytest

from services.inference.adapters.bundles import as_json, fresh_seed, write_zip
from shared.runtime.tasks.table import TASKS
from shared.sdk import Bundle, BundleError, Model, read_image, verify
from shared.sdk.bundle import EXPECTED, FACTS, GOLDEN, MANIFEST, MODEL, SIGNATURE, document
from shared.vision.tiles import TilePlan
from tests.unit.inference.exporting import pictures
from tests.unit.sdk.bundles import bundle_of, forged

FORGERIES = {
    "resize": {"resize": "stretch"},
    "threshold": {"threshold": 0.9999999},
    "tile plan": {"tile_plan": TilePlan(tile_size=(64, 48), overlap_px=8)},
}


@pytest.mark.parametrize("task", TASKS)
def test_a_sound_bundle_is_sound(task) -> None:
    found = verify(bundle_of(task))
    assert found.faults == ()
    assert found.images == 2


@pytest.mark.parametrize("what", ["resize", "threshold", "tile plan"])
def test_a_changed_manifest_is_found_by_its_hash(what) -> None:
    sound = bundle_of()
    changed = Bundle(
        {**sound.files, MANIFEST: forged(sound, **FORGERIES[what]).files[MANIFEST]}, sound.facts
    )
    assert f"{MANIFEST} was changed" in verify(changed).faults
    with pytest.raises(BundleError, match="was changed"):
        Model.load(changed)


@pytest.mark.parametrize("what", ["resize", "threshold", "tile plan"])
def test_a_manifest_that_was_signed_anew_is_found_by_its_answers(what) -> None:
    found = verify(forged(bundle_of(), **FORGERIES[what]))
    assert not found.is_sound
    assert all(fault.startswith("images/") for fault in found.faults)


def test_without_the_hash_of_what_was_changed_nothing_is_run() -> None:
    sound = bundle_of()
    found = verify(Bundle({**sound.files, MODEL: b"no graph"}, sound.facts))
    assert found.faults == (f"{MODEL} was changed",)
    assert (found.images, found.fingerprint) == (0, sound.fingerprint)


@pytest.mark.parametrize("name", [MODEL, MANIFEST, EXPECTED, GOLDEN, SIGNATURE, "images/0.png"])
@pytest.mark.parametrize("data", [b"", b"{}", None], ids=["empty", "object", "cut off"])
def test_any_file_that_was_changed_is_a_fault(name, data) -> None:
    sound = bundle_of()
    changed = sound.files[name][: len(sound.files[name]) // 2] if data is None else data
    assert not verify(Bundle({**sound.files, name: changed}, sound.facts)).is_sound


def without(name: str, cases: dict) -> dict:
    return {"images": [{k: v for k, v in case.items() if k != name} for case in cases["images"]]}


SIGNED_ANEW = {
    "cut image": {"images/0.png": lambda data: data[:-40]},
    "no image": {"images/0.png": lambda data: b"GIF89a"},
    **{
        f"no {name}": {EXPECTED: lambda data, name=name: as_json(without(name, json.loads(data)))}
        for name in ("image", "shown", "columns", "threshold", "tile_plan_hash")
    },
    "no cases": {EXPECTED: lambda data: as_json({"images": 1})},
    "odd cases": {EXPECTED: lambda data: as_json({"images": [1, None, []]})},
    "odd columns": {
        EXPECTED: lambda data: data.replace(b'"values"', b'"value"').replace(b"float32", b"f9")
    },
    "cut golden": {GOLDEN: lambda data: data[:-40]},
    "cut model": {MODEL: lambda data: data[:-40]},
}
MANIFESTS = {
    "input size": {"input_width": 32},
    "task": {"task": "classification"},
    "task of none": {"task": "ocr"},
    "unknown task": {"task": "tasting"},
    "fewer labels": {"labels": ("red",)},
    "most results": {"max_detections": 1},
    "floor": {"score_floor": 0.2},
}


@pytest.mark.parametrize("what", [*SIGNED_ANEW, *MANIFESTS])
def test_what_was_changed_and_signed_anew_is_told_in_words(what) -> None:
    """By one who has a key and bad intentions: never by a traceback."""
    sound = bundle_of()
    changes = {
        name: change(sound.files[name]) for name, change in SIGNED_ANEW.get(what, {}).items()
    }
    bad = forged(sound, files=changes, **MANIFESTS.get(what, {}))
    try:
        faults = verify(bad).faults
    except BundleError as error:
        faults = (str(error),)
    assert faults


def test_another_order_of_colours_is_found_by_the_answers() -> None:
    found = verify(bundle_of(), read=lambda file: read_image(file)[..., ::-1].copy())
    wrong = [fault for fault in found.faults if "the answer is not the platform's" in fault]
    assert len(wrong) == 2


def test_another_key_is_found_by_its_fingerprint() -> None:
    sound = bundle_of()
    foreign = forged(sound, seed=fresh_seed())
    assert verify(foreign).is_sound  # whole, and by nobody's known key
    assert any(
        "another key signed it" in one
        for one in verify(foreign, fingerprint=sound.fingerprint).faults
    )
    with pytest.raises(BundleError, match="another key"):
        Model.load(foreign, fingerprint=sound.fingerprint)


@pytest.mark.parametrize("name", [FACTS, "images/0.png", "golden.npz"])
def test_a_file_that_is_missing_is_found(name, tmp_path) -> None:
    sound = bundle_of()
    files = {key: data for key, data in sound.files.items() if key != name}
    with pytest.raises(BundleError):
        _written(Bundle(files, sound.facts), tmp_path)


def _written(bundle: Bundle, folder) -> None:
    write_zip(bundle, folder / "b.zip")
    Model.load(folder / "b.zip")


def test_a_file_that_was_put_beside_is_found() -> None:
    sound = bundle_of()
    assert (
        "extra.py is not of the bundle"
        in verify(Bundle({**sound.files, "extra.py": b""}, sound.facts)).faults
    )


@pytest.mark.parametrize("text", [b"{}", b"no JSON", b'{"public_key": "00", "signature": "zz"}'])
def test_a_damaged_signature_is_refused_in_words(text) -> None:
    sound = bundle_of()
    with pytest.raises(BundleError):
        Model.load(Bundle({**sound.files, SIGNATURE: text}, sound.facts))


def test_changed_words_of_the_bundle_break_its_signature() -> None:
    sound = bundle_of()
    text = sound.files[FACTS].replace(b"pins", b"pans")
    with pytest.raises(BundleError, match="signature"):
        Model.load(Bundle({**sound.files, FACTS: text}, sound.facts))


def test_folder_and_zip_are_the_same(tmp_path) -> None:
    sound = bundle_of()
    write_zip(sound, tmp_path / "b.zip")
    for name, data in sound.files.items():
        (tmp_path / "b" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "b" / name).write_bytes(data)
    assert verify(tmp_path / "b.zip") == verify(tmp_path / "b")
    assert Model.load(tmp_path / "b").predict(pictures(1)[0]).found


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_bundle_is_refused_in_words(data, tmp_path) -> None:
    (tmp_path / "b.zip").write_bytes(data)
    with pytest.raises(BundleError):
        Model.load(tmp_path / "b.zip")


@pytest.mark.parametrize(
    "kind", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_a_zip_that_broke_on_its_way_is_refused_in_words(kind, tmp_path) -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", kind) as archive:
        for name in (FACTS, "images/针.png"):
            archive.writestr(name, b"0123456789" * 20)
    rng, whole = random.Random(kind), packed.getvalue()
    for _ in range(400):
        broken = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        (tmp_path / "b.zip").write_bytes(broken)
        with pytest.raises(BundleError):
            Bundle.read(tmp_path / "b.zip")


def test_a_zip_that_names_a_file_twice_is_refused(tmp_path) -> None:
    """What is signed is the last one of a name; who unpacks it may be given the first one."""
    sound = bundle_of()
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr(MODEL, b"another model")
        for name, data in sound.files.items():
            with (
                pytest.warns(UserWarning, match="Duplicate")
                if name == MODEL
                else contextlib.nullcontext()
            ):
                archive.writestr(name, data)
    with pytest.raises(BundleError, match=f"{MODEL} more than once"):
        Model.load(tmp_path / "b.zip")


@pytest.mark.parametrize("name", [FACTS, SIGNATURE, EXPECTED])
def test_a_document_without_an_end_is_refused_in_words(name) -> None:
    with pytest.raises(BundleError, match=name):
        document({name: b'{"files": ' + b"[" * 200_000}, name)
