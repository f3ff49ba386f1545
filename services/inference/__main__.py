"""``python -m services.inference api|consume``."""

import sys

from services.inference.app import build
from shared.hosting.host import main

if __name__ == "__main__":
    main(build, sys.argv[1:])
