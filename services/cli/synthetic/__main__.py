"""`python -m services.cli.synthetic FOLDER --seed 7`: write the demo's images to a folder."""

import argparse
from pathlib import Path

from services.cli.synthetic.dataset import write_dataset


def main() -> None:
    """Parse the command line and write the data set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--shapes", choices=("box", "polygon", "mask", "text"), default="box")
    options = parser.parse_args()
    names = write_dataset(options.folder, seed=options.seed, shape_kind=options.shapes)
    print(f"{len(names)} images in {options.folder}")


if __name__ == "__main__":
    main()
