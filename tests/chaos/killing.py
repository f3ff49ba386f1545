"""Kills the demo at seeded instants and lets it go on, then audits what is left.

    python -m tests.chaos.killing --seeds 10 --kills 2

Each seed is one walk of the loop on a fresh data folder: at random instants one of its processes
(the demo, the platform, the trainer's worker, Triton, or all at once) gets SIGKILL; the demo is
started again until it ends. The audit asks only the public API: every image that the demo saw
accepted is there once with its bytes, every label and correction is what the demo sent, the test of
the unseen images is whole, every training ran once, the loop finished.
"""

import argparse
import contextlib
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from services.cli.synthetic.dataset import DatasetPlan, PartPlan, write_dataset
from tests.chaos.standing import MARK, ROOT, kill_all, processes_of
from tests.servers.processes import free_port

PLAN = DatasetPlan(
    train=PartPlan(small=24, large=1, anodised_share=0.1, dim_share=0.1),
    test=PartPlan(small=8, large=0, anodised_share=0.1, dim_share=0.1),
    unseen=PartPlan(small=8, large=1, anodised_share=0.4, dim_share=0.2),
)
VICTIMS = {
    "demo": "services demo",
    "platform": "services run",
    "worker": "services.trainer work",
    "triton": "tritonserver",
    "everything": "",
}
_BUDGET_S = 10
_WHOLE_S = 900.0


class ChaosFailed(Exception):
    """A promise was broken; the text says which."""


@dataclass
class DemoWalk:
    """One walk of the demo through its kills: its folder, its port, and what was done to it."""

    seed: int
    folder: Path
    data: Path
    port: int = field(default_factory=free_port)
    killed: list[str] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of the walk's processes; the mark tells them from all others."""
        return {
            **os.environ,
            "LOUPE_DATA": str(self.folder),
            "LOUPE_PORT": str(self.port),
            MARK: str(self.folder),
        }

    def start(self) -> subprocess.Popen[bytes]:
        """Start the demo, or let it go on."""
        budget = str(_BUDGET_S)
        command = [sys.executable, "-m", "services", "demo", "--data", str(self.data), "--exit"]
        command += ["--budget-s", budget, "--retraining-budget-s", budget]
        with (self.folder / "demo.log").open("ab") as log:
            return subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)

    def kill(self, rng: random.Random) -> None:
        """Send SIGKILL to the processes of one victim among those that live; note it if it hit."""
        alive = [n for n in sorted(VICTIMS) if processes_of(self.folder, VICTIMS[n])]
        if not alive:
            return
        victim = rng.choice(alive)
        if kill_all(processes_of(self.folder, VICTIMS[victim])):
            self.killed.append(victim)


def walk_with_kills(seed: int, kills: int, folder: Path, data: Path) -> DemoWalk:
    """Walk the loop, killing ``kills`` times; raise ChaosFailed when it does not end well."""
    walk = DemoWalk(seed, folder, data)
    rng = random.Random(seed)
    began = time.monotonic()
    demo = walk.start()
    # A kill may find nobody: on a loaded machine the demo ends a while after its platform did.
    while len(walk.killed) < kills and time.monotonic() - began < _WHOLE_S:
        _run_for(demo, rng.uniform(1.0, 30.0))
        walk.kill(rng)
        if _ended(demo, patience_s=3.0):
            demo = walk.start()
    while True:
        if time.monotonic() - began > _WHOLE_S:
            raise ChaosFailed(f"seed {seed}: the loop does not end (killed: {walk.killed})")
        code = demo.wait()
        if code == 0:
            return walk
        demo = walk.start()
        time.sleep(1)


def audit(walk: DemoWalk) -> None:
    """Start the platform alone and ask it; raise ChaosFailed for a broken promise."""
    platform = subprocess.Popen(
        [sys.executable, "-m", "services", "run"],
        cwd=ROOT,
        env=walk.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with contextlib.closing(_signed_in(walk)) as client:
            ids = _check_images(walk, client)
            corrected = _check_annotations(walk, client, ids)
            _check_trainings(walk, client, corrected)
            _check_tests(walk, client)
    finally:
        platform.terminate()
        platform.wait()


def _check_images(walk: DemoWalk, client: httpx.Client) -> dict[str, str]:
    """Every image once, with its bytes; return their ids by name."""
    project = _project(client)
    listed = client.get(f"/api/gallery/projects/{project}/images", params={"page_size": 500}).json()
    by_name: dict[str, list[str]] = {}
    for image in listed["items"]:
        by_name.setdefault(image["name"], []).append(image["id"])
    expected = [
        path for path in sorted(walk.data.rglob("*")) if path.suffix in (".jpg", ".png", ".bmp")
    ]
    for path in expected:
        ids = by_name.get(path.name, [])
        if len(ids) != 1:
            raise ChaosFailed(f"seed {walk.seed}: {path.name} is there {len(ids)} times")
        content = client.get(f"/api/gallery/projects/{project}/images/{ids[0]}/content").content
        if hashlib.sha256(content).digest() != hashlib.sha256(path.read_bytes()).digest():
            raise ChaosFailed(f"seed {walk.seed}: {path.name} has other bytes")
    return {name: ids[0] for name, ids in by_name.items()}


def _check_annotations(walk: DemoWalk, client: httpx.Client, ids: dict[str, str]) -> int:
    """Labels as they were sent; of unseen images those that were corrected; return how many."""
    project, corrected = _project(client), 0
    for path in sorted(walk.data.rglob("*.json")):
        name = json.loads(path.read_bytes())["imagePath"]
        stored = client.get(f"/api/annotation/projects/{project}/images/{ids[name]}").json()
        if path.parent.name == "unseen" and not stored["corrected"]:
            continue
        corrected += stored["corrected"]
        sent = sorted(shape["label"] for shape in json.loads(path.read_bytes())["shapes"])
        if sorted(shape["label"] for shape in stored["shapes"]) != sent:
            raise ChaosFailed(f"seed {walk.seed}: {name} has other labels than were sent")
    return corrected


def _check_tests(walk: DemoWalk, client: httpx.Client) -> None:
    """One test run, over every unseen image."""
    project = _project(client)
    runs = client.get(f"/api/inference/projects/{project}/test-runs").json()["items"]
    unseen = len([p for p in (walk.data / "unseen").iterdir() if p.suffix == ".json"])
    done = [(run["state"], run["total"], run["done"], run["failed"]) for run in runs]
    if done != [("succeeded", unseen, unseen, 0)]:
        raise ChaosFailed(f"seed {walk.seed}: tests of {unseen} unseen images: {done}")


def _check_trainings(walk: DemoWalk, client: httpx.Client, corrected: int) -> None:
    project = _project(client)
    records = client.get(f"/api/trainer/projects/{project}/trainings").json()["items"]
    versions = sorted(r["version"] for r in records if r["version"])
    states = sorted({r["status"] for r in records})
    if versions != ["V1", "V2"] or states != ["success"]:
        raise ChaosFailed(f"seed {walk.seed}: {json.dumps(records, indent=1)}")
    learnt = next(r["corrections"] for r in records if r["version"] == "V2")
    if not corrected or learnt != corrected:
        raise ChaosFailed(f"seed {walk.seed}: {corrected} images corrected, V2 learnt {learnt}")


def _project(client: httpx.Client) -> str:
    (project,) = client.get("/api/workspace/projects").json()["items"]
    return str(project["id"])


def _signed_in(walk: DemoWalk) -> httpx.Client:
    client = httpx.Client(base_url=f"http://127.0.0.1:{walk.port}", timeout=60)
    deadline = time.monotonic() + 60
    while True:
        try:
            key = (walk.folder / "admin.key").read_text().strip()
            answer = client.post("/api/workspace/tokens", json={"api_key": key})
            client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
            return client
        except (httpx.HTTPError, KeyError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _run_for(demo: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        demo.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def _ended(demo: subprocess.Popen[bytes], patience_s: float) -> bool:
    _run_for(demo, patience_s)
    return demo.poll() is not None


def main() -> int:
    """Walk with every seed; print a line each; return 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--first", type=int, default=0)
    args = parser.parse_args()
    broken = 0
    with tempfile.TemporaryDirectory(prefix="loupe-chaos-") as top:
        data = Path(top) / "images"
        write_dataset(data, seed=1, plan=PLAN)
        for seed in range(args.first, args.first + args.seeds):
            folder = Path(top) / f"walk-{seed}"
            folder.mkdir()
            began = time.monotonic()
            try:
                walk = walk_with_kills(seed, args.kills, folder, data)
                audit(walk)
                outcome = f"kept its promises (killed: {', '.join(walk.killed)})"
            except ChaosFailed as failure:
                broken += 1
                outcome = f"BROKEN {failure}"
            print(f"seed {seed}: {outcome}, {time.monotonic() - began:.0f} s", flush=True)
    print(f"{args.seeds * args.kills} kills in {args.seeds} walks, {broken} broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
