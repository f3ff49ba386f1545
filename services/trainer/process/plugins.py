"""Custom losses that an operator brings along: found by name, run in training processes only.

There are two ways in, both trusted as the platform's own code is:

* a file ``losses/<task>/<part>/<name>.py`` in the folder `LOUPE_PLUGINS`, with a function
  ``<name>``;
* an installed package with an entry point ``<task>.<part>.<name>`` in the group `GROUP`.

A file goes before an entry point of the same name. Looking runs nothing of theirs, so that the API
can offer them; a recipe says ``plugin:<name>``.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from services.trainer.domain.losses.table import (
    PLUGIN,
    LossTerm,
    add_plugin,
    parts_of,
)
from shared.errors import InvalidInput
from shared.runtime.tasks.names import TaskName

if TYPE_CHECKING:
    from torch import Tensor

GROUP = "loupe.losses"

Place = Path | EntryPoint


class PluginFailed(InvalidInput):
    """A custom loss cannot be loaded, or is none."""

    code = "loss-plugin-failed"
    title = "A custom loss cannot be used"


def plugins_of(task: TaskName, folder: Path | None) -> dict[str, tuple[str, ...]]:
    """Names of the custom losses of a task, by part; nothing of theirs runs."""
    return {part.name: tuple(_found(task, part.name, folder)) for part in parts_of(task)}


def load_plugins(task: TaskName, terms: Sequence[LossTerm], folder: Path | None) -> None:
    """Loads the custom losses that a recipe names; they are known to this process from then on.

    Raises:
        PluginFailed: One is not there, or its code fails.
    """
    shapes = {part.name: part.elementwise for part in parts_of(task)}
    for term in terms:
        elementwise = shapes[term.part]
        if not term.loss.startswith(PLUGIN):
            continue
        name = term.loss.removeprefix(PLUGIN)
        place = _found(task, term.part, folder).get(name)
        if place is None:
            raise PluginFailed(f"the custom loss {name} is not installed here")
        try:
            function = _function(place, name)
        except Exception as error:  # whatever the operator's code raises
            raise PluginFailed(f"the custom loss {name} cannot be loaded: {error!r}") from error
        add_plugin(task, term.part, name, partial(_guarded, name, elementwise, function))


def _found(task: str, part: str, folder: Path | None) -> Mapping[str, Place]:
    """Where each custom loss of a part lies, in order of their names."""
    places: dict[str, Place] = {}
    for entry in entry_points(group=GROUP):
        at_task, _, rest = entry.name.partition(".")
        at_part, _, name = rest.partition(".")
        if (at_task, at_part) == (task, part) and name.isidentifier():
            places[name] = entry
    if folder is not None:
        for path in (folder / "losses" / task / part).glob("*.py"):
            if path.stem.isidentifier() and not path.stem.startswith("_"):
                places[path.stem] = path
    return dict(sorted(places.items()))


def _function(place: Place, name: str) -> Callable[..., Any]:
    if isinstance(place, EntryPoint):
        found = place.load()
    else:
        spec = spec_from_file_location(f"loupe_plugin_{name}", place)
        if spec is None or spec.loader is None:
            raise ImportError(f"{place.name} is no Python file")
        module = sys.modules[spec.name] = module_from_spec(spec)
        spec.loader.exec_module(module)
        found = getattr(module, name)
    if not callable(found):
        raise TypeError(f"{name} is no function")
    return cast(Callable[..., Any], found)


def _guarded(
    name: str, elementwise: bool, function: Callable[..., Any], answer: "Tensor", truth: "Tensor"
) -> "Tensor":
    """The custom loss's result; its failure is told as the operator's, in one line.

    Raises:
        PluginFailed: It raises, or gives no tensor of the right shape.
    """
    try:
        told = function(answer, truth)
        shape = tuple(told.shape)
    except Exception as error:  # whatever the operator's code raises
        raise PluginFailed(f"the custom loss {name} failed: {error!r}") from error
    wanted = tuple(answer.shape if elementwise else answer.shape[:1])
    if shape != wanted:
        raise PluginFailed(f"the custom loss {name} gives {shape}, not {wanted}")
    return cast("Tensor", told)
