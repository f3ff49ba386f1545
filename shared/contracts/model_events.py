"""Events of served models and their predictions."""

from typing import Any, ClassVar

from shared.contracts.envelope import EXAMPLE_ID, EventBody


class ModelPromoted(EventBody):
    """A version is to be served: it passed the gate, or a person wants it.

    ``test_after``: then it tests images. ``order`` counts the promotions of a project: whatever the
    clocks say, the highest one serves.
    """

    type: ClassVar[str] = "model.promoted"
    topic: ClassVar[str] = "model"
    source: ClassVar[str] = "trainer"
    consumers: ClassVar[tuple[str, ...]] = ("inference", "trainer")
    example: ClassVar[dict[str, Any]] = {
        "project_id": EXAMPLE_ID,
        "training_id": EXAMPLE_ID,
        "version": "V1",
        "number": 1,
        "model_key": "t/default/fcde2b2e",
        "model_manifest_key": "t/default/baa5a096",
        "golden_key": "t/default/01ba4719",
    }

    project_id: str
    training_id: str
    version: str
    number: int
    model_key: str
    model_manifest_key: str
    golden_key: str
    test_after: bool = False
    order: int = 0


class ModelDeployed(EventBody):
    """A version answers on the model server."""

    type: ClassVar[str] = "model.deployed"
    topic: ClassVar[str] = "model"
    source: ClassVar[str] = "inference"
    consumers: ClassVar[tuple[str, ...]] = ("trainer", "inference", "annotation", "workspace")
    example: ClassVar[dict[str, Any]] = {"project_id": EXAMPLE_ID, "version": "V1"}

    project_id: str
    version: str


class DeploymentFailed(EventBody):
    """A version could not be served; the one before goes on serving."""

    type: ClassVar[str] = "model.deployment_failed"
    topic: ClassVar[str] = "model"
    source: ClassVar[str] = "inference"
    consumers: ClassVar[tuple[str, ...]] = ("trainer",)
    example: ClassVar[dict[str, Any]] = {
        "project_id": EXAMPLE_ID,
        "version": "V1",
        "reason": "the golden check differs",
    }

    project_id: str
    version: str
    reason: str


class PredictionCompleted(EventBody):
    """An image of the gallery was tested."""

    type: ClassVar[str] = "prediction.completed"
    topic: ClassVar[str] = "prediction"
    source: ClassVar[str] = "inference"
    consumers: ClassVar[tuple[str, ...]] = ("gallery", "annotation")
    example: ClassVar[dict[str, Any]] = {
        "project_id": EXAMPLE_ID,
        "prediction_id": EXAMPLE_ID,
        "image_id": EXAMPLE_ID,
        "version": "V1",
        "labels": ["scratch"],
    }

    project_id: str
    prediction_id: str
    image_id: str
    version: str
    labels: tuple[str, ...]


class TestRunCompleted(EventBody):
    """A test of many images came to its end; ``failed`` of its ``images`` have no prediction."""

    __test__: ClassVar[bool] = False  # the name is the domain's word, pytest must not collect it

    type: ClassVar[str] = "test_run.completed"
    topic: ClassVar[str] = "model"
    source: ClassVar[str] = "inference"
    consumers: ClassVar[tuple[str, ...]] = ("workspace",)
    example: ClassVar[dict[str, Any]] = {
        "project_id": EXAMPLE_ID,
        "test_run_id": EXAMPLE_ID,
        "version": "V1",
        "images": 200,
        "failed": 1,
    }

    project_id: str
    test_run_id: str
    version: str
    images: int
    failed: int


class SecondOpinionCompleted(EventBody):
    """A version looked at ``images`` that people annotated; ``number`` counts a project's looks.

    ``opinions_key`` is the blob of what it found.
    """

    type: ClassVar[str] = "second_opinion.completed"
    topic: ClassVar[str] = "model"
    source: ClassVar[str] = "inference"
    consumers: ClassVar[tuple[str, ...]] = ("annotation",)
    example: ClassVar[dict[str, Any]] = {
        "project_id": EXAMPLE_ID,
        "number": 1,
        "version": "V1",
        "opinions_key": "t/default/baa5a096",
        "images": 200,
    }

    project_id: str
    number: int
    version: str
    opinions_key: str
    images: int
