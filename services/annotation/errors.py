"""What the annotation service refuses, each with its code for programs.

Conflict
├── NothingToExport
├── ArchiveGone
├── ArchivesFull
├── NamesFollow
├── TooManyLabels
├── ImportGoesOn
├── NothingToReview
├── AlreadyAccepted
└── NoReport
InvalidInput
├── ArchiveRefused
└── NothingImported
"""

from shared.errors import Conflict, InvalidInput


class NothingToExport(Conflict):
    """No image of the project is annotated."""

    code = "nothing-to-export"
    title = "Nothing is annotated yet"


class ArchiveGone(Conflict):
    """The archive of an import is not kept any more."""

    code = "archive-gone"
    title = "The archive is not kept any more"


class ArchivesFull(Conflict):
    """Archives that wait to be imported take all the room that a project has for them."""

    code = "archives-full"
    title = "There is no room for another archive"


class NamesFollow(Conflict):
    """A name was given up a moment ago, and annotations have not followed yet."""

    code = "names-follow"
    title = "The name is not free yet"


class TooManyLabels(Conflict):
    """A project has as many labels as it may have."""

    code = "too-many-labels"
    title = "The project has no room for more labels"


class ImportGoesOn(Conflict):
    """An import is still at work."""

    code = "import-goes-on"
    title = "The import is not done yet"


class NothingToReview(Conflict):
    """An image without an annotation is handed in, accepted or returned."""

    code = "nothing-to-review"
    title = "The image is not annotated"


class AlreadyAccepted(Conflict):
    """An annotation that is accepted as it is cannot be handed in."""

    code = "already-accepted"
    title = "The annotation is accepted"


class NoReport(Conflict):
    """An import has no report, or none yet."""

    code = "no-report"
    title = "There is no report of this import"


class ArchiveRefused(InvalidInput):
    """A label archive that is refused as a whole."""

    code = "archive-refused"
    title = "The label archive cannot be read"


class NothingImported(InvalidInput):
    """No file of the archive can be stored; ``errors`` has one line a file."""

    code = "nothing-imported"
    title = "Nothing was imported"
