"""Errors of the trainer.

::

    LoupeError
    ├── InvalidInput
    │   ├── NoImages           422  the project is empty
    │   └── NoAnnotations      422  images, but none is annotated
    ├── QuotaExceeded
    │   ├── LineFull           429  as many trainings of the tenant run or wait as may
    │   └── TrainingTimeUsed   429  it trained for as long as it may in 24 hours
    └── Conflict
        ├── TrainingWaits      409  one runs and one waits already
        ├── NotResumable       409  it did not fail, or never got a dataset
        ├── NotFinishable      409  it does not run
        └── ServesAlready      409  a version that serves needs no promotion
"""

from shared.errors import Conflict, InvalidInput, QuotaExceeded


class NoImages(InvalidInput):
    """The project has no image."""

    code = "no-images"
    title = "The project has no image"


class NoAnnotations(InvalidInput):
    """No image of the project is annotated."""

    code = "no-annotations"
    title = "No image is annotated"


class LineFull(QuotaExceeded):
    """As many trainings of the tenant run or wait as may."""

    code = "trainings-in-line"
    title = "No further training may wait"


class TrainingTimeUsed(QuotaExceeded):
    """The tenant trained for as long as it may in 24 hours."""

    code = "training-time-used"
    title = "The training time of 24 hours is used up"


class TrainingWaits(Conflict):
    """A project has at most one running and one waiting training."""

    code = "training-waits"
    title = "A training waits already"


class NotResumable(Conflict):
    """Only a failed or terminated training with a dataset can be resumed."""

    code = "not-resumable"
    title = "The training cannot be resumed"


class NotFinishable(Conflict):
    """Only a training that runs can be finished early."""

    code = "not-finishable"
    title = "The training cannot be finished early"


class ServesAlready(Conflict):
    """The version that serves cannot be promoted."""

    code = "serves-already"
    title = "The version serves already"
