"""The artefacts of a version: what the trainer left in the blob store, read and checked."""

from dataclasses import dataclass
from typing import Any

from services.inference.errors import UnservableModel
from services.inference.repository import Deployment, Version
from shared.blobs.port import Blobs
from shared.errors import NotFound
from shared.runtime.golden import Golden
from shared.runtime.manifest import ManifestError, ModelManifest
from shared.runtime.tasks.spec import OutputSpec, TaskSpec
from shared.runtime.tasks.table import UnknownTask, spec_of


@dataclass(frozen=True, slots=True)
class VersionFiles:
    """The blobs of one version."""

    onnx: bytes
    manifest: ModelManifest
    golden: Golden

    @property
    def task(self) -> TaskSpec[Any]:
        """What the model does."""
        return spec_of(self.manifest.task)

    @property
    def outputs(self) -> tuple[OutputSpec, ...]:
        """What a model of this task answers with."""
        return self.task.outputs


async def read_artefacts(blobs: Blobs, deployment: Deployment | Version) -> VersionFiles:
    """Read and parse the version's blobs.

    Raises:
        UnservableModel: One is missing or damaged, they speak of different models, or of a task
            that this release cannot serve.
        DependencyDown: The blob store does not answer.
    """
    try:
        onnx = await blobs.read(deployment.model_key)
        manifest = ModelManifest.from_json(await blobs.read(deployment.model_manifest_key))
        spec = spec_of(manifest.task)
        golden = Golden.from_bytes(await blobs.read(deployment.golden_key), spec.outputs)
    except NotFound as error:
        raise UnservableModel(f"an artefact is missing: {error.detail}") from error
    except (ManifestError, UnknownTask, ValueError) as error:
        raise UnservableModel(f"an artefact is damaged: {error}") from error
    artefacts = VersionFiles(onnx, manifest, golden)
    _check_agreement(artefacts)
    return artefacts


def _check_agreement(artefacts: VersionFiles) -> None:
    """Raise UnservableModel unless `model.json` and the golden file speak of the same model."""
    manifest, golden = artefacts.manifest, artefacts.golden
    side = (manifest.input_height, manifest.input_width, 3)
    wrong = golden.misfits(artefacts.outputs, len(manifest.labels))
    if golden.image.shape[1:] != side:
        wrong.append(f"image has sides {golden.image.shape[1:]}, not {side}")
    questions = artefacts.task.questions(golden.image)
    if [one.image.shape for one in golden.each()] != [one.shape for one in questions]:
        wrong.append("it does not ask all that a model of this task is asked")
    if wrong:
        raise UnservableModel(
            f"the golden file is not of the model that model.json tells of: {'; '.join(wrong)}"
        )
