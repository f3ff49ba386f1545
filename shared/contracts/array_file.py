"""Named arrays in one file: numpy's ``.npz`` without pickles, seen to be whole on reading."""

import zipfile
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from shared.errors import InvalidInput

MOST_BYTES = 4 << 30  # of all arrays together, unpacked
HEADER_VERSION = (1, 0)  # of the arrays that numpy writes for plain columns
Arrays = dict[str, NDArray[Any]]


class DamagedArrays(InvalidInput):
    """The bytes are not the arrays that they should be."""

    code = "damaged-arrays"
    title = "The file of arrays is damaged"


def write_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Write arrays, uncompressed: the same arrays give the same bytes."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                npy.write_array(
                    member, np.ascontiguousarray(array), HEADER_VERSION, allow_pickle=False
                )
    return out.getvalue()


def read_arrays(data: bytes) -> Arrays:
    """Read what :func:`write_arrays` wrote; the arrays are read-only.

    Raises:
        DamagedArrays: It is no such file, an array is cut short, holds Python objects or is
            written column by column, or all together take more than :data:`MOST_BYTES`.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > MOST_BYTES:
                raise DamagedArrays("the arrays are too large")
            return {
                member.filename.removesuffix(".npy"): _array(member.filename, archive.read(member))
                for member in members
            }
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, NotImplementedError) as error:
        raise DamagedArrays(f"not a file of arrays: {error}") from error


def _array(name: str, data: bytes) -> NDArray[Any]:
    file = BytesIO(data)
    if npy.read_magic(file) != HEADER_VERSION:
        raise DamagedArrays(f"array {name}: another format of numpy")
    shape, by_columns, dtype = npy.read_array_header_1_0(file)
    if dtype.hasobject or by_columns:
        raise DamagedArrays(f"array {name}: not plain numbers, row by row")
    values = np.frombuffer(data, np.uint8, offset=file.tell())
    if values.size != int(np.prod(shape, dtype=object)) * dtype.itemsize:
        raise DamagedArrays(f"array {name}: cut short")
    array: NDArray[Any] = values.view(dtype).reshape(shape)
    return array
