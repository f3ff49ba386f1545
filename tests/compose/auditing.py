"""Asks the platform's public API for everything that it acknowledged during a walk."""

import hashlib
import json
from dataclasses import dataclass, field

import httpx

from services.cli.client import Client, Json
from services.cli.demo.state import DemoRun
from tests.compose.ledger import Ledger, prediction_of, shapes_of


@dataclass
class Found:
    """What the platform holds of a project.

    Attributes:
        images: Name and SHA-256 of what the gallery gives back, by image id.
        shown: The labels that the gallery shows of an image, sorted.
        annotations: What annotation answers, by image id.
        trainings: The records of all trainings.
        reports: The report of each version.
        test_runs: The records of all test runs.
        predictions: Image and shapes of each prediction of a test run, by its id.
    """

    images: dict[str, tuple[str, str]] = field(default_factory=dict)
    shown: dict[str, list[str]] = field(default_factory=dict)
    annotations: dict[str, Json] = field(default_factory=dict)
    trainings: list[Json] = field(default_factory=list)
    reports: dict[str, Json] = field(default_factory=dict)
    test_runs: list[Json] = field(default_factory=list)
    predictions: dict[str, list[str]] = field(default_factory=dict)


def audit(client: Client, files: httpx.Client, run: DemoRun, ledger: Ledger) -> list[str]:
    """Return what is wrong, one line each; `files` is signed in, too, and fetches bytes."""
    projects = [p for p in client.pages("/api/workspace/projects") if p["name"] == run.project_name]
    if len(projects) != 1:
        return [f"{len(projects)} projects are called {run.project_name}"]
    project = projects[0]["id"]
    found = look(client, files, project)
    problems = compare(ledger, found)
    if found.images:
        body = {"image_id": next(iter(found.images))}
        answer = client.post(f"/api/inference/projects/{project}/predictions", body)
        problems += [] if "shapes" in answer else ["no prediction is answered"]
    return problems


def look(client: Client, files: httpx.Client, project: str) -> Found:
    """Ask for everything of a project."""
    found = Found()
    for image in client.pages(f"/api/gallery/projects/{project}/images"):
        path = f"/api/gallery/projects/{project}/images/{image['id']}/content"
        content = files.get(path, params={"original": True}).raise_for_status().content
        found.images[image["id"]] = (image["name"], hashlib.sha256(content).hexdigest())
        found.shown[image["id"]] = sorted(image["labels"])
        annotation = client.get(f"/api/annotation/projects/{project}/images/{image['id']}")
        found.annotations[image["id"]] = annotation
    found.trainings = list(client.pages(f"/api/trainer/projects/{project}/trainings"))
    for training in found.trainings:
        version = training["version"]
        path = f"/api/evaluator/projects/{project}/versions/{version}/report"
        found.reports[version] = client.get(path)
    found.test_runs = list(client.pages(f"/api/inference/projects/{project}/test-runs"))
    for run in found.test_runs:
        path = f"/api/inference/projects/{project}/predictions"
        for item in client.pages(path, test_run_id=run["id"]):
            found.predictions[item["id"]] = prediction_of(item)
    return found


def compare(ledger: Ledger, found: Found) -> list[str]:
    """Return what was acknowledged and is not there, and what is there twice or differs."""
    kinds = ("images", "labels", "corrections", "test_runs", "predictions", "trainings")
    empty = [kind for kind in kinds if not getattr(ledger, kind)]
    return [
        *[f"no {kind.replace('_', ' ')} were acknowledged" for kind in empty],
        *_images(ledger, found),
        *_annotations(ledger, found),
        *_trainings(ledger, found),
        *_test_runs(ledger, found),
    ]


def _images(ledger: Ledger, found: Found) -> list[str]:
    problems = []
    for image_id, (name, digest) in sorted(ledger.images.items()):
        if image_id not in found.images:
            problems.append(f"image {name} is lost")
        elif found.images[image_id] != (name, digest):
            problems.append(f"image {name} has another name or other bytes than were uploaded")
    names = [name for name, _ in found.images.values()]
    twice = sorted({name for name in names if names.count(name) > 1})
    return problems + [f"image {name} is there {names.count(name)} times" for name in twice]


def _annotations(ledger: Ledger, found: Found) -> list[str]:
    problems = []
    for image_id, annotation in sorted(found.annotations.items()):
        name = found.images[image_id][0]
        labels = sorted(shape["label"] for shape in annotation["shapes"])
        if image_id in ledger.corrections:
            if shapes_of(annotation["shapes"]) != ledger.corrections[image_id]:
                problems.append(f"the correction of {name} is lost")
            if not annotation["corrected"]:
                problems.append(f"{name} does not count as corrected")
        elif (drawn := shapes_of(annotation["shapes"])) != ledger.labels.get(image_id, []):
            wanted = ledger.labels.get(image_id, [])
            problems.append(f"{name} has the shapes {drawn}, and {wanted} were acknowledged")
        if labels != found.shown[image_id]:
            problems.append(f"{name} has {labels}, and the gallery shows {found.shown[image_id]}")
    return problems


def _trainings(ledger: Ledger, found: Found) -> list[str]:
    ids = {training["id"] for training in found.trainings}
    problems = [f"training {lost} is lost" for lost in sorted(ledger.trainings - ids)]
    states = [training["status"] for training in found.trainings]
    if states != ["success", "success"]:
        problems.append(f"two trainings should have succeeded: {json.dumps(states)}")
    for version, report in sorted(found.reports.items()):
        if not report.get("labels"):
            problems.append(f"version {version} has an empty report")
    learnt = max((training["corrections"] or 0 for training in found.trainings), default=0)
    if learnt != len(ledger.corrections):
        problems.append(f"{len(ledger.corrections)} images were corrected, V2 learnt {learnt}")
    return problems


def _test_runs(ledger: Ledger, found: Found) -> list[str]:
    done = {run["id"]: (run["state"], run["done"], run["failed"]) for run in found.test_runs}
    wanted = {run_id: ("succeeded", total, 0) for run_id, total in ledger.test_runs.items()}
    problems = [] if done == wanted else [f"test runs are {done} instead of {wanted}"]
    for prediction, shown in sorted(ledger.predictions.items()):
        if found.predictions.get(prediction) != shown:
            problems.append(f"the prediction {prediction} on {shown[0]} is lost or another one")
    return problems
