"""Makes the builders beside this file importable by the tiling's tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
