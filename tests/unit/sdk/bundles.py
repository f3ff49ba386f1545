"""Bundles of tiny models, signed with a key of the test."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from services.inference.adapters.bundles import as_json, fresh_seed, signed
from services.inference.domain.export_facts import facts_of
from shared.runtime.manifest import ModelManifest
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.tasks.names import TaskName
from shared.sdk.bundle import EXPECTED, GOLDEN, MANIFEST, MODEL, Bundle
from shared.sdk.image_files import read_image
from shared.sdk.model import Model
from shared.sdk.verification import columns_to_json
from tests.adapters.inference.models import Version
from tests.unit.inference.exporting import pictures
from tests.unit.inference.small_models import version_of

SEED = fresh_seed()


def bundle_of(task: TaskName = "detection", **changed: Any) -> Bundle:
    """A sound bundle of a task; ``changed`` are facts of its manifest."""
    version = version_of(task)
    version = replace(version, manifest=replace(version.manifest, **changed))
    model = Model(version.manifest, OnnxSession(version.onnx))
    images = {f"images/{place}.png": file for place, file in enumerate(pictures(2))}
    cases = [_case(model, name, file) for name, file in images.items()]
    files = {
        MODEL: version.onnx,
        MANIFEST: version.manifest.to_json().encode(),
        GOLDEN: version.golden.to_bytes(),
        EXPECTED: as_json({"images": cases}),
        **images,
    }
    return signed(files, _facts(version), SEED)


def forged(
    bundle: Bundle, *, seed: str = SEED, files: Mapping[str, bytes] | None = None, **changed: Any
) -> Bundle:
    """The bundle with another manifest, signed anew: as of one who has a key and bad intentions.

    ``files`` are put in place of its own.
    """
    manifest = replace(ModelManifest.from_json(bundle.files[MANIFEST]), **changed)
    kept = {name: data for name, data in bundle.files.items() if name in bundle.facts["files"]}
    return signed(
        {**kept, MANIFEST: manifest.to_json().encode(), **(files or {})}, bundle.facts, seed
    )


def _facts(version: Version) -> dict[str, Any]:
    return facts_of(version.manifest, target="sdk", project=("P", "pins"))


def _case(model: Model, name: str, file: bytes) -> dict[str, Any]:
    pixels = read_image(file)
    floor = model.manifest.score_floor
    return {
        "image": name,
        "threshold": floor,
        "tile_plan_hash": None,
        "columns": columns_to_json(model.results(pixels, threshold=floor).columns()),
        "shown": len(model.results(pixels, threshold=model.threshold)),
    }
