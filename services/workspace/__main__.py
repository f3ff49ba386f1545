"""``python -m services.workspace api|consume``."""

import sys

from services.workspace.app import build
from shared.hosting.host import main

if __name__ == "__main__":
    main(build, sys.argv[1:])
