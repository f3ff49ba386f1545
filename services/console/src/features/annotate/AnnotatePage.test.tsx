// @vitest-environment happy-dom
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse } from "msw";
import { afterEach, describe, expect, test } from "vitest";
import type { Annotation } from "../../api/annotation";
import { around, BARE, IMAGES, LABELS, READ, settled, UNSURE, vocabulary } from "../../testing/annotating";
import { annotation, image, project } from "../../testing/builders";
import { answers, pageOf, problem } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";

const SAVE = "PUT /api/annotation/projects/p1/images/:id";

/** Answers saves as the annotation service does, and keeps what came in. */
function saving() {
  const saved: { version: string | null; body: Pick<Annotation, "shapes" | "ignore_regions"> }[] = [];
  answers({
    [SAVE]: async (request) => {
      const body = (await request.json()) as (typeof saved)[number]["body"];
      saved.push({ version: request.headers.get("If-Match"), body });
      const version = Number(request.headers.get("If-Match")?.replaceAll('"', "")) + 1;
      return HttpResponse.json(annotation({ ...body, version, annotated: true }));
    },
  });
  return saved;
}

afterEach(settled);

const objects = () => screen.queryAllByRole("button", { name: /^(scratch|pore|text)/ }).filter((one) => one.closest(".object-list") !== null);

describe.each(LANGUAGES)("the annotate page in %s", (language) => {
  test("it begins with the first image that nobody has annotated", async () => {
    answers(around(BARE));
    const { router, words } = open("/projects/p1/annotate", language);
    await seen(() => screen.getByRole("button", { name: new RegExp(words.editor.actions["tool box"]) }));
    expect(router.state.location.pathname).toBe("/projects/p1/annotate/i2");
    expect(screen.getByTestId("save-state")).toHaveTextContent(words.annotate.saved);
  });

  test("without images it leads to the gallery", async () => {
    answers({ ...around(), [IMAGES]: pageOf() });
    const { words } = open("/projects/p1/annotate", language);
    await seen(() => screen.getByText(words.annotate.none));
    expect(screen.getByRole("link", { name: words.annotate.goGallery })).toHaveAttribute("href", "/projects/p1/gallery");
  });

  test("a key leads to the image that the model is least sure of, then to the next one", async () => {
    const four = ["labelled", "tested", "labelled", "unlabelled"].map((status, place) =>
      image({ id: `i${place}`, name: `${place}.jpg`, status: status as "labelled" | "tested" | "unlabelled" }),
    );
    const items = ["i2", "i3", "i1"].map((image_id, place) => ({ image_id, doubt: 3 - place }));
    let asked = 0;
    const saved = saving();
    answers({
      ...around(BARE),
      [IMAGES]: pageOf(...four),
      [UNSURE]: () => {
        asked += 1;
        return HttpResponse.json({ version: "V2", items: asked === 1 ? items : [] });
      },
    });
    const { router, words } = open("/projects/p1/annotate/i0", language);
    const name = words.editor.actions["next unsure"];
    await seen(() => screen.getByRole("button", { name }));
    expect(screen.getByRole("button", { name })).toHaveAttribute("title", `${name} (\\)`);
    await screen.findByRole("toolbar");
    // Somebody has annotated i2 meanwhile: the list of the strip knows it already.
    for (const next of ["i3", "i1", "i3"]) {
      await userEvent.keyboard("\\");
      await waitFor(() => expect(router.state.location.pathname).toBe(`/projects/p1/annotate/${next}`));
      await seen(() => screen.getByRole("button", { name: new RegExp(words.editor.actions["tool box"]) }));
    }
    await userEvent.keyboard("x");
    await userEvent.keyboard("\\");
    await waitFor(() => expect(router.state.location.pathname).toBe("/projects/p1/annotate/i1"));
    expect(asked).toBe(1);
    // What would be left unsaved would be sent into a later test.
    await waitFor(() => expect(saved).toHaveLength(1));
  });

  test("where the next unsure image cannot be asked for, it says why and not that there is none", async () => {
    let asked = 0;
    answers({
      ...around(BARE),
      [UNSURE]: () => {
        asked += 1;
        return asked === 1 ? HttpResponse.json({ version: "V2", items: [{ image_id: "i1", doubt: 1 }] }) : problem(409, "conflict");
      },
    });
    const { words } = open("/projects/p1/annotate/i1", language);
    await userEvent.click(await screen.findByRole("button", { name: words.editor.actions["next unsure"] }));
    await screen.findByText(words.problems.conflict);
    expect(screen.queryByText(words.annotate.unsureDone)).toBeNull();
  });

  test("where nothing is known of what a model is unsure of, no control says so", async () => {
    answers(around());
    const { router, words } = open("/projects/p1/annotate/i1", language);
    const name = words.editor.actions["next unsure"];
    await waitFor(() => expect(objects()).toHaveLength(1));
    await userEvent.keyboard("\\");
    await userEvent.keyboard("?");
    const dialog = await screen.findByRole("dialog");
    expect(within(dialog).queryByText(name)).toBeNull();
    expect(screen.queryByRole("button", { name })).toBeNull();
    expect(router.state.location.pathname).toBe("/projects/p1/annotate/i1");
  });

  test("every key is told", async () => {
    answers(around());
    const { words } = open("/projects/p1/annotate/i1", language);
    await waitFor(() => expect(objects()).toHaveLength(1));
    await userEvent.keyboard("?");
    const dialog = await screen.findByRole("dialog");
    expect(within(dialog).getByText(words.editor.actions.repeat)).toBeVisible();
    expect(within(dialog).queryByText(words.editor.actions["tool brush"])).toBeNull();
  });
});

test("shapes are chosen, shifted, copied, relabelled and taken back by key, and saved by themselves", async () => {
  answers(around());
  const saved = saving();
  const { words } = open("/projects/p1/annotate/i1", "en");
  await waitFor(() => expect(objects()).toHaveLength(1));
  await userEvent.keyboard(".{ArrowRight}{Shift>}{ArrowDown}{/Shift}");
  await userEvent.keyboard("{Control>}c{/Control}{Control>}v{/Control}2");
  expect(objects().map((one) => one.textContent)).toEqual(["1scratch", "2pore"]);
  await waitFor(() => expect(screen.getByTestId("save-state")).toHaveTextContent(words.annotate.saved));
  await waitFor(() =>
    expect(saved.at(-1)).toMatchObject({
      body: {
        shapes: [
          { id: "s1", label: "scratch", points: [[11, 20], [61, 50]] },
          { label: "pore", points: [[23, 32], [73, 62]] },
        ],
      },
    }),
  );
  await userEvent.keyboard("{Control>}zzzz{/Control}");
  expect(objects().map((one) => one.textContent)).toEqual(["1scratch"]);
  await userEvent.keyboard("{Control>}yyyy{/Control}{Delete}");
  await userEvent.keyboard("{Control>}s{/Control}");
  await waitFor(() => expect(saved.at(-1)?.body.shapes.map(({ label }) => label)).toEqual(["scratch"]));
  expect(saved.map(({ version }) => version)).toEqual(saved.map((_, place) => `"${3 + place}"`));
});

test("a copy goes along to the next image", async () => {
  answers(around());
  saving();
  const { router } = open("/projects/p1/annotate/i1", "en");
  await waitFor(() => expect(objects()).toHaveLength(1));
  await userEvent.keyboard(".{Control>}c{/Control}d");
  await waitFor(() => expect(router.state.location.pathname).toBe("/projects/p1/annotate/i2"));
  await waitFor(() => expect(objects()).toHaveLength(1));
  answers({ [READ]: annotation(BARE) });
  await userEvent.keyboard("{Control>}v{/Control}");
  await waitFor(() => expect(objects()).toHaveLength(2));
});

test("outlines are joined and made simpler by key, looked at before they are kept", async () => {
  const square = (id: string, x: number) =>
    ({ id, label: "pore", kind: "polygon" as const, points: [[x, 10], [x + 9, 10.4], [x + 20, 10], [x + 20, 30], [x, 30]] as [number, number][] });
  answers({
    ...around({ shapes: [square("a", 10), square("b", 25)] }),
    "GET /api/workspace/projects/p1": project({ task: "instance_segmentation" }),
    [LABELS]: vocabulary(["polygon", "mask"], "pore"),
  });
  const saved = saving();
  const { words } = open("/projects/p1/annotate/i1", "en");
  await waitFor(() => expect(objects()).toHaveLength(2));
  await userEvent.keyboard(".u");
  expect(await screen.findByText(words.editor.told.chooseTwo)).toBeInTheDocument();
  await userEvent.keyboard("{Control>}a{/Control}u");
  await waitFor(() => expect(objects()).toHaveLength(1));
  await userEvent.keyboard("y");
  await seen(() => screen.getByRole("button", { name: words.editor.make }));
  await userEvent.keyboard("{Escape}");
  expect(screen.queryByRole("button", { name: words.editor.make })).toBeNull();
  await userEvent.keyboard("y{Enter}{Control>}s{/Control}");
  await waitFor(() =>
    expect(saved.at(-1)?.body.shapes).toMatchObject([{ id: "a", points: [[10, 10], [45, 10], [45, 30], [10, 30]] }]),
  );
});

test("an image is labelled as a whole by a digit", async () => {
  answers({
    ...around(BARE),
    "GET /api/workspace/projects/p1": project({ task: "classification" }),
    [LABELS]: vocabulary(["image"], "good", "bad"),
  });
  const saved = saving();
  const { words } = open("/projects/p1/annotate/i2", "en");
  await seen(() => screen.getByText(words.editor.wholeHint));
  expect(screen.queryByRole("button", { name: new RegExp(words.editor.actions["tool box"]) })).toBeNull();
  await userEvent.keyboard("1");
  await userEvent.keyboard("2");
  await waitFor(() => expect(saved.at(-1)?.body.shapes).toMatchObject([{ kind: "image", label: "bad", points: [] }]));
});

test("a label given to an image keeps what is ignored on it; without a label nothing is saved", async () => {
  const points: [number, number][] = [[10, 10], [60, 10], [60, 40]];
  answers({
    ...around({ shapes: [{ id: "g", label: "good", kind: "image", points: [] }], ignore_regions: [{ points }] }),
    "GET /api/workspace/projects/p1": project({ task: "classification" }),
    [LABELS]: vocabulary(["image"], "good", "bad"),
  });
  const saved = saving();
  const { words } = open("/projects/p1/annotate/i1", "en");
  await seen(() => screen.getByRole("button", { name: words.editor.ignored }));
  await userEvent.keyboard("1{Control>}s{/Control}");
  await waitFor(() => expect(screen.getByTestId("save-state")).toHaveTextContent(words.annotate.unlabelled));
  expect(saved).toEqual([]);
  await userEvent.keyboard("2");
  await waitFor(() =>
    expect(saved).toMatchObject([{ body: { shapes: [{ label: "bad" }], ignore_regions: [{ points }] } }]),
  );
});

test("a copied label takes the place of the next image's own", async () => {
  answers({
    ...around({ shapes: [{ id: "g", label: "good", kind: "image", points: [] }] }),
    "GET /api/workspace/projects/p1": project({ task: "classification" }),
    [LABELS]: vocabulary(["image"], "good", "bad"),
  });
  const saved = saving();
  const { words } = open("/projects/p1/annotate/i1", "en");
  await seen(() => screen.getByText(words.editor.wholeHint));
  await userEvent.keyboard("{Control>}ac{/Control}2{Control>}v{/Control}{Control>}s{/Control}");
  await waitFor(() => expect(saved.at(-1)?.body.shapes.map(({ label }) => label)).toEqual(["good"]));
});

test("what characters say is typed beside them", async () => {
  answers({
    ...around({ shapes: [{ id: "s1", label: "text", kind: "box", points: [[10, 10], [60, 40]] }] }),
    "GET /api/workspace/projects/p1": project({ task: "ocr" }),
    [LABELS]: vocabulary(["box", "polygon"], "text"),
  });
  const saved = saving();
  const { words } = open("/projects/p1/annotate/i1", "en");
  await waitFor(() => expect(objects()).toHaveLength(1));
  await userEvent.keyboard(".t");
  await waitFor(() => expect(screen.getByRole("textbox", { name: words.editor.actions.text })).toHaveFocus());
  await userEvent.keyboard("L0T 7{Enter}");
  await waitFor(() => expect(saved.at(-1)?.body.shapes).toMatchObject([{ text: "L0T 7" }]));
});

test("Enter goes on to the text of the line below, whatever was drawn first, and gives the keys back behind the last", async () => {
  const shapes = [
    { id: "below", label: "text", kind: "box" as const, points: [[10, 50], [60, 60]], text: "B" },
    { id: "above", label: "text", kind: "box" as const, points: [[10, 10], [60, 20]] },
  ];
  answers({
    ...around({ shapes }),
    "GET /api/workspace/projects/p1": project({ task: "ocr" }),
    [LABELS]: vocabulary(["box", "polygon"], "text"),
  });
  const saved = saving();
  const { words } = open("/projects/p1/annotate/i1", "en");
  await waitFor(() => expect(objects()).toHaveLength(2));
  await userEvent.click(objects()[1] as HTMLElement);
  await userEvent.keyboard("t");
  const field = () => screen.getByRole("textbox", { name: words.editor.actions.text });
  await waitFor(() => expect(field()).toHaveFocus());
  await userEvent.keyboard("A{Enter}");
  await waitFor(() => expect(field()).toHaveValue("B"));
  await waitFor(() => expect(field()).toHaveFocus());
  await userEvent.keyboard("7{Enter}");
  expect(field()).not.toHaveFocus();
  await waitFor(() => expect(saved.at(-1)?.body.shapes).toMatchObject([{ text: "B7" }, { text: "A" }]));
});

test("line after line is drawn and written down: the field waits after each, Enter gives the keys back", async () => {
  answers({
    ...around(BARE),
    "GET /api/workspace/projects/p1": project({ task: "ocr" }),
    [LABELS]: vocabulary(["box", "rotated_box", "polygon"]),
  });
  const saved = saving();
  const { words } = open("/projects/p1/annotate/i2", "en");
  await screen.findByRole("toolbar");
  const paper = document.querySelector(".editor");
  if (paper === null) throw new Error("no canvas");
  for (const [top, text] of [[10, "LOT 7 b"], [40, "日期"]] as const) {
    fireEvent.pointerDown(paper, { button: 0, clientX: 10, clientY: top });
    fireEvent.pointerMove(paper, { clientX: 90, clientY: top + 12 });
    fireEvent.pointerUp(paper, { clientX: 90, clientY: top + 12 });
    const field = await screen.findByRole("textbox", { name: words.editor.actions.text });
    await waitFor(() => expect(field).toHaveFocus());
    expect(field).toHaveValue("");
    await userEvent.keyboard(`${text}{Enter}`);
    expect(field).not.toHaveFocus();
  }
  await waitFor(() =>
    expect(saved.at(-1)?.body.shapes).toMatchObject([
      { label: "text", kind: "box", text: "LOT 7 b" },
      { label: "text", kind: "box", text: "日期" },
    ]),
  );
});

test("nothing to mark is an annotation, and taking it back is none", async () => {
  answers(around(BARE));
  const saved = saving();
  let cleared: string | null = null;
  answers({
    "DELETE /api/annotation/projects/p1/images/i2": (request) => {
      cleared = request.headers.get("If-Match");
      answers({ [READ]: annotation({ ...BARE, version: 2 }) });
      return new HttpResponse(null, { status: 204 });
    },
  });
  const { words } = open("/projects/p1/annotate/i2", "en");
  const nothing = await screen.findByRole("button", { name: new RegExp(words.editor.actions.nothing) });
  await userEvent.click(nothing);
  expect(nothing).toHaveAttribute("aria-pressed", "true");
  await waitFor(() => expect(saved).toEqual([{ version: '"0"', body: { shapes: [], ignore_regions: [] } }]));
  await userEvent.keyboard("x");
  await waitFor(() => expect(cleared).toBe('"1"'));
  await waitFor(() => expect(screen.getByTestId("save-state")).toHaveTextContent(words.annotate.saved));
});
