"""Builds the wheel: `python sdk/python/build.py [FOLDER]`, from the repository's root."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from shared.sdk.wheel import build_wheel

if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "dist")
    target.mkdir(parents=True, exist_ok=True)
    sys.stdout.write(f"{build_wheel(target)}\n")
