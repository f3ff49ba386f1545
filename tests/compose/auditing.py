"""Asks the platform's public API for everything that it acknowledged during a walk."""

import hashlib
import json
from pathlib import Path

import httpx

from services.cli.client import Client, Json
from services.cli.demo.data import DemoData
from services.cli.demo.state import DemoRun


def audit(client: Client, files: httpx.Client, run: DemoRun, data: DemoData) -> list[str]:
    """Return what is wrong, one line each: images, annotations, trainings, reports, predictions.

    `files` is signed in, too, and fetches what is no JSON.
    """
    projects = [p for p in client.pages("/api/workspace/projects") if p["name"] == run.project_name]
    if len(projects) != 1:
        return [f"{len(projects)} projects are called {run.project_name}"]
    project = projects[0]["id"]
    images = {
        image["name"]: image for image in client.pages(f"/api/gallery/projects/{project}/images")
    }
    return [
        *_images(files, project, images, data),
        *_annotations(client, project, images),
        *_versions(client, project),
        *_prediction(client, project, images),
    ]


def _images(
    files: httpx.Client, project: str, images: dict[str, Json], data: DemoData
) -> list[str]:
    expected = {image.name: image.path for image in (*data.project, *data.unseen)}
    problems = [f"image {name} is lost" for name in sorted(set(expected) - set(images))]
    problems += [f"image {name} came from nowhere" for name in sorted(set(images) - set(expected))]
    for name in sorted(set(expected) & set(images)):
        path = f"/api/gallery/projects/{project}/images/{images[name]['id']}/content"
        content = files.get(path, params={"original": True}).raise_for_status().content
        if _hash(content) != _hash(Path(expected[name]).read_bytes()):
            problems.append(f"image {name} has other bytes than were uploaded")
    return problems


def _annotations(client: Client, project: str, images: dict[str, Json]) -> list[str]:
    """Annotation holds what was saved; the gallery must show the same of every image."""
    problems = []
    for name, image in images.items():
        path = f"/api/annotation/projects/{project}/images/{image['id']}"
        labels = sorted(shape["label"] for shape in client.get(path)["shapes"])
        if labels != sorted(image["labels"]):
            problems.append(f"image {name} has {labels}, and the gallery shows {image['labels']}")
    return problems


def _versions(client: Client, project: str) -> list[str]:
    trainings = list(client.pages(f"/api/trainer/projects/{project}/trainings"))
    states = [training["status"] for training in trainings]
    problems = [] if len(trainings) == 2 else [f"{len(trainings)} trainings instead of 2"]
    for training in trainings:
        report = client.get(
            f"/api/evaluator/projects/{project}/versions/{training['version']}/report"
        )
        if not report.get("labels"):
            problems.append(f"version {training['version']} has an empty report")
    return problems + ([] if set(states) == {"success"} else [json.dumps(states)])


def _prediction(client: Client, project: str, images: dict[str, Json]) -> list[str]:
    image = next(iter(images.values()))
    body = {"image_id": image["id"]}
    answer = client.post(f"/api/inference/projects/{project}/predictions", body)
    return [] if "shapes" in answer else ["no prediction is answered"]


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
