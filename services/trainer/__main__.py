"""``python -m services.trainer api|consume|work``."""

import sys

from services.trainer.app import build
from shared.hosting.host import main

if __name__ == "__main__":
    main(build, sys.argv[1:])
