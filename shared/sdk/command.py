"""The command `loupe-sdk`: predict, verify, bench, serve; results are JSON on standard output."""

import argparse
import contextlib
import json
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from shared.sdk.bench import bench
from shared.sdk.bundle import Bundle
from shared.sdk.image_files import read_image
from shared.sdk.model import Model
from shared.sdk.server import Server
from shared.sdk.verification import verify

_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status: 0 well, 1 something is wrong, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (OSError, ValueError) as error:  # also of bundles, images and pixels
        sys.stderr.write(f"loupe-sdk: {error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="loupe-sdk", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    predict = commands.add_parser("predict", help="one line of JSON an image")
    predict.add_argument("bundle", type=Path)
    predict.add_argument("images", type=Path, nargs="+", help="files or folders")
    predict.add_argument("--threshold", type=_share, help="lowest score, 0 to 1")
    predict.set_defaults(run=_predict)
    check = commands.add_parser("verify", help="is it whole, signed, and right on this machine?")
    check.add_argument("bundle", type=Path)
    check.set_defaults(run=_verify)
    measure = commands.add_parser("bench", help="how fast it is on this machine")
    measure.add_argument("bundle", type=Path)
    measure.add_argument("--image", type=Path, help="an image of yours; else noise")
    measure.add_argument("--repeats", type=int, default=50)
    measure.set_defaults(run=_bench)
    serve = commands.add_parser("serve", help="answer over HTTP until Ctrl-C")
    serve.add_argument("bundle", type=Path)
    serve.add_argument("--host", default="127.0.0.1", help="where to listen; nobody is asked who")
    serve.add_argument("--port", type=int, default=8765)
    serve.set_defaults(run=_serve)
    for command in (predict, check, measure, serve):
        command.add_argument("--fingerprint", help="of the platform's key, as its console shows it")
    for command in (predict, measure, serve):
        command.add_argument("--threads", type=int, default=0)
    return parser


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("a threshold is from 0 to 1")
    return value


def _predict(options: argparse.Namespace) -> int:
    model = Model.load(options.bundle, threads=options.threads, fingerprint=options.fingerprint)
    status = 0
    for path in _files(options.images):
        try:
            found = asdict(model.predict(path, threshold=options.threshold))
        except (OSError, ValueError) as error:  # the others are predicted
            found, status = {"error": str(error)}, 1
        _say({"image": str(path), **found})
    return status


def _files(places: Sequence[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_dir():
            yield from sorted(p for p in place.iterdir() if p.suffix.lower() in _SUFFIXES)
        else:
            yield place


def _verify(options: argparse.Namespace) -> int:
    found = verify(options.bundle, fingerprint=options.fingerprint)
    _say({"sound": found.is_sound, **asdict(found)})
    return 0 if found.is_sound else 1


def _bench(options: argparse.Namespace) -> int:
    bundle = Bundle.read(options.bundle)
    model = Model.load(bundle, threads=options.threads, fingerprint=options.fingerprint)
    if options.image is not None:
        image = read_image(options.image)
    else:
        size = (model.manifest.input_height, model.manifest.input_width, 3)
        image = np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8)
    measured = bench(model, image, repeats=max(1, options.repeats))
    named = {"model": bundle.facts.get("project"), "version": model.version, "task": model.task}
    _say({**named, "threads": options.threads, **asdict(measured)})
    return 0


def _serve(options: argparse.Namespace) -> int:
    bundle = Bundle.read(options.bundle)
    model = Model.load(bundle, threads=options.threads, fingerprint=options.fingerprint)
    project_id = str(bundle.facts["project"]["id"])
    address = (options.host, options.port)
    with Server(model, project_id=project_id, address=address) as server:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        _say({"listening": f"http://{options.host}:{server.server_port}"})
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
    return 0


def _say(values: dict[str, object]) -> None:
    can_say_all = (sys.stdout.encoding or "").lower() == "utf-8"  # unlike consoles of Windows
    sys.stdout.write(json.dumps(values, ensure_ascii=not can_say_all) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
