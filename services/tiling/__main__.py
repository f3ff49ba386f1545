"""``python -m services.tiling api|consume``."""

import sys

from services.tiling.app import build
from shared.hosting.host import main

if __name__ == "__main__":
    main(build, sys.argv[1:])
