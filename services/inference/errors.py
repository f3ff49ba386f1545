"""What can go wrong between this service and the model server.

::

    DependencyDown
    ├── TritonUnavailable       503  not started, not answering, or not able to start here
    └── ModelNotReady           503  Triton answers and the model is not loaded (yet)
    Conflict
    ├── NoDeployment            409  the project has no deployed version
    ├── PublishConflict         409  another model lies under this name
    └── GoldenMismatch          409  the served version answers differently from the exported one
"""

from shared.errors import Conflict, DependencyDown


class TritonUnavailable(DependencyDown):
    """The model server does not answer, or cannot be started on this machine."""

    code = "model-server-down"
    title = "The model server does not answer"


class ModelNotReady(DependencyDown):
    """The model server answers, but does not serve this version at the moment."""

    code = "model-not-ready"
    title = "The model is being loaded"


class NoDeployment(Conflict):
    """Nothing of this project is served."""

    code = "no-deployment"
    title = "No model of this project is deployed"


class PublishConflict(Conflict):
    """A published model is immutable; other content under its name is refused."""

    code = "publish-conflict"
    title = "Another model is published under this name"


class GoldenMismatch(Conflict):
    """The served model does not repeat the outputs stored with the exported one."""

    code = "golden-mismatch"
    title = "The served model answers differently from the exported one"
