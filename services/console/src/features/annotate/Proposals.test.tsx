// @vitest-environment happy-dom
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse } from "msw";
import { afterEach, describe, expect, test } from "vitest";
import type { Annotation } from "../../api/annotation";
import { around, BARE, LABELS, settled, vocabulary } from "../../testing/annotating";
import { annotation, deployment, prediction, project } from "../../testing/builders";
import { answers, pageOf, problem } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";

const DEPLOYMENTS = "GET /api/inference/projects/p1/deployments";
const PREDICT = "POST /api/inference/projects/p1/predictions";
const SERVED = { [DEPLOYMENTS]: pageOf(deployment({ version: "V1", current: false }), deployment({ version: "V2" })) };
const FOUND = prediction({
  version: "V2",
  shapes: [
    { id: "a", label: "scratch", kind: "box", points: [[10, 10], [60, 40]], score: 0.9 },
    { id: "b", label: "pore", kind: "box", points: [[100, 100], [140, 130]], score: 0.5 },
    { id: "c", label: "pore", kind: "box", points: [[300, 300], [302, 302]], score: 0.8 },
    { id: "d", label: "pore", kind: "polygon", points: [[0, 0], [9, 0], [9, 9]], score: 0.9 },
    { id: "e", label: "pore", kind: "box", points: [[400, 300], [440, 330]], score: 0.1 },
  ],
});

type Body = Pick<Annotation, "shapes" | "ignore_regions">;

/** Answers saves as the annotation service does, and keeps what came in. */
function saving(): Body[] {
  const saved: Body[] = [];
  answers({
    "PUT /api/annotation/projects/p1/images/:id": async (request) => {
      const body = (await request.json()) as Body;
      saved.push(body);
      return HttpResponse.json(annotation({ ...body, version: saved.length, annotated: true }));
    },
    "DELETE /api/annotation/projects/p1/images/:id": () => new HttpResponse(null, { status: 204 }),
  });
  return saved;
}

afterEach(settled);

const bar = () => screen.getByTestId("proposals");
const objects = () => screen.queryAllByRole("button", { name: /^(scratch|pore|good|bad)/ }).filter((one) => one.closest(".object-list") !== null);

async function opened(language: (typeof LANGUAGES)[number] = "en") {
  const page = open("/projects/p1/annotate/i1", language);
  await screen.findByRole("toolbar");
  return page;
}

describe.each(LANGUAGES)("proposals in %s", (language) => {
  test("where no version serves, it says so and where to get one", async () => {
    answers({ ...around(BARE), [DEPLOYMENTS]: pageOf(deployment({ state: "failed", current: false })) });
    const { words } = await opened(language);
    await userEvent.keyboard("z");
    await waitFor(() => expect(bar()).toHaveTextContent(words.editor.proposals.unserved));
    expect(screen.getByRole("link", { name: words.report.goTrain })).toHaveAttribute("href", "/projects/p1/train");
    await userEvent.keyboard("z");
    expect(screen.queryByTestId("proposals")).toBeNull();
  });

  test("refused, it says why and asks again when told to", async () => {
    answers({ ...around(BARE), ...SERVED, [PREDICT]: () => problem(409, "no-deployment") });
    const { words } = await opened(language);
    await userEvent.keyboard("z");
    await seen(() => screen.getByText(words.problems["no-deployment"]));
    answers({ [PREDICT]: FOUND });
    await userEvent.click(screen.getByRole("button", { name: words.common.retry }));
    await waitFor(() => expect(bar()).toHaveTextContent(words.editor.proposals.place("V2", 1, 3)));
  });

  test("refused, it is let go of and switched off as ever", async () => {
    localStorage.setItem("loupe.proposals.p1", JSON.stringify({ threshold: 0.3, byItself: true }));
    answers({ ...around(BARE), ...SERVED, [PREDICT]: () => problem(409, "no-deployment") });
    const { words } = await opened(language);
    await seen(() => screen.getByText(words.problems["no-deployment"]));
    await userEvent.click(screen.getByRole("checkbox", { name: words.editor.proposals.byItself }));
    expect(screen.getByRole("checkbox", { name: words.editor.proposals.byItself })).not.toBeChecked();
    await userEvent.keyboard("z");
    await waitFor(() => expect(screen.queryByText(words.problems["no-deployment"])).toBeNull());
    expect(screen.queryByRole("checkbox", { name: words.editor.proposals.byItself })).toBeNull();
    answers({ [PREDICT]: FOUND });
    await userEvent.keyboard("z");
    await waitFor(() => expect(bar()).toHaveTextContent(words.editor.proposals.place("V2", 1, 3)));
  });

  test("where nothing is found, it says that", async () => {
    answers({ ...around(BARE), ...SERVED, [PREDICT]: prediction({ version: "V2", shapes: [] }) });
    const { words } = await opened(language);
    await userEvent.keyboard("z");
    await waitFor(() => expect(bar()).toHaveTextContent(words.editor.proposals.nothing("V2")));
  });
});

test("keys walk from one to the next, accept and reject; what is accepted is saved with version and score", async () => {
  const asked: unknown[] = [];
  answers({
    ...around(BARE),
    ...SERVED,
    [PREDICT]: async (request) => {
      asked.push(await request.json());
      return HttpResponse.json(FOUND);
    },
  });
  const saved = saving();
  const { words } = await opened();
  await userEvent.keyboard("z");
  // The surest first; neither what is unsure nor what this project cannot draw.
  await waitFor(() => expect(bar()).toHaveTextContent("V2: 1 / 3 scratch 0.90"));
  expect(asked).toEqual([{ image_id: "i1", version: "V2", threshold: 0.05, proposal: true }]);
  expect(objects()).toHaveLength(0);
  await userEvent.keyboard(";");
  expect(bar()).toHaveTextContent("2 / 3 pore 0.80");
  await userEvent.keyboard("{Delete}");
  expect(bar()).toHaveTextContent("2 / 2 pore 0.50");
  await userEvent.keyboard("';{Enter}");
  expect(bar()).toHaveTextContent("1 / 1 scratch 0.90");
  expect(objects().map((one) => one.title)).toEqual(["pore 0.50, proposed by V2"]);
  await waitFor(() => expect(saved.at(-1)?.shapes).toEqual([{ id: "x1-1", label: "pore", kind: "box", points: [[100, 100], [140, 130]], score: 0.5, proposed_by: "V2" }]));
  // A step taken back proposes it again; what was rejected stays away.
  await userEvent.keyboard("{Control>}z{/Control}");
  await waitFor(() => expect(bar()).toHaveTextContent("/ 2"));
  await userEvent.keyboard("{Control>}{Enter}{/Control}");
  await waitFor(() => expect(bar()).toHaveTextContent(words.editor.proposals.done("V2")));
  expect(objects()).toHaveLength(2);
  // All at once are one step.
  await userEvent.keyboard("{Control>}z{/Control}");
  expect(objects()).toHaveLength(0);
  await userEvent.keyboard("{Control>}y{/Control}");
  expect(objects()).toHaveLength(2);
});

test.each([
  ["deleted", vocabulary(["box"], "scratch")],
  ["renamed", vocabulary(["box"], "scratch", "hole")],
])("of a label that was %s since the version was trained nothing is proposed", async (_, labels) => {
  const hole = { id: "h", label: "hole", kind: "box" as const, points: [[100, 100], [140, 130]] as [number, number][] };
  answers({ ...around({ ...BARE, shapes: [hole] }), ...SERVED, [LABELS]: labels, [PREDICT]: FOUND });
  const { words } = await opened();
  await userEvent.keyboard("z");
  await waitFor(() => expect(bar()).toHaveTextContent("V2: 1 / 1 scratch 0.90"));
  const saved = saving();
  await userEvent.keyboard("{Control>}{Enter}{/Control}");
  await waitFor(() => expect(bar()).toHaveTextContent(words.editor.proposals.done("V2")));
  await waitFor(() => expect(saved.at(-1)?.shapes.map(({ label }) => label)).toEqual(["hole", "scratch"]));
});

test("keys mean a shape that is chosen, not what is proposed; changed by hand it is nobody's proposal", async () => {
  answers({ ...around(BARE), ...SERVED, [PREDICT]: FOUND });
  const saved = saving();
  await opened();
  await userEvent.keyboard("z");
  await waitFor(() => expect(bar()).toHaveTextContent("1 / 3"));
  // What is hidden is not accepted.
  await userEvent.keyboard("s{Enter}{Control>}{Enter}{/Control}s");
  expect(objects()).toHaveLength(0);
  await userEvent.keyboard("{Enter}.{ArrowRight}");
  await waitFor(() => expect(saved.at(-1)?.shapes).toEqual([{ id: "x1-0", label: "scratch", kind: "box", points: [[11, 10], [61, 40]] }]));
  await userEvent.keyboard("{Delete}");
  expect(objects()).toHaveLength(0);
  await waitFor(() => expect(bar()).toHaveTextContent("/ 3"));
  await userEvent.keyboard("{Control>}z{/Control}");
  expect(objects()).toHaveLength(1);
});

test("by itself it proposes where nothing is annotated, in this browser from then on", async () => {
  const asked: string[] = [];
  answers({
    ...around(),
    ...SERVED,
    "GET /api/annotation/projects/p1/images/:id": ({ url }) => HttpResponse.json(annotation(url.endsWith("i2") ? { ...BARE, image_id: "i2" } : {})),
    [PREDICT]: async (request) => {
      const { image_id } = (await request.json()) as { image_id: string };
      asked.push(image_id);
      return HttpResponse.json({ ...FOUND, id: image_id });
    },
  });
  const { words, unmount } = await opened();
  await userEvent.keyboard("z");
  await waitFor(() => expect(bar()).toHaveTextContent("1 / 2"));
  await userEvent.click(screen.getByRole("checkbox", { name: words.editor.proposals.byItself }));
  // The next one is asked for before anybody looks at it.
  await waitFor(() => expect(asked).toEqual(["i1", "i2"]));
  unmount();
  open("/projects/p1/annotate/i1", "en");
  await screen.findByRole("toolbar");
  expect(screen.queryByTestId("proposals")).toBeNull();
  await userEvent.keyboard("d");
  await waitFor(() => expect(bar()).toHaveTextContent("1 / 3"));
  expect(objects()).toHaveLength(0);
});

test("a proposed line is accepted with its text; a text that is put right is a person's", async () => {
  const line = (id: string, top: number, text: string) =>
    ({ id, label: "text", kind: "polygon" as const, points: [[10, top], [90, top], [90, top + 12], [10, top + 12]] as [number, number][], text, score: 0.9 });
  answers({
    ...around(BARE),
    ...SERVED,
    "GET /api/workspace/projects/p1": project({ task: "ocr" }),
    [LABELS]: vocabulary(["box", "rotated_box", "polygon"], "text"),
    [PREDICT]: prediction({ version: "V2", shapes: [line("a", 20, "日期"), line("b", 60, "L0T 7")] }),
  });
  const saved = saving();
  const { words } = await opened();
  await userEvent.keyboard("z");
  await waitFor(() => expect(bar()).toHaveTextContent("text: 日期 0.90"));
  await userEvent.keyboard("{Enter}{Enter}");
  const told = (text: string) => ({ text, kind: "polygon", score: 0.9, proposed_by: "V2" });
  await waitFor(() => expect(saved.at(-1)?.shapes).toMatchObject([told("日期"), told("L0T 7")]));
  await userEvent.keyboard(",t");
  await waitFor(() => expect(screen.getByRole("textbox", { name: words.editor.actions.text })).toHaveFocus());
  await userEvent.keyboard("{Control>}a{/Control}LOT 7{Enter}");
  await waitFor(() => expect(saved.at(-1)?.shapes).toMatchObject([told("日期"), { text: "LOT 7" }]));
  expect(saved.at(-1)?.shapes[1]?.proposed_by ?? null).toBeNull();
});

test("a classified image is proposed its label", async () => {
  const image = (label: string, score: number) => ({ id: "", label, kind: "image" as const, points: [], score });
  answers({
    ...around(BARE),
    ...SERVED,
    "GET /api/workspace/projects/p1": project({ task: "classification" }),
    [LABELS]: vocabulary(["image"], "good", "bad"),
    [PREDICT]: prediction({ version: "V2", shapes: [image("bad", 0.2)] }),
  });
  const saved = saving();
  const { unmount, words } = await opened();
  await userEvent.keyboard("z");
  await waitFor(() => expect(bar()).toHaveTextContent("1 / 1 bad 0.20"));
  await userEvent.keyboard("{Enter}");
  await waitFor(() => expect(saved.at(-1)?.shapes).toMatchObject([{ label: "bad", score: 0.2, proposed_by: "V2" }]));
  await settled();
  unmount();
  answers({ "GET /api/workspace/projects/p1": project({ task: "ocr" }) });
  await opened();
  expect(screen.getByRole("button", { name: new RegExp(words.editor.actions.propose) })).toBeVisible();
});
