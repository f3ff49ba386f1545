"""What everybody asks about a task: one value says it, so that nobody keeps a ladder of tasks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Protocol, TypeVar

from numpy.typing import NDArray

from shared.runtime.manifest import ModelManifest
from shared.runtime.pixels import Pixels
from shared.runtime.placement import Placement
from shared.runtime.session import ImageBatch, Tensors, TensorSession
from shared.runtime.tasks.names import NEVER_CUT, ShapeKind, TaskName
from shared.vision.tiles import Window

DType = Literal["float32", "int64", "int32", "uint8"]
Dim = int | Literal["labels"]
FREE = -1
"""A side that may differ from answer to answer."""


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """One named tensor of an exported model.

    Attributes:
        name: Its name in the graph.
        dims: Its sides without the batch: a number, `FREE`, or ``labels`` for their number.
        tolerance: How far a served answer may lie from the exported model's own, in ``unit``.
        unit: Of its values, such as ``px``; empty for scores and other bare numbers.
        dtype: Of its values.
    """

    name: str
    dims: tuple[Dim, ...]
    tolerance: float
    unit: str = ""
    dtype: DType = "float32"

    def shape(self, labels: int) -> tuple[int, ...]:
        """The sides for so many labels.

        >>> OutputSpec("scores", (FREE, "labels"), 1e-4).shape(3)
        (-1, 3)
        """
        return tuple(labels if dim == "labels" else dim for dim in self.dims)


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """One column of stored predictions; a row is one result of one image.

    Attributes:
        name: Its name in the file.
        dtype: Of its values.
        dims: Sides of one row's value: ``()`` a number, ``(4,)`` a box; ``labels`` their number.
        ragged: One row's value is any number of such values: the bytes of a text, points.
        optional: Whether a file may be without it.
    """

    name: str
    dtype: DType
    dims: tuple[Dim, ...] = ()
    ragged: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class DrawnMask:
    """Pixels of one result.

    Attributes:
        size: Height and width of the EXIF-upright image.
        counts: COCO's compressed run-length code of all its pixels.
    """

    size: tuple[int, int]
    counts: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """One result as a person sees it.

    Attributes:
        label_index: Its label, as an index into the manifest's labels.
        score: In [0, 1].
        kind: Kind of its shape.
        points: Of the shape, in pixels of the EXIF-upright image.
        mask: Its pixels, of a mask alone.
        text: What is read there, of OCR alone.
    """

    label_index: int
    score: float
    kind: ShapeKind
    points: tuple[tuple[float, float], ...] = ()
    mask: DrawnMask | None = field(default=None, repr=False)
    text: str | None = field(default=None, repr=False)


class Results(Protocol):
    """What a model says about one image, best first; each task has a class of its own."""

    def __len__(self) -> int:
        """How many results there are."""
        ...

    def drawn(self) -> Iterator[Drawn]:
        """Each result as a shape."""
        ...

    def columns(self) -> Mapping[str, NDArray[Any]]:
        """The results as the task's columns, one row a result."""
        ...


R = TypeVar("R", bound=Results)


@dataclass(frozen=True, slots=True)
class View:
    """Where one answer of a model belongs.

    Attributes:
        window: The part of the image that it saw.
        placement: How that part lay in the model's input.
        limit: Results below this score are shown to nobody.
        inner: The part of the image (left, top, width, height) that no other view shows or meets.
            A result that lies in it whole and below ``limit`` may be left out, since it becomes
            part of no other; None where that is not known.
    """

    window: Window
    placement: Placement
    limit: float = 0.0
    inner: tuple[int, int, int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(Generic[R]):
    """How tensors become results.

    Attributes:
        decode: One view's tensors, without the batch's axis, as results in pixels of the whole
            image, cut at the manifest's ``score_floor``.
        merge: The results of several windows of one image as one; never called with fewer than two.
        select: The best ``max_detections`` of those at or above a threshold.
        look_closer: A second look at what was selected, at the image's full resolution and by the
            same model; its results are selected once more, and none has a higher score than before.
            None where one look says all.
    """

    decode: Callable[[Tensors, View, ModelManifest], R]
    merge: Callable[[Sequence[R], Sequence[Window], ModelManifest], R]
    select: Callable[[R, float, ModelManifest], R]
    look_closer: Callable[[R, Pixels, TensorSession, ModelManifest], R] | None = None


def only(image: ImageBatch) -> tuple[ImageBatch, ...]:
    """An input by itself: all that most models can be asked."""
    return (image,)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec(Generic[R]):
    """A task.

    Attributes:
        name: The project's task.
        shape_kinds: Kinds of shapes that teach and judge it.
        outputs: Tensors of its exported models, in order. Their input is ``image``, uint8
            ``(B, H, W, 3)`` RGB of the manifest's size; normalisation is inside the graph.
        columns: Of its stored predictions.
        reading: How tensors become results.
        most_shapes: How many shapes an image may have; None for any number.
        sides_are_free: Whether its models take images of other sides than the manifest's, too.
        questions: From one input of the manifest's size to all that a model is asked to see whether
            it still answers as it did: what no page asks of it, too.
    """

    name: TaskName
    shape_kinds: tuple[ShapeKind, ...]
    outputs: tuple[OutputSpec, ...]
    columns: tuple[ColumnSpec, ...]
    reading: Reading[R]
    most_shapes: int | None = None
    sides_are_free: bool = False
    questions: Callable[[ImageBatch], tuple[ImageBatch, ...]] = only

    def allows(self, count: int) -> bool:
        """Whether an image may have so many shapes."""
        return self.most_shapes is None or count <= self.most_shapes

    @property
    def may_be_cut(self) -> bool:
        """Whether images may be tiled."""
        return self.name not in NEVER_CUT

    @property
    def labels_whole(self) -> bool:
        """Whether images get a label as a whole: without one they teach and judge nothing."""
        return self.shape_kinds == ("image",)

    @property
    def tells_scores(self) -> bool:
        """Whether a stored prediction says how sure the model was; others hold what was shown."""
        return any(column.name in ("score", "scores") for column in self.columns)

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the outputs, in order."""
        return tuple(output.name for output in self.outputs)
