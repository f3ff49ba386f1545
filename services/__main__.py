"""The command line: ``loupe run | demo | import | train | …``, see :data:`COMMANDS`.

The image of the workspace has those of them that look after the stores of a cluster.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from importlib.util import find_spec

# One module a command; each offers add_parser(subparsers) and run(args) -> exit code.
COMMANDS = {
    "run": "services.cli.run",
    "demo": "services.cli.demo.command",
    "import": "services.cli.import_",
    "train": "services.cli.train",
    "predict": "services.cli.predict",
    "export": "services.cli.export",
    "report": "services.cli.report",
    "events": "services.cli.events",
    "collect": "services.cli.collect",
    "audit": "services.cli.audit",
    "backup": "services.cli.backup",
    "restore": "services.cli.restore",
    "roles": "services.cli.roles",
    "contracts": "services.cli.contracts",
    "key": "services.cli.key",
    "keys": "services.cli.keys",
    "new-key": "services.cli.new_key",
    "tenants": "services.cli.tenants",
}


def _here() -> list[str]:
    """Return the commands whose modules are here."""
    return [name for name, module in COMMANDS.items() if _is_here(module)]


def _is_here(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # not even its package is
        return False


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(prog="loupe", description="Develop your own vision models.")
    subparsers = parser.add_subparsers(dest="command", required=True)
    # Only the named command is imported: `loupe report` must not wait for torch.
    chosen = [words[0]] if words and words[0] in _here() else _here()
    for name in chosen:
        importlib.import_module(COMMANDS[name]).add_parser(subparsers)
    args = parser.parse_args(words)
    code: int = importlib.import_module(COMMANDS[args.command]).run(args)
    return code


if __name__ == "__main__":
    sys.exit(main())
