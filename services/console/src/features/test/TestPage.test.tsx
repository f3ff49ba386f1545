// @vitest-environment happy-dom
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse } from "msw";
import { afterEach, describe, expect, test } from "vitest";
import { annotation, deployment, image, imageDetail, prediction, project, testRun, training } from "../../testing/builders";
import { answers, pageOf, problem } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";

const DEPLOYED = "GET /api/inference/projects/p1/deployments";
const VERSIONS = "GET /api/trainer/projects/p1/versions";
const RUNS = "GET /api/inference/projects/p1/test-runs";
const CORRECTION = "POST /api/annotation/projects/p1/images/i1/corrections";
const FIGURES = { best_threshold: 0.39, images: 12 } as NonNullable<ReturnType<typeof training>["figures"]>;
const AROUND = {
  "GET /api/workspace/projects/p1": project(),
  [DEPLOYED]: pageOf(deployment()),
  [RUNS]: pageOf(testRun()),
  "GET /api/inference/projects/p1/test-runs/r1": testRun(),
  "GET /api/inference/projects/p1/predictions": pageOf(prediction()),
  [VERSIONS]: pageOf(training({ figures: FIGURES })),
  "GET /api/annotation/projects/p1/labels": {
    items: [{ id: "l1", name: "scratch" }, { id: "l2", name: "pore" }],
    shape_kinds: ["box", "rotated_box"],
  },
  "GET /api/annotation/projects/p1/images/i1": annotation(),
  "GET /api/gallery/projects/p1/images/:id": imageDetail({ status: "tested" }),
  "GET /api/gallery/projects/p1/images/:id/thumbnail": () => new HttpResponse(new Blob(["x"])),
  "GET /api/gallery/projects/p1/images/:id/content": () => new HttpResponse(new Blob(["x"])),
};

afterEach(() => {
  for (const key of Object.keys(localStorage)) if (key.startsWith("loupe.draft.")) localStorage.removeItem(key);
});

describe.each(LANGUAGES)("the test page in %s", (language) => {
  test("before the first version it leads to training", async () => {
    answers({ ...AROUND, [DEPLOYED]: pageOf(), [VERSIONS]: pageOf() });
    const { words } = open("/projects/p1/test", language);
    await seen(() => screen.getByText(words.test.noVersion));
  });

  test("refused, it says why and tries again when asked to", async () => {
    answers({ ...AROUND, [DEPLOYED]: () => problem(409, "conflict") });
    const { words } = open("/projects/p1/test", language);
    await seen(() => screen.getByText(words.problems.conflict));
    answers({ [DEPLOYED]: pageOf(deployment()) });
    await userEvent.click(screen.getByRole("button", { name: words.common.retry }));
    expect((await screen.findAllByText("part-1.jpg"))[0]).toBeVisible();
  });

  test("the serving version is chosen, any other can be, promoted or not", async () => {
    const asked: unknown[] = [];
    answers({
      ...AROUND,
      [VERSIONS]: pageOf(training({ id: "t2", version: "V2", promoted: false }), training()),
      "POST /api/inference/projects/p1/test-runs": async (request) => {
        asked.push(await request.json());
        return Response.json(testRun({ version: "V2" }), { status: 202 });
      },
      "GET /api/gallery/projects/p1/images": pageOf(image()),
    });
    const { words } = open("/projects/p1/test", language);
    const choice = await screen.findByLabelText(words.train.version);
    await seen(() => screen.getByText(words.test.servingVersion("V1")));
    await userEvent.click(choice);
    await userEvent.click(await screen.findByTitle("V2"));
    await userEvent.click(screen.getByRole("button", { name: new RegExp(words.test.choose) }));
    const dialog = within(await screen.findByRole("dialog"));
    await userEvent.click(await dialog.findByRole("checkbox", { name: "part-1.jpg" }));
    await userEvent.click(dialog.getByRole("button", { name: words.test.useImages(1) }));
    await userEvent.click(screen.getByRole("button", { name: new RegExp(words.test.run) }));
    await waitFor(() => expect(asked).toMatchObject([{ version: "V2", image_ids: ["i1"] }]));
  });

  test("findings are shown from the version's own threshold on", async () => {
    answers(AROUND);
    const { words } = open("/projects/p1/test", language);
    await seen(() => screen.getByText("0.39"));
    expect((await screen.findAllByText(words.test.found(1)))[0]).toBeVisible();
  });
});

describe.each(LANGUAGES)("a tested image of a classification in %s", (language) => {
  const WHOLE = {
    ...AROUND,
    "GET /api/workspace/projects/p1": project({ task: "classification" }),
    "GET /api/annotation/projects/p1/labels": {
      items: [{ id: "l1", name: "good" }, { id: "l2", name: "bad" }],
      shape_kinds: ["image"],
    },
  };
  const told = (score: number) =>
    pageOf(prediction({ shapes: [{ id: "a", label: "good", kind: "image", points: [], score }] }));

  test("shows its label, and gets another by a digit", async () => {
    let saved: unknown = null;
    answers({
      ...WHOLE,
      "GET /api/inference/projects/p1/predictions": told(0.9),
      [CORRECTION]: async (request) => {
        saved = await request.json();
        return HttpResponse.json(annotation(), { status: 201 });
      },
    });
    const { words } = open("/projects/p1/test", language);
    expect(await screen.findByTestId("image-label")).toHaveTextContent("good 0.90");
    expect(screen.queryByText(words.test.found(1))).toBeNull();
    await correcting(words);
    await seen(() => screen.getByText(words.editor.wholeHint));
    await userEvent.keyboard("x2");
    await userEvent.click(screen.getByRole("button", { name: words.test.save }));
    await waitFor(() =>
      expect(saved).toMatchObject({ prediction_id: "x1", shapes: [{ label: "bad", kind: "image", points: [] }] }),
    );
  });

  test("is not corrected to no label at all", async () => {
    let saves = 0;
    answers({
      ...WHOLE,
      "GET /api/inference/projects/p1/predictions": told(0.9),
      [CORRECTION]: () => {
        saves += 1;
        return HttpResponse.json(annotation(), { status: 201 });
      },
    });
    const { words } = open("/projects/p1/test", language);
    await correcting(words);
    await seen(() => screen.getByText(words.editor.wholeHint));
    const save = screen.getByRole("button", { name: words.test.save });
    expect(save).toBeEnabled();
    await userEvent.keyboard("1{Control>}s{/Control}");
    expect(screen.getByText(words.test.noLabel)).toBeVisible();
    expect(save).toBeDisabled();
    expect(save).toHaveAttribute("title", words.test.needsLabel);
    expect(saves).toBe(0);
  });

  test("has its best label however unsure, and none only where a person asks for more", async () => {
    answers({ ...WHOLE, "GET /api/inference/projects/p1/predictions": told(0.04) });
    const { words } = open("/projects/p1/test", language);
    expect(await screen.findByTestId("image-label")).toHaveTextContent("good 0.04");
    const slider = screen.getByRole("slider", { name: words.report.threshold });
    expect(slider).toHaveAttribute("aria-valuemin", "0");
    // Up the grid, by the arrow key as the slider knows it.
    for (let step = 0; step < 5; step += 1) fireEvent.keyDown(slider, { key: "ArrowRight", keyCode: 39, which: 39 });
    expect((await screen.findAllByText(words.test.noLabel))[0]).toBeVisible();
    expect(screen.queryByTestId("image-label")).toBeNull();
  });
});

async function correcting(words: ReturnType<typeof open>["words"]): Promise<void> {
  await userEvent.click(await screen.findByRole("button", { name: words.test.correct }));
  await userEvent.click((await screen.findAllByRole("button", { name: words.test.correct })).at(-1) as HTMLElement);
}

describe.each(LANGUAGES)("a tested image of a reader in %s", (language) => {
  const ring = (top: number): [number, number][] => [[10, top], [90, top], [90, top + 12], [10, top + 12]];
  const line = (id: string, top: number, text: string) =>
    ({ id, label: "text", kind: "polygon" as const, points: ring(top), text, score: 0.9 });

  test("tells what was read from the top down, and a text that is put right is saved with the others", async () => {
    let saved: unknown = null;
    answers({
      ...AROUND,
      "GET /api/workspace/projects/p1": project({ task: "ocr" }),
      "GET /api/annotation/projects/p1/labels": { items: [{ id: "l1", name: "text" }], shape_kinds: ["box", "rotated_box", "polygon"] },
      "GET /api/inference/projects/p1/predictions": pageOf(prediction({ shapes: [line("a", 60, "L0T 7"), line("b", 20, "日期"), line("c", 90, "")] })),
      [CORRECTION]: async (request) => {
        saved = await request.json();
        return HttpResponse.json(annotation(), { status: 201 });
      },
    });
    const { words } = open("/projects/p1/test", language);
    const read = await screen.findByRole("list", { name: words.test.read });
    expect(within(read).getAllByRole("listitem").map((one) => one.textContent)).toEqual(["日期", "L0T 7", words.test.notRead]);
    expect(await screen.findByText("text: L0T 7 0.90")).toBeInTheDocument();
    await correcting(words);
    await seen(() => screen.getByRole("button", { name: "text: L0T 7 0.90" }));
    await userEvent.keyboard(".t");
    const field = await screen.findByRole("textbox", { name: words.editor.actions.text });
    await waitFor(() => expect(field).toHaveFocus());
    await userEvent.keyboard("{Control>}a{/Control}LOT 7{Enter}");
    await userEvent.click(screen.getByRole("button", { name: words.test.save }));
    await waitFor(() => expect(saved).toMatchObject({ shapes: [{ text: "LOT 7", points: ring(60) }, { text: "日期" }, { text: "" }] }));
  });
});

test("a correction is kept when its page is left, goes on, can be taken back and is saved", async () => {
  let saved: unknown = null;
  answers({
    ...AROUND,
    [CORRECTION]: async (request) => {
      saved = await request.json();
      return HttpResponse.json(annotation(), { status: 201 });
    },
  });
  const { words, unmount } = open("/projects/p1/test", "en");
  await correcting(words);
  await seen(() => screen.getByRole("button", { name: "scratch 0.90" }));
  await userEvent.keyboard(".{ArrowRight}{Shift>}{ArrowDown}{/Shift}");
  expect(screen.queryByRole("button", { name: "scratch 0.90" })).toBeNull();
  unmount();

  open("/projects/p1/test", "en");
  await userEvent.click(await screen.findByRole("button", { name: words.test.goOn }));
  await seen(() => screen.getByTestId("draft-restored"));
  await seen(() => screen.getByRole("button", { name: "scratch" }));
  await userEvent.keyboard(".{Delete}");
  expect(screen.queryByRole("button", { name: "scratch" })).toBeNull();
  await userEvent.keyboard("{Control>}z{/Control}");
  await userEvent.click(screen.getByRole("button", { name: words.test.save }));
  await waitFor(() =>
    expect(saved).toMatchObject({
      prediction_id: "x1",
      shapes: [{ label: "scratch", kind: "box", points: [[11, 20], [61, 50]] }],
    }),
  );
});

test("a correction that was saved opens again as the annotation it is now", async () => {
  let header: string | null = null;
  answers({
    ...AROUND,
    "GET /api/gallery/projects/p1/images/:id": imageDetail({ status: "labelled" }),
    "GET /api/inference/projects/p1/predictions": pageOf(prediction({ corrected: true })),
    "PUT /api/annotation/projects/p1/images/i1": (request) => {
      header = request.headers.get("If-Match");
      return HttpResponse.json(annotation({ version: 4 }));
    },
  });
  const { words } = open("/projects/p1/test", "en");
  await userEvent.click(await screen.findByRole("button", { name: words.test.edit }));
  await seen(() => screen.getByRole("button", { name: "scratch" }));
  await userEvent.keyboard(".{ArrowLeft}");
  await userEvent.click(screen.getByRole("button", { name: words.test.save }));
  await waitFor(() => expect(header).toBe('"3"'));
});

test("work kept over an annotation that somebody else saved since does not take theirs away", async () => {
  const saved: { version: string | null; body: unknown }[] = [];
  answers({
    ...AROUND,
    "GET /api/gallery/projects/p1/images/:id": imageDetail({ status: "labelled" }),
    "GET /api/inference/projects/p1/predictions": pageOf(prediction({ corrected: true })),
    "PUT /api/annotation/projects/p1/images/i1": async (request) => {
      saved.push({ version: request.headers.get("If-Match"), body: await request.json() });
      return HttpResponse.json(annotation({ version: 5 }));
    },
  });
  const { words, unmount } = open("/projects/p1/test", "en");
  await userEvent.click(await screen.findByRole("button", { name: words.test.edit }));
  await seen(() => screen.getByRole("button", { name: "scratch" }));
  await userEvent.keyboard(".{ArrowLeft}");
  unmount();

  const theirs = { id: "s2", label: "pore", kind: "box" as const, points: [[90, 10], [99, 40]] as [number, number][] };
  const { shapes } = annotation();
  answers({ "GET /api/annotation/projects/p1/images/i1": annotation({ version: 4, shapes: [...shapes, theirs] }) });
  open("/projects/p1/test", "en");
  await userEvent.click(await screen.findByRole("button", { name: words.test.goOn }));
  await userEvent.click(await screen.findByRole("button", { name: words.test.save }));
  await waitFor(() => expect(saved).toMatchObject([{ version: '"4"', body: { shapes: [{ points: [[9, 10], [59, 40]] }, { id: "s2" }] } }]));
});

test.each(["button", "key"])("a simpler outline that is only looked at is saved by the %s too", async (way) => {
  const saved: unknown[] = [];
  const stairs = [[0, 0], [20, 0.4], [40, 0], [40, 40], [0, 40]] as [number, number][];
  answers({
    ...AROUND,
    "GET /api/annotation/projects/p1/labels": { items: [{ id: "l1", name: "scratch" }], shape_kinds: ["polygon"] },
    "GET /api/inference/projects/p1/predictions": pageOf(
      prediction({ shapes: [{ id: "a", label: "scratch", kind: "polygon", points: stairs, score: 0.9 }] }),
    ),
    [CORRECTION]: async (request) => {
      saved.push(await request.json());
      return HttpResponse.json(annotation(), { status: 201 });
    },
  });
  const { words } = open("/projects/p1/test", "en");
  await correcting(words);
  await seen(() => screen.getByRole("button", { name: "scratch 0.90" }));
  await userEvent.keyboard(".y");
  await seen(() => screen.getByRole("group", { name: words.editor.slack }));
  // What is looked at can be taken back, as Ctrl+Z does, though there is no step yet.
  expect(screen.getByRole("button", { name: new RegExp(words.editor.actions.undo) })).toBeEnabled();
  if (way === "key") await userEvent.keyboard("{Control>}s{/Control}");
  else await userEvent.click(screen.getByRole("button", { name: words.test.save }));
  await waitFor(() => expect(saved).toMatchObject([{ shapes: [{ points: [[0, 0], [40, 0], [40, 40], [0, 40]] }] }]));
});
