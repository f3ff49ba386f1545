"""``python -m services.gallery api|consume``."""

import sys

from services.gallery.app import build
from shared.hosting.host import main

if __name__ == "__main__":
    main(build, sys.argv[1:])
