"""The one EXIF entry that matters: the orientation (Exif 2.32, tag 0x0112)."""

import struct

ORIENTATION = 0x0112
MAX_ENTRIES = 512  # a first directory has some dozens; more is an attack on our time
_SHORT = 3


def exif_orientation(tiff: bytes) -> int:
    """Read the orientation out of an EXIF block that begins with its TIFF header.

    Whatever cannot be read counts as upright: broken metadata must not refuse a good image.

    Returns:
        1 to 8; 1 when it is missing or broken.

    >>> exif_orientation(bytes.fromhex("4d4d002a00000008" "0001" "01120003000000010006" "0000"))
    6
    >>> exif_orientation(b"II*")
    1
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return 1
    try:
        (offset,) = struct.unpack_from(f"{order}I", tiff, 4)
        (entries,) = struct.unpack_from(f"{order}H", tiff, offset)
        for index in range(min(entries, MAX_ENTRIES)):
            tag, kind = struct.unpack_from(f"{order}HH", tiff, offset + 2 + 12 * index)
            if tag == ORIENTATION and kind == _SHORT:
                (value,) = struct.unpack_from(f"{order}H", tiff, offset + 10 + 12 * index)
                return value if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1
