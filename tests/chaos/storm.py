"""Kills a platform that is written to, again and again, then audits what it had acknowledged.

    python -m tests.chaos.storm --kills 100 --seed 7

Nothing is trained here, so a kill costs a restart and no more; the loop of trainings is killed by
`tests.chaos.killing`. Writers upload images, annotate them, add labels and projects, and note each
answer. At seeded instants the platform, its worker, Triton or all of its processes get SIGKILL.
The audit asks the public API: whatever was acknowledged is there once and as it was sent, every
service has heard of it, and nobody waits for events.
"""

import argparse
import hashlib
import itertools
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.chaos.furnished import picture
from tests.chaos.standing import PLAIN, Standing, sign_in

WRITERS = 3
VICTIMS = ("services run", "services run", "services run", "", "services.trainer work", "triton")
_AWAY_S = 0.25
_PAUSE_S = 0.1  # what is written is read again in the audit
_HEARD_S = 300.0  # a hang, not a slow machine
_BOX = {"kind": "box", "label": "pin", "points": [[8, 8], [16, 16]]}


@dataclass
class Ledger:
    """What was acknowledged: images with their bytes' hash, shapes by image, labels, projects.

    ``unsure`` are images whose annotation was sent and not answered.
    """

    images: dict[str, tuple[str, str]] = field(default_factory=dict)
    shapes: dict[str, str] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    labels: set[str] = field(default_factory=set)
    projects: set[str] = field(default_factory=set)

    @property
    def rows(self) -> int:
        """Return how many writes were acknowledged."""
        return len(self.images) + len(self.shapes) + len(self.labels) + len(self.projects)


class Writer(threading.Thread):
    """Writes until it is told to stop; a platform that is away is asked again a moment later."""

    def __init__(self, platform: Standing, project: str, numbers: "itertools.count[int]") -> None:
        super().__init__(daemon=True)
        self._platform = platform
        self._project = project
        self._numbers = numbers
        self.ledger = Ledger()
        self.over = threading.Event()
        self.refused: list[str] = []

    def run(self) -> None:
        """Write."""
        with httpx.Client(base_url=self._platform.address, timeout=60, verify=PLAIN) as client:
            while not self.over.is_set():
                try:
                    sign_in(client, self._platform.folder / "data" / "admin.key")
                    while not self.over.is_set():
                        self._write(client, next(self._numbers))
                        time.sleep(_PAUSE_S)
                except (httpx.HTTPError, KeyError):
                    time.sleep(_AWAY_S)

    def _write(self, client: httpx.Client, number: int) -> None:
        ledger, project = self.ledger, self._project
        content, name = picture(number), f"part-{number}.png"
        answer = client.post(
            f"/api/gallery/projects/{project}/images", files=[("files", (name, content))]
        )
        if image := self._taken(answer, lambda body: body["files"][0]["image"]):
            ledger.images[image["id"]] = (name, hashlib.sha256(content).hexdigest())
            ledger.unsure.add(image["id"])
            self._annotate(client, image["id"])
        if number % 5 == 0:
            body = {"name": f"label {number}"}
            answer = client.post(f"/api/annotation/projects/{project}/labels", json=body)
            if label := self._taken(answer, lambda body: body["id"]):
                ledger.labels.add(label)
        if number % 50 == 0:
            body = {"name": f"project {number}", "task": "detection"}
            answer = client.post("/api/workspace/projects", json=body)
            if made := self._taken(answer, lambda body: body["id"]):
                ledger.projects.add(made)

    def _annotate(self, client: httpx.Client, image_id: str) -> None:
        place = f"/api/annotation/projects/{self._project}/images/{image_id}"
        body = {"shapes": [_BOX | {"id": f"s{image_id}"}], "split": "train"}
        answer = client.put(place, json=body, headers={"If-Match": '"0"'})
        if self._taken(answer, lambda _: True):
            self.ledger.shapes[image_id] = f"s{image_id}"
            self.ledger.unsure.discard(image_id)

    def _taken(self, answer: httpx.Response, find: Callable[[Any], Any]) -> Any:
        """Return what an answer acknowledges; a platform that starts or stops may say 404 or 503.

        An image is heard of within seconds: what is not yet there is no write that was lost.
        """
        if answer.is_success:
            return find(answer.json())
        if answer.status_code not in (404, 503):
            self.refused.append(f"{answer.request.url.path}: {answer.status_code} {answer.text}")
        return None


@dataclass
class Outcome:
    """What a storm did: victims in order, seconds until ready again, rows, and what was broken."""

    killed: list[str] = field(default_factory=list)
    ready_s: list[float] = field(default_factory=list)
    rows: int = 0
    broken: list[str] = field(default_factory=list)


def storm(folder: Path, *, kills: int, seed: int) -> Outcome:
    """Kill so often, then audit."""
    platform, chance, outcome = Standing(folder), random.Random(seed), Outcome()
    try:
        platform.start()
        with platform.client() as client:
            body = {"name": "Pins", "task": "detection", "labels": ["pin"]}
            project = str(client.post("/api/workspace/projects", json=body).json()["id"])
        numbers = itertools.count()
        writers = [Writer(platform, project, numbers) for _ in range(WRITERS)]
        for writer in writers:
            writer.start()
        for _ in range(kills):
            _kill_once(platform, chance, outcome)
        for writer in writers:
            writer.over.set()
        for writer in writers:
            writer.join()
            outcome.broken += writer.refused
        outcome.rows = sum(writer.ledger.rows for writer in writers)
        with platform.client() as client:
            outcome.broken += audit(client, project, [writer.ledger for writer in writers])
    finally:
        platform.stop()
    return outcome


def _kill_once(platform: Standing, chance: random.Random, outcome: Outcome) -> None:
    time.sleep(chance.uniform(0.3, 4.0))
    victim = chance.choice(VICTIMS)
    hit = platform.kill(victim)
    if not hit:
        victim = VICTIMS[0]  # the one that was meant does not live just now
        hit = platform.kill(victim)
    if hit:
        outcome.killed.append(victim or "everything")
    if platform.process is not None and platform.process.poll() is not None:
        began = time.monotonic()
        platform.start()
        outcome.ready_s.append(time.monotonic() - began)


def audit(client: httpx.Client, project: str, ledgers: list[Ledger]) -> list[str]:
    """Return what was acknowledged and is not there, is there twice, or was not heard of."""
    broken = _heard_of(client, project)
    images = {item["id"]: item for item in _all(client, f"/api/gallery/projects/{project}/images")}
    names = [item["name"] for item in images.values()]
    broken += [f"{name} is there twice" for name in {n for n in names if names.count(n) > 1}]
    listed = client.get(f"/api/annotation/projects/{project}/labels").raise_for_status().json()
    labels = {item["id"] for item in listed["items"]}
    projects = {item["id"] for item in _all(client, "/api/workspace/projects")}
    for ledger in ledgers:
        broken += [f"label {lost} is lost" for lost in ledger.labels - labels]
        broken += [f"project {lost} is lost" for lost in ledger.projects - projects]
        for image_id, (name, digest) in ledger.images.items():
            broken += _image(client, project, images.get(image_id), (image_id, name, digest))
            if image_id not in ledger.unsure:
                broken += _annotation(client, project, image_id, images.get(image_id))
    return broken


def _image(client: httpx.Client, project: str, found: Any, said: tuple[str, str, str]) -> list[str]:
    image_id, name, digest = said
    if found is None or found["name"] != name:
        return [f"image {name} is lost"]
    path = f"/api/gallery/projects/{project}/images/{image_id}/content"
    content = client.get(path, params={"original": True}).content
    return [] if hashlib.sha256(content).hexdigest() == digest else [f"{name} has other bytes"]


def _annotation(client: httpx.Client, project: str, image_id: str, found: Any) -> list[str]:
    answer = client.get(f"/api/annotation/projects/{project}/images/{image_id}")
    drawn = [shape["id"] for shape in answer.json().get("shapes", ())]
    broken = [] if drawn == [f"s{image_id}"] else [f"the annotation of {image_id} is {drawn}"]
    shown = found["labels"] if found else None
    return broken if shown == ["pin"] else [*broken, f"the gallery shows {shown} of {image_id}"]


def _heard_of(client: httpx.Client, project: str) -> list[str]:
    """Wait until gallery and annotation tell as many annotated images; say so if they never do."""
    until, told = time.monotonic() + _HEARD_S, ""
    summary = f"/api/annotation/projects/{project}/summary"
    listed = {"label": "pin", "page_size": 1}
    while time.monotonic() < until:
        annotated = client.get(summary).json()["annotated"]
        shown = client.get(f"/api/gallery/projects/{project}/images", params=listed).json()
        told = f"annotation has {annotated} annotated images, the gallery {shown['total']}"
        if annotated == shown["total"] and client.get("/readyz").is_success:
            return []
        time.sleep(_AWAY_S)
    return [told]


def _all(client: httpx.Client, path: str) -> list[Any]:
    """Return all items of a list."""
    found: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = client.get(path, params={"page_size": 100} | cursor).raise_for_status().json()
        found += page["items"]
        if not page.get("next_cursor"):
            return found
        cursor = {"cursor": page["next_cursor"]}


def main() -> int:
    """Rage; print what happened; return 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.storm")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="loupe-chaos-") as top:
        outcome = storm(Path(top), kills=args.kills, seed=args.seed)
    ready = sorted(outcome.ready_s) or [0.0]
    print(
        f"{len(outcome.killed)} kills in {time.monotonic() - began:.0f} s, {outcome.rows} rows; "
        f"ready again: median {ready[len(ready) // 2]:.1f} s, worst {ready[-1]:.1f} s"
    )
    print("\n".join(outcome.broken) or "nothing acknowledged is lost, doubled or unheard")
    return 1 if outcome.broken else 0


if __name__ == "__main__":
    sys.exit(main())
