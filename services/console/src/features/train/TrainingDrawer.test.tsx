// @vitest-environment happy-dom
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import { history, preview, project, training } from "../../testing/builders";
import { answers, pageOf, problem } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";
import { AROUND, HISTORY, ONE, TRAININGS } from "../../testing/training";

const WORKSPACE = "GET /api/workspace/projects/p1";
const LIVE = { "GET /api/trainer/projects/p1/trainings/:id/events": () => new Response(new ReadableStream()) };
const THUMBNAIL = { "GET /api/gallery/projects/p1/images/:id/thumbnail": () => problem(404, "not-found") };

describe.each(LANGUAGES)("a training that is opened in %s", (language) => {
  test("says what it learnt from, on what, what it finds at last, and what happened", async () => {
    const one = training({ started_from: "V0", backbone_weights: "package:x", warnings: ["label 'pore' is on no held-out image and cannot be judged"] });
    answers({ ...AROUND, ...THUMBNAIL, [TRAININGS]: pageOf(one), [ONE]: one, [HISTORY]: history({ previews: [preview({ left_out: 3 })] }) });
    const { words } = open("/projects/p1/train/t1", language);
    const drawer = within(await screen.findByRole("dialog"));
    for (const text of ["CPU, 2 threads", "V0", "attempt 1 begins", words.training.bounds.compute("2.0%"), words.training.leftOut(3)]) {
      await seen(() => drawer.getByText(text));
    }
    expect(drawer.getByText(`scratch × 41${words.training.comma}pore × 0`)).toBeVisible();
    expect(drawer.getByText(words.training.found(4))).toBeVisible();
    expect(drawer.getByText(words.training.annotated("scratch × 2"))).toBeVisible();
    expect(drawer.getByText("label 'pore' is on no held-out image and cannot be judged")).toBeVisible();
    expect(drawer.getByRole("img", { name: words.train.lossCurve })).toBeVisible();
    expect(drawer.getByText(words.recipe.fields.learning_rate.name)).toBeVisible();
  });

  test("that failed says why, and shows nothing that never was", async () => {
    const failed = training({ status: "failed", version: null, error: "1.png: the file is damaged" });
    const nothing = history({ previews: [], curve: [], log: [], device: "", splits: {}, examples: {}, data_wait: null, bound_by: null });
    answers({ ...AROUND, [TRAININGS]: pageOf(failed), [ONE]: failed, [HISTORY]: nothing });
    const { words } = open("/projects/p1/train/t1", language);
    const drawer = within(await screen.findByRole("dialog"));
    await seen(() => drawer.getByText("1.png: the file is damaged"));
    await seen(() => drawer.getByText(words.training.previewsNone));
    expect(drawer.getByText(words.training.logNone)).toBeVisible();
    expect(drawer.queryByRole("img", { name: words.train.lossCurve })).toBeNull();
    expect(drawer.queryByText(words.training.boundBy)).toBeNull();
  });

  test("is opened from the list, which is where it was when it is closed", async () => {
    const all = Array.from({ length: 12 }, (_, place) => training({ id: `t${place}`, number: 100 + place, version: null }));
    const page = ({ url }: Request): Response => {
      const asked = Number(new URL(url).searchParams.get("page") ?? 1);
      return Response.json({ items: all.slice((asked - 1) * 10, asked * 10), total: 12, page: asked, page_size: 10 });
    };
    answers({ ...AROUND, [TRAININGS]: page, [ONE]: all[10] ?? {} });
    const { words, router } = open("/projects/p1/train", language);
    await userEvent.click(await screen.findByRole("listitem", { name: "2" }));
    await userEvent.click(await screen.findByRole("link", { name: words.training.open(110) }));
    expect(router.state.location.pathname).toBe("/projects/p1/train/t10");
    const drawer = within(await screen.findByRole("dialog"));
    await seen(() => drawer.getByText("attempt 1 begins"));
    await userEvent.click(drawer.getByRole("button", { name: /close|关闭/i }));
    await waitFor(() => expect(router.state.location.pathname).toBe("/projects/p1/train"));
    expect(screen.getByRole("link", { name: words.training.open(110) })).toBeInTheDocument();
  });

  test("that is not there says so", async () => {
    answers({ ...AROUND, [ONE]: () => problem(404, "not-found") });
    const { words } = open("/projects/p1/train/t9", language);
    const drawer = within(await screen.findByRole("dialog"));
    await seen(() => drawer.getByText(words.problems["not-found"]));
  });

  test("whose history cannot be read still says what its record knows", async () => {
    answers({ ...AROUND, [TRAININGS]: pageOf(training()), [ONE]: training(), [HISTORY]: () => problem(500, "unexpected") });
    const { words } = open("/projects/p1/train/t1", language);
    const drawer = within(await screen.findByRole("dialog"));
    await seen(() => drawer.getByText(words.training.triggers.person));
    await seen(() => drawer.getByText(words.problems.unexpected));
  });
});

describe.each(LANGUAGES)("a training that goes on, in %s", (language) => {
  const running = training({ status: "running", version: null, ended_at: null });

  test("shows its device, and what it finds so far on held-out images", async () => {
    answers({ ...AROUND, ...LIVE, ...THUMBNAIL, [TRAININGS]: pageOf(running), [HISTORY]: history({ previews: [preview()], previews_epoch: 7 }) });
    const { words } = open("/projects/p1/train", language);
    const shown = within(await screen.findByTestId("previews"));
    expect(shown.getByText(words.training.found(1))).toBeVisible();
    expect(screen.getByText(new RegExp(words.training.previewsAfter(7)))).toBeVisible();
    expect(screen.getByText("CPU, 2 threads")).toBeVisible();
  });

  test("before the first look says what will be there", async () => {
    answers({ ...AROUND, ...LIVE, [TRAININGS]: pageOf(running), [HISTORY]: history() });
    const { words } = open("/projects/p1/train", language);
    await seen(() => screen.getByText(words.training.previewsComing));
  });

  test.each([
    ["classification", { kind: "image", points: [] }, "scratch 0.81"],
    ["ocr", { kind: "polygon", text: "LOT 7", points: [[1, 1], [9, 1], [9, 5], [1, 5]] }, "LOT 7"],
  ] as const)("of %s shows what fits it", async (task, part, said) => {
    const shape = { id: "s1", label: "scratch", score: 0.81, ...part, points: part.points.map((point) => [...point]) };
    answers({
      ...AROUND,
      ...LIVE,
      ...THUMBNAIL,
      [WORKSPACE]: project({ task }),
      [TRAININGS]: pageOf(running),
      [HISTORY]: history({ previews: [preview({ shapes: [shape] })] }),
    });
    open("/projects/p1/train", language);
    const shown = within(await screen.findByTestId("previews"));
    expect(shown.getByText(said)).toBeVisible();
  });
});
