"""``loupe contracts``: write the published contracts, or say where they differ from the code."""

import argparse
import sys
import tempfile
from pathlib import Path

from services.cli.commands import SubParsers
from services.cli.facts import facts

PUBLISHED = Path(__file__).parents[2] / "shared" / "contracts" / "published"
_REFUSED = (
    "nothing is written: give the change a new event type or path, or make it optional. "
    "To break readers on purpose, remove the published file first and say so in the CHANGELOG."
)


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser("contracts", help="generate shared/contracts/published")
    parser.add_argument("--check", action="store_true", help="write nothing; fail on a difference")
    parser.add_argument("--folder", type=Path, default=PUBLISHED, help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Write or check the contracts; return 1 when they differ or a change breaks readers.

    A breaking change writes nothing: the published files are what the next check compares with.
    """
    try:
        from tools.contracts.compatibility import breaking_changes
        from tools.contracts.publishing import documents, read_published, write_published
    except ModuleNotFoundError:
        print(
            "contracts are written from a checkout: this installation has no tools/",
            file=sys.stderr,
        )
        return 1

    fresh = documents(openapi_documents(), facts())
    folder: Path = args.folder
    published = read_published(folder)
    broken = breaking_changes(published, fresh)
    for line in broken:
        print(f"breaking: {line}", file=sys.stderr)
    if not args.check:
        if broken:
            print(_REFUSED, file=sys.stderr)
            return 1
        write_published(folder, fresh)
        return 0
    old = {name for name in published if not name.startswith("examples/")}
    differing = sorted(n for n in fresh.keys() | old if fresh.get(n) != published.get(n))
    for name in differing:
        print(f"differs: {name} (run `make contracts`)", file=sys.stderr)
    return 1 if differing or broken else 0


def openapi_documents() -> dict[str, dict[str, object]]:
    """Return the OpenAPI document of every service, built on throw-away stores."""
    from services.standalone import BUILDS
    from shared.hosting.stores import Stores
    from shared.http.app import create_app
    from shared.http.tokens import Tokens, keys_at
    from shared.settings import StoreSettings

    with tempfile.TemporaryDirectory() as folder:
        stores = Stores.of(StoreSettings(stores="embedded", data=Path(folder)))
        services = [build(stores) for build in BUILDS]
        tokens = Tokens(keys_at(""))
        return {
            service.name: create_app(service, tokens=tokens, checks={}).openapi()
            for service in services
        }
