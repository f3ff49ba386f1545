"""Files of images as libvips opens them: read as their pixels are asked for, damage an error."""

from pathlib import Path

import pyvips


def open_image(path: Path, *, access: str = "sequential") -> pyvips.Image:
    """Open a file.

    Raises:
        pyvips.Error: The file is damaged; found where the damage is, not at the start.
    """
    return pyvips.Image.new_from_file(str(path), access=access, fail_on="error")


def open_bytes(data: bytes) -> pyvips.Image:
    """Open the content of a file, to be read from the top once.

    Raises:
        pyvips.Error: The file is damaged; found where the damage is, not at the start.
    """
    return pyvips.Image.new_from_buffer(data, "", access="sequential", fail_on="error")
