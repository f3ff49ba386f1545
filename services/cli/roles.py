"""``loupe roles``: which role may call what, as the guide's tables."""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from services.annotation.api.roles import ROLES as ANNOTATION
from services.cli.commands import SubParsers
from services.evaluator.api.roles import ROLES as EVALUATOR
from services.gallery.api.roles import ROLES as GALLERY
from services.inference.api.roles import ROLES as INFERENCE
from services.tiling.api.roles import ROLES as TILING
from services.trainer.api.roles import ROLES as TRAINER
from services.workspace.api.roles import ROLES as WORKSPACE
from shared.callers import ROLES
from shared.http.roles import Least, Partly, RoleTable, Row, least

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "roles.md"
BEGIN = "## What each call asks for\n"
TABLES: Mapping[str, RoleTable] = {
    "workspace": WORKSPACE,
    "gallery": GALLERY,
    "tiling": TILING,
    "annotation": ANNOTATION,
    "trainer": TRAINER,
    "evaluator": EVALUATOR,
    "inference": INFERENCE,
}


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser("roles", help="print which role may call what")
    parser.add_argument("--write", action="store_true", help=f"into docs/guides/{GUIDE.name}")


def run(args: argparse.Namespace) -> int:
    """Print the tables, or write them into the guide."""
    from services.cli.contracts import openapi_documents

    told = tables(openapi_documents())
    if args.write:
        prose = GUIDE.read_text(encoding="utf-8").partition(BEGIN)[0]
        GUIDE.write_text(prose + told, encoding="utf-8")
    else:
        print(told, end="")
    return 0


def tables(documents: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the tables of all services, in Markdown, by their OpenAPI documents."""
    head = f"| | {' | '.join(ROLES)} |\n|---|{':-:|' * len(ROLES)}"
    parts = [
        "\n".join([f"\n### {service}\n", head, *_lines(service, table, documents[service])]) + "\n"
        for service, table in TABLES.items()
    ]
    return BEGIN + "".join(parts)


def _lines(service: str, table: RoleTable, document: Mapping[str, Any]) -> Iterator[str]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            row = table.get(f"{method.upper()} {path.removeprefix(f'/api/{service}')}")
            told = operation["description"].partition("\n")[0].replace("``", "`")
            if row is None:
                told += " *Needs no token.*"
            elif row == "operator":
                told += " *The operator alone.*"
            elif isinstance(row, Partly):
                told += f" *{row.what.capitalize()}: {row.above}.*"
            marks = " | ".join(_mark(ROLES.index(role), row) for role in ROLES)
            yield f"| `{method.upper()} {path}`<br>{told} | {marks} |"


def _mark(rank: int, row: Row | None) -> str:
    if row is None:
        return "●"
    whole = row.above if isinstance(row, Partly) else row
    return "●" if rank >= _rank(whole) else "○" if rank >= _rank(least(row)) else ""


def _rank(role: Least) -> int:
    """Return how many roles may less; the operator's flag is beyond them all."""
    return len(ROLES) if role == "operator" else ROLES.index(role)
