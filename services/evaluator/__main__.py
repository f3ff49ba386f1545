"""``python -m services.evaluator api|consume|work``."""

import sys

from services.evaluator.app import build
from shared.hosting.host import main

if __name__ == "__main__":
    main(build, sys.argv[1:])
