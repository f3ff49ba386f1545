"""What can go wrong between a request for a prediction and its answer.

::

    DependencyDown
    ├── TritonUnavailable       503  not started, not answering, or not able to start here
    ├── ModelNotReady           503  Triton answers and the model is not loaded (yet)
    │   └── ModelBroken         503  it is loaded and its process is dead: it must be loaded anew
    └── Busy                    503  too many predictions wait already
        └── TooManyClicks       503  too many clicks on images wait already
    Conflict
    ├── NoDeployment            409  the project (or this version of it) is not served
    ├── TilePlanMismatch        409  the image was cut by another plan than the model's
    ├── PublishConflict         409  another model lies under this name
    ├── GoldenMismatch          409  the served version answers differently from the exported one
    ├── CertificateRefused      409  the exported file answers differently from the reported model
    └── ExportNotReady          409  it is being made, or was not made
    InvalidInput
    ├── NotAnImage              422  the bytes are no image, or a damaged one
    └── UnservableModel         422  the artefacts of a version cannot be served
    QuotaExceeded
    └── TooManyPredictions      429  the tenant asks for more in a second than it may
"""

from shared.errors import Conflict, DependencyDown, InvalidInput, QuotaExceeded


class TritonUnavailable(DependencyDown):
    """The model server does not answer, or cannot be started on this machine."""

    code = "model-server-down"
    title = "The model server does not answer"


class ModelNotReady(DependencyDown):
    """The model server answers, but does not serve this version at the moment."""

    code = "model-not-ready"
    title = "The model is being loaded"


class ModelBroken(ModelNotReady):
    """The process behind a loaded model died; Triton goes on calling the model ready."""


class Busy(DependencyDown):
    """More predictions wait than this process takes."""

    code = "busy"
    title = "Too many predictions wait"


class TooManyClicks(Busy):
    """More clicks on images wait than this process takes."""

    code = "too-many-clicks"
    title = "Too many clicks wait"


class TooManyPredictions(QuotaExceeded):
    """The tenant asks for more predictions in a second than it may."""

    code = "too-many-predictions"
    title = "Too many predictions are asked for at once"


class NoDeployment(Conflict):
    """Nothing of this project, or not this version of it, is served."""

    code = "no-deployment"
    title = "No model of this project is deployed"


class TilePlanMismatch(Conflict):
    """Images must be cut in production as they were in training (C-139)."""

    code = "tile-plan-mismatch"
    title = "The image was cut by another tile plan than the model's"


class PublishConflict(Conflict):
    """A published model is immutable; other content under its name is refused."""

    code = "publish-conflict"
    title = "Another model is published under this name"


class GoldenMismatch(Conflict):
    """The served model does not repeat the outputs stored with the exported one."""

    code = "golden-mismatch"
    title = "The served model answers differently from the exported one"


class CertificateRefused(Conflict):
    """An export gets no certificate, and without one nothing leaves."""

    code = "certificate-refused"
    title = "The exported model cannot be certified"


class ExportNotReady(Conflict):
    """There is nothing to download: the export is under way, failed, or was cancelled."""

    code = "export-not-ready"
    title = "The export is not ready"


class NotAnImage(InvalidInput):
    """The bytes are not a whole JPEG, PNG or BMP image within the limits."""

    code = "not-an-image"
    title = "The file is not an image that can be tested"


class UnservableModel(InvalidInput):
    """A version's artefacts are damaged or of a kind that this release does not serve."""

    code = "unservable-model"
    title = "This version cannot be served"
