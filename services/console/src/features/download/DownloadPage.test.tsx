// @vitest-environment happy-dom
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import { certified, exported, project, training } from "../../testing/builders";
import { answers, pageOf, problem } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";

const EXPORTS = "GET /api/inference/projects/p1/exports";
const VERSIONS = "GET /api/trainer/projects/p1/versions";
const AROUND = { "GET /api/workspace/projects/p1": project(), [VERSIONS]: pageOf(training()) };

describe.each(LANGUAGES)("the page of downloads in %s", (language) => {
  test("without a version it says what comes first, and that nothing was exported", async () => {
    answers({ ...AROUND, [VERSIONS]: pageOf(), [EXPORTS]: pageOf() });
    const { words } = open("/projects/p1/download", language);
    await seen(() => screen.getByText(words.download.noVersions));
    await seen(() => screen.getByText(words.download.none));
    expect(screen.queryByRole("button", { name: words.download.start })).toBeNull();
  });

  test("refused, it says why, and reads again by itself", async () => {
    answers({ ...AROUND, [EXPORTS]: () => problem(403, "forbidden") });
    const { words } = open("/projects/p1/download", language);
    await seen(() => screen.getByText(words.problems.forbidden));
    answers({ [EXPORTS]: pageOf(exported()) });
    await screen.findByText(words.download.states.succeeded, undefined, { timeout: 10_000 });
  });

  test("a version is exported with what was chosen, and its progress is seen", async () => {
    const asked: unknown[] = [];
    answers({
      ...AROUND,
      [EXPORTS]: pageOf(),
      "POST /api/inference/projects/p1/exports": async (request) => {
        asked.push(await request.json());
        const running = exported({
          state: "running",
          progress: { percent: 45, stage: "certifying", seconds_left: null, figures: {} },
          certificate: null,
          size_bytes: 0,
        });
        answers({ [EXPORTS]: pageOf(running) });
        return Response.json(running, { status: 202 });
      },
    });
    const { words } = open("/projects/p1/download", language);
    await userEvent.click(await screen.findByText(words.download.targets.onnx));
    await seen(() => screen.getByText(words.download.targetHelp.onnx));
    await userEvent.click(screen.getByRole("button", { name: words.download.start }));
    await seen(() => screen.getByText(`45 % ${words.download.stages.certifying}`));
    expect(asked).toEqual([{ version: "V1", target: "onnx" }]);
  });

  test("a refused start says why", async () => {
    answers({
      ...AROUND,
      [EXPORTS]: pageOf(),
      "POST /api/inference/projects/p1/exports": () => problem(409, "certificate-refused"),
    });
    const { words } = open("/projects/p1/download", language);
    await userEvent.click(await screen.findByRole("button", { name: words.download.start }));
    await seen(() => screen.getByText(words.problems["certificate-refused"]));
  });

  test("what is ready shows its certificate, size and fingerprint; what failed says why", async () => {
    const failed = exported({ id: "e2", state: "failed", error: "boxes 0.5 px apart", certificate: null, size_bytes: 0 });
    answers({ ...AROUND, [EXPORTS]: pageOf(failed, exported()) });
    const { words } = open("/projects/p1/download", language);
    await seen(() => screen.getByText("boxes 0.5 px apart"));
    expect(screen.getByText(new RegExp(words.download.equal(14)))).toBeVisible();
    expect(screen.getByText(new RegExp(words.download.boxApart("0.0002")))).toBeVisible();
    const whole = (beginning: string) => Array<string>(8).fill(beginning).join(" ");
    expect(screen.getByText(whole("6668 7aad"))).toBeVisible();
    expect(screen.getByText(whole("0a1b 2c3d"))).toBeVisible();
    expect(screen.getByText(new RegExp(words.download.sha256))).toBeVisible();
    const table = within(screen.getByRole("table"));
    expect(table.getAllByRole("button", { name: new RegExp(words.download.save) })).toHaveLength(1);
  });

  test("a model in 8 bits says what it may lose, in all and label by label", async () => {
    const all = { label: "", truths: 60, reported: 0.918, exported: 0.905, low: -0.031, high: 0.004 };
    const int8 = exported({
      target: "onnx-int8",
      certificate: {
        ...certified(),
        agreement: 0.967,
        degraded: true,
        accuracy: [all, { ...all, label: "scratch", truths: 43, low: -0.02, high: 0 }],
      },
    });
    answers({ ...AROUND, [EXPORTS]: pageOf(int8) });
    const { words } = open("/projects/p1/download", language);
    await seen(() => screen.getByText(words.download.degraded));
    expect(screen.getByText(new RegExp(words.download.agree("96.7", 14), "u"))).toBeVisible();
    expect(screen.getAllByText(/-1\.3 \(-3\.1 … \+0\.4\)/u)[0]).toBeVisible();
    expect(screen.queryByText(new RegExp(words.download.equal(14), "u"))).toBeNull();
    await userEvent.click(screen.getByText(words.download.byLabel));
    expect(await screen.findByText("scratch")).toBeVisible();
    expect(screen.getByText("-1.3 (-2.0 … 0.0)")).toBeVisible();
  });

  test("a file in float32 is never told as degraded, and one of an earlier release has no labels", async () => {
    answers({ ...AROUND, [EXPORTS]: pageOf(exported()) });
    const { words } = open("/projects/p1/download", language);
    await seen(() => screen.getByText(new RegExp(words.download.equal(14), "u")));
    expect(screen.queryByText(words.download.degraded)).toBeNull();
    expect(screen.queryByText(words.download.byLabel)).toBeNull();
  });

  test.each(["ocr", "detection"] as const)("8 bits are offered where they are made: %s", async (task) => {
    answers({ ...AROUND, "GET /api/workspace/projects/p1": project({ task }), [EXPORTS]: pageOf() });
    const { words } = open("/projects/p1/download", language);
    await seen(() => screen.getByText(words.download.targets.onnx));
    expect(screen.queryByText(words.download.targets["onnx-int8"]) === null).toBe(task === "ocr");
  });

  test("an export under way can be cancelled", async () => {
    const queued = exported({ state: "queued", certificate: null, size_bytes: 0 });
    answers({
      ...AROUND,
      [EXPORTS]: pageOf(queued),
      "POST /api/inference/projects/p1/exports/e1:cancel": () => {
        const cancelled = exported({ state: "cancelled", certificate: null, size_bytes: 0 });
        answers({ [EXPORTS]: pageOf(cancelled) });
        return Response.json(cancelled, { status: 202 });
      },
    });
    const { words } = open("/projects/p1/download", language);
    await userEvent.click(await screen.findByRole("button", { name: words.download.cancel }));
    await waitFor(() => expect(screen.getByText(words.download.states.cancelled)).toBeVisible());
  });

  test("an export that is over is deleted once that is confirmed; one under way has no such button", async () => {
    const queued = exported({ id: "e2", state: "queued", certificate: null, size_bytes: 0 });
    const asked: string[] = [];
    answers({
      ...AROUND,
      [EXPORTS]: pageOf(exported(), queued),
      "DELETE /api/inference/projects/p1/exports/e1": (request) => {
        asked.push(request.method);
        answers({ [EXPORTS]: pageOf(queued) });
        return new Response(null, { status: 204 });
      },
    });
    const { words } = open("/projects/p1/download", language);
    await userEvent.click(await screen.findByRole("button", { name: new RegExp(words.download.remove) }));
    await seen(() => screen.getByText(words.download.removeSure("V1")));
    expect(asked).toEqual([]);
    const sure = new RegExp(`^${words.common.delete.split("").join(" ?")}$`, "u");
    await userEvent.click(screen.getByRole("button", { name: sure }));
    await waitFor(() => expect(screen.queryByText(words.download.states.succeeded)).toBeNull());
    expect(asked).toEqual(["DELETE"]);
  });

  test("the annotations are downloaded in the format that was chosen; without any it says so", async () => {
    const asked: string[] = [];
    answers({
      ...AROUND,
      [EXPORTS]: pageOf(),
      "GET /api/annotation/projects/p1/exports": (request) => {
        asked.push(new URL(request.url).searchParams.get("format") ?? "");
        return problem(409, "nothing-to-export");
      },
    });
    const { words } = open("/projects/p1/download", language);
    await userEvent.click(await screen.findByRole("combobox", { name: words.imports.format }));
    await userEvent.click(await screen.findByTitle(words.imports.formats.voc));
    await userEvent.click(screen.getByRole("button", { name: new RegExp(words.imports.download) }));
    await seen(() => screen.getByText(words.problems["nothing-to-export"]));
    expect(asked).toEqual(["voc"]);
  });
});
