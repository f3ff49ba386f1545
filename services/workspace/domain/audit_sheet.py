"""The audit log as a sheet: which columns a line has, and how a cell is written."""

import csv
import io
from collections.abc import Iterable, Mapping

COLUMNS = (
    *("at", "key_id", "key_name", "role", "address", "service", "operation", "status"),
    *("named", "made", "version_before", "version_after"),
)
_BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def line_of(cells: Iterable[object]) -> str:
    r"""Return a line of a CSV file (RFC 4180), of which no cell is a formula of a spreadsheet.

    A cell that would begin one gets an apostrophe before it.

    >>> line_of(["=1+1", "a, b", None, ("x", "y"), {"image_id": "7"}, 3])
    '\'=1+1,"a, b",,x y,image_id=7,3\r\n'
    """
    sheet = io.StringIO()
    csv.writer(sheet).writerow([_cell(cell) for cell in cells])
    return sheet.getvalue()


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case Mapping():
            text = " ".join(f"{name}={one}" for name, one in value.items())
        case tuple() | list():
            text = " ".join(map(str, value))
        case _:
            text = str(value)
    return f"'{text}" if text.startswith(_BEGINS_FORMULA) else text
