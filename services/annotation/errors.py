"""What the annotation service refuses, each with its code for programs.

Conflict
└── NothingToExport
InvalidInput
├── ArchiveRefused
└── NothingImported
"""

from shared.errors import Conflict, InvalidInput


class NothingToExport(Conflict):
    """No image of the project is annotated."""

    code = "nothing-to-export"
    title = "Nothing is annotated yet"


class ArchiveRefused(InvalidInput):
    """A label archive that is refused as a whole."""

    code = "archive-refused"
    title = "The label archive cannot be read"


class NothingImported(InvalidInput):
    """No file of the archive can be stored; ``errors`` has one line a file."""

    code = "nothing-imported"
    title = "Nothing was imported"
