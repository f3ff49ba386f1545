"""``python -m services.annotation api|consume``."""

import sys

from services.annotation.app import build
from shared.hosting.host import main

if __name__ == "__main__":
    main(build, sys.argv[1:])
