"""The loop itself, step by step; every step may be repeated, so a rerun goes on where it was."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from services.cli.client import ApiError, Client, Json
from services.cli.demo.comparison import DemoVerdict, judge
from services.cli.demo.data import DemoData
from services.cli.demo.screen import DETECTION_THRESHOLD, Show, shown
from services.cli.demo.state import DemoRun
from services.cli.folders import FolderImage
from services.cli.label_packs import pack_labels
from services.cli.uploads import upload_all

_LOOK_S = 0.5
_NEVER = 100_000
_CONFIRMED = 3
_QUIET_S = 2.0
_REPORT_S = 120.0
_DEPLOY_S = 180.0
_FIRES_S = 60.0


class DemoFailed(Exception):
    """The loop cannot go on; the text says why."""


@dataclass(frozen=True)
class Budgets:
    """Training time in seconds of the first and the second version.

    With ``first_epochs`` the first one lasts so many passes instead, however busy the machine is.
    """

    first_s: float
    second_s: float
    first_epochs: int | None = None


class DemoLoop:
    """Walks the loop for one project.

    Args:
        client: The platform.
        run: Which walk this is.
        show: The screen.
        check: Called while waiting; raises when the platform is gone.
    """

    def __init__(
        self, client: Client, run: DemoRun, show: Show, *, check: Callable[[], None]
    ) -> None:
        self._client = client
        self._run = run
        self._show = show
        self._check = check
        self._project = ""

    def walk(self, data: DemoData, budgets: Budgets) -> tuple[Json, Json]:
        """Walk from an empty project to its second version.

        Returns:
            The training records of both versions.

        Raises:
            DemoFailed: A step failed for good.
        """
        self._project = self._create_project()
        first = self._first_training()
        if first is None:
            self._gather(data)
            first = self._start_first(budgets)
        first = self._finished(first, "train V1 on the CPU")
        first = self._reported(first)
        self._report(first)
        self._deployed(first)
        second = self._retraining_of(first)
        if second is None:
            self._test_and_correct(data, first, budgets)
            second = self._fired(first)
        second = self._finished(second, f"train V{second['number']} with the corrections")
        second = self._reported(second)
        if second["promoted"]:
            self._deployed(second)
        else:
            self._show.warn(f"the gate keeps {first['version']}: {second['gate_reason']}")
        return first, second

    def _path(self, service: str, rest: str) -> str:
        return f"/api/{service}/projects/{self._project}/{rest}"

    def _create_project(self) -> str:
        body = {
            "name": self._run.project_name,
            "task": "detection",
            "notes": "made by loupe demo",
        }
        key = self._run.key("project")
        return str(self._client.post("/api/workspace/projects", body, key=key)["id"])

    def _gather(self, data: DemoData) -> None:
        """Upload images and their labels."""
        # Corrections come later and together; until then nothing fires.
        self._set_policy(min_corrections=_NEVER, budget_s=None)
        ids = self._upload(data.project, "upload images")
        images = [image for image in data.project if image.name in ids]
        with self._show.stage("import annotations", 1):
            report = self._client.import_labels(self._project, pack_labels(data.folder, images))
        for entry in report["entries"]:
            for text in (entry["message"], *entry["warnings"]):
                if text:
                    self._show.warn(f"  {entry['file']}: {text}")
        shapes = sum(entry["shapes"] for entry in report["entries"])
        self._show.say(f"  {report['imported']} images annotated, {shapes} objects")

    def _upload(self, images: Sequence[FolderImage], title: str) -> dict[str, str]:
        with self._show.stage(title, len(images)) as stage:
            uploaded = upload_all(self._client, self._project, images, on_files=stage.advance)
        for name, reason in uploaded.refused.items():
            self._show.warn(f"  {name}: {reason}")
        if not uploaded.ids:
            raise DemoFailed("the gallery took none of the images")
        return uploaded.ids

    def _set_policy(self, *, min_corrections: int, budget_s: float | None) -> None:
        policy = {
            "enabled": True,
            "min_corrections": min_corrections,
            "quiet_s": _QUIET_S,
            "budget_s": budget_s,
        }
        self._client.put(self._path("trainer", "retraining-policy"), policy)

    def _trainings(self) -> list[Json]:
        """Return the project's trainings, oldest first."""
        found = list(self._client.pages(self._path("trainer", "trainings")))
        return sorted(found, key=lambda training: training["number"])

    def _first_training(self) -> Json | None:
        return next(iter(self._trainings()), None)

    def _start_first(self, budgets: Budgets) -> Json:
        if self._client.get(self._path("trainer", "next-training"))["weights"] == "none":
            self._show.warn("  no pretrained weights are installed: V1 starts from nothing")
        recipe = {"budget_s": budgets.first_s, "epochs": budgets.first_epochs}
        body = {"mode": "train", "recipe": recipe}
        return self._client.post(
            self._path("trainer", "trainings"), body, key=self._run.key("train")
        )

    def _training(self, training: Mapping[str, Json]) -> Json:
        return self._client.get(self._path("trainer", f"trainings/{training['id']}"))

    def _finished(self, training: Json, title: str) -> Json:
        """Follow a training to its end; one that was terminated is taken up again."""
        with self._show.stage(title, 100) as stage:
            while True:
                self._check()
                training = self._training(training)
                if training["status"] == "success":
                    return training
                if training["status"] in ("failed", "terminated"):
                    self._take_up(training)
                stage.set(training["progress"]["percent"], note=_note(training))
                time.sleep(_LOOK_S)

    def _take_up(self, training: Json) -> None:
        """Resume a training that stopped; raise DemoFailed when that is not possible."""
        reason = training["error"] or training["status"]
        try:
            self._client.post(self._path("trainer", f"trainings/{training['id']}:resume"))
        except ApiError as error:
            raise DemoFailed(f"the training failed: {reason} ({error})") from error
        self._show.warn(f"  the training stopped ({reason}) and is resumed")

    def _reported(self, training: Json) -> Json:
        """Wait for the report and for the gate's word on it."""
        with self._show.stage("report on the held-out images", 1):
            judged = self._until(
                lambda: self._settled(training), _REPORT_S, "the report is not ready"
            )
            # The record's own rate stands at the threshold of the best F1; this one is comparable.
            path = self._path("evaluator", f"versions/{judged['version']}/report")
            report = self._client.get(path, threshold=DETECTION_THRESHOLD)
        rate = report["average_detection_rate"]
        return {**judged, "figures": {**judged["figures"], "rate_at_threshold": rate}}

    def _settled(self, training: Json) -> Json | None:
        now = self._training(training)
        if now["error"] and not now["figures"]:
            raise DemoFailed(f"no report: {now['error']}")
        is_judged = now["figures"] and (now["promoted"] or now["gate_reason"])
        return now if is_judged else None

    def _report(self, training: Json) -> None:
        figures = training["figures"]
        self._show.say(
            f"  {training['version']}: average detection rate {shown(figures['rate_at_threshold'])}"
            f" at {DETECTION_THRESHOLD}, mAP@0.5 {shown(figures['map_50'])},"
            f" {figures['images']} held-out images"
        )

    def _deployed(self, training: Json) -> None:
        with self._show.stage(f"deploy {training['version']} on Triton", 1):
            self._until(lambda: self._is_deployed(training), _DEPLOY_S, "the model is not deployed")

    def _is_deployed(self, training: Json) -> bool:
        try:
            found = self._client.get(self._path("inference", f"deployments/{training['version']}"))
        except ApiError as error:
            if error.status == 404:
                return False
            raise
        if found["state"] == "failed":
            raise DemoFailed(f"{training['version']} cannot be served: {found['reason']}")
        return bool(found["deployed_at"])

    def _test_and_correct(self, data: DemoData, version: Json, budgets: Budgets) -> None:
        """Test unseen images and correct the wrong ones; confirm a few where none is wrong."""
        ids = self._upload(data.unseen, "upload unseen images")
        truth = self._truth(data, ids)
        predictions = self._test([ids[name] for name in sorted(ids)], version)
        verdict = self._judge(predictions, truth)
        if verdict.wrong:
            chosen, title = verdict.wrong, "correct the wrong ones"
        else:  # a person confirms what is right, too, and the next version learns from it
            chosen, title = verdict.doubtful[:_CONFIRMED], "confirm the least certain ones"
            self._show.say("  nothing is wrong: the least certain images are confirmed instead")
        # Only when every answer is in does the training fire, whatever is killed in between.
        self._set_policy(min_corrections=len(chosen), budget_s=budgets.second_s)
        with self._show.stage(title, len(chosen)) as stage:
            for prediction in chosen:
                image_id = prediction["image_id"]
                body = {"prediction_id": prediction["id"], "shapes": truth[image_id]}
                self._client.post(self._path("annotation", f"images/{image_id}/corrections"), body)
                stage.advance()

    def _truth(self, data: DemoData, ids: Mapping[str, str]) -> dict[str, Json]:
        """What the unseen images show: their label files, read by the platform but not stored."""
        images = [image for image in data.unseen if image.name in ids]
        archive = pack_labels(data.folder, images)
        report = self._client.import_labels(self._project, archive, dry_run=True)
        truth = {
            entry["image_id"]: [_without_id(shape) for shape in entry["annotation"]]
            for entry in report["entries"]
            if entry["status"] == "readable"
        }
        if not truth:
            raise DemoFailed("the unseen images have no readable labels to compare with")
        return truth

    def _test(self, image_ids: Sequence[str], version: Json) -> list[Json]:
        body = {"image_ids": list(image_ids), "version": version["version"]}
        run = self._client.post(
            self._path("inference", "test-runs"), body, key=self._run.key("test")
        )
        with self._show.stage("test unseen images on Triton", len(image_ids)) as stage:
            while run["state"] not in ("succeeded", "failed", "cancelled"):
                self._check()
                stage.set(run["done"], note=f"{run['failed']} failed" if run["failed"] else "")
                time.sleep(_LOOK_S)
                run = self._client.get(self._path("inference", f"test-runs/{run['id']}"))
        if run["state"] != "succeeded":
            raise DemoFailed(f"the test run ended as {run['state']}: {run['error']}")
        for failure in run["failures"]:
            self._show.warn(f"  {failure['image_id']}: {failure['reason']}")
        path = self._path("inference", "predictions")
        return list(self._client.pages(path, test_run_id=run["id"]))

    def _judge(self, predictions: Sequence[Json], truth: Mapping[str, Json]) -> DemoVerdict:
        verdict = judge(predictions, truth)
        total = verdict.total
        self._show.say(
            f"  {verdict.images} images tested: {total.found} objects found, {total.missed} missed,"
            f" {total.wrong} false; {len(verdict.wrong)} images to correct"
        )
        return verdict

    def _retraining_of(self, first: Json) -> Json | None:
        """Return the newest training that the policy fired, if there is one."""
        fired = [t for t in self._trainings() if t["number"] > first["number"]]
        return fired[-1] if fired else None

    def _fired(self, first: Json) -> Json:
        with self._show.stage("retraining fires by event", 1):
            return self._until(
                lambda: self._retraining_of(first), _FIRES_S, "no retraining was fired"
            )

    def _until(self, look: Callable[[], Json], limit_s: float, otherwise: str) -> Json:
        deadline = time.monotonic() + limit_s
        while True:
            self._check()
            found = look()
            if found:
                return found
            if time.monotonic() > deadline:
                raise DemoFailed(f"{otherwise} after {limit_s:.0f} s")
            time.sleep(_LOOK_S)


def _note(training: Json) -> str:
    progress = training["progress"]
    parts = [progress["stage"] or training["status"]]
    if training["backbone_weights"] == "none":
        parts.append("not pretrained")
    if progress["epochs"]:
        parts.append(f"epoch {progress['epoch']}/{progress['epochs']}")
    if progress["loss"] is not None:
        parts.append(f"loss {progress['loss']:.3f}")
    if progress["seconds_left"] is not None:
        parts.append(f"{progress['seconds_left']:.0f} s left")
    return ", ".join(parts)


def _without_id(shape: Json) -> Json:
    return {name: value for name, value in shape.items() if name != "id" and value is not None}
