// @vitest-environment happy-dom
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse } from "msw";
import { describe, expect, test } from "vitest";
import { training } from "../../testing/builders";
import { answers, pageOf, problem } from "../../testing/platform";
import { recipe, storedRecipe } from "../../testing/recipes";
import { LANGUAGES, open, seen } from "../../testing/screen";
import { AROUND as PAGE, RECIPE, TRAININGS } from "../../testing/training";

const START = "POST /api/trainer/projects/p1/trainings";
const LOSSES = {
  task: "detection",
  parts: [
    { part: "score", gets: "", losses: ["quality_focal", "focal"], plugins: ["plugin:gentle"], default_weight: 1 },
    { part: "box", gets: "", losses: ["giou", "ciou"], plugins: [], default_weight: 2 },
  ],
};
const AROUND = { ...PAGE, "GET /api/trainer/projects/p1/losses": LOSSES };
const MINE = storedRecipe({
  recipe: recipe({ seed: 7 }),
  recipe_from: { kind: "project", revision: 2 },
  revision: 2,
  set_at: "2026-11-26T08:00:00Z",
  set_by: "ann",
});

/** What was sent to a route, in order. */
function hears(route: string, answer: object): { body: unknown; match: string | null }[] {
  const heard: { body: unknown; match: string | null }[] = [];
  answers({
    [route]: async (request) => {
      heard.push({ body: await request.json(), match: request.headers.get("If-Match") });
      return HttpResponse.json(answer);
    },
  });
  return heard;
}

async function press(name: string, place: HTMLElement = document.body): Promise<void> {
  await userEvent.click(await within(place).findByRole("button", { name: new RegExp(`${name}$`) }));
}

/** Opens all settings and types a number into one of them. */
async function fill(words: ReturnType<typeof open>["words"], field: "epochs" | "seed", text: string): Promise<void> {
  await press(words.recipe.advanced);
  const input = await screen.findByLabelText(words.recipe.fields[field].name);
  fireEvent.change(input, { target: { value: text } });
}

describe.each(LANGUAGES)("the recipe of the next training in %s", (language) => {
  test("nothing set, the task's defaults are told and a start names no recipe", async () => {
    answers(AROUND);
    const started = hears(START, training({ status: "preparing" }));
    const { words } = open("/projects/p1/train", language);
    await seen(() => screen.getByText(words.recipe.usedDefaults));
    expect(screen.getByRole("radio", { name: new RegExp(words.recipe.paces.usual.name) })).toBeChecked();
    expect(screen.getByTestId("recipe-time")).toHaveTextContent(words.recipe.timeToLearn("10:00"));
    expect(screen.queryByRole("button", { name: words.recipe.save })).toBeNull();
    expect(screen.queryByRole("button", { name: words.recipe.revisions })).toBeNull();
    await press(words.train.start);
    await waitFor(() => expect(started).toEqual([{ body: { mode: "train" }, match: null }]));
  });

  test("saved, it is the project's, with the revision that was read", async () => {
    answers(AROUND);
    const saved = hears(`PUT ${RECIPE}`, MINE);
    const { words } = open("/projects/p1/train", language);
    await fill(words, "seed", "7");
    await press(words.recipe.save);
    await seen(() => screen.getByText(words.recipe.sources.project(2)));
    expect(saved).toEqual([{ body: { recipe: recipe({ seed: 7 }) }, match: '"0"' }]);
    expect(screen.queryByRole("button", { name: words.recipe.save })).toBeNull();
  });

  test("what the platform refuses stands at its field, until it is changed", async () => {
    const refused = {
      type: "urn:loupe:problem:invalid-input",
      title: "no",
      status: 422,
      detail: "wrong or missing: recipe.epochs",
      errors: [{ field: "recipe.epochs", message: "at most 1000" }],
    };
    answers({ ...AROUND, [`PUT ${RECIPE}`]: () => HttpResponse.json(refused, { status: 422 }) });
    const { words } = open("/projects/p1/train", language);
    await fill(words, "epochs", "2000");
    await press(words.recipe.save);
    const field = (await screen.findByLabelText(words.recipe.fields.epochs.name)).closest(".ant-form-item");
    await waitFor(() => expect(field).toHaveTextContent("at most 1000"));
    fireEvent.change(screen.getByLabelText(words.recipe.fields.epochs.name), { target: { value: "200" } });
    await waitFor(() => expect(field).not.toHaveTextContent("at most 1000"));
  });

  test("what is set beside a preset of augmentation is told, saved, and refused at its place", async () => {
    answers(AROUND);
    const { words } = open("/projects/p1/train", language);
    await press(words.recipe.advanced);
    await userEvent.click(await screen.findByLabelText(words.recipe.fields.augmentation.name));
    await userEvent.click(await screen.findByTitle(words.recipe.presets.strong));
    expect(screen.getByText(words.recipe.fields.augmentation.about)).toBeInTheDocument();
    await userEvent.click(screen.getByLabelText(words.recipe.augmented.flip_horizontal.name));
    await userEvent.click(await screen.findByTitle(words.recipe.levels.false));
    fireEvent.change(screen.getByLabelText(words.recipe.augmented.rotation.name), { target: { value: "90" } });
    const message = "at most 45";
    const refused = {
      type: "urn:loupe:problem:invalid-input",
      title: "no",
      status: 422,
      errors: [{ field: "recipe.augmentation.rotation", message }],
    };
    answers({ [`PUT ${RECIPE}`]: () => HttpResponse.json(refused, { status: 422 }) });
    await press(words.recipe.save);
    const item = screen.getByLabelText(words.recipe.augmented.rotation.name).closest(".ant-form-item");
    await waitFor(() => expect(item).toHaveTextContent(message));
    expect(document.querySelectorAll(".ant-form-item-explain-error")).toHaveLength(1);
    const saved = hears(`PUT ${RECIPE}`, MINE);
    fireEvent.change(screen.getByLabelText(words.recipe.augmented.rotation.name), { target: { value: "20" } });
    await press(words.recipe.save);
    const augmentation = { preset: "strong" as const, flip_horizontal: false, rotation: 20 };
    await waitFor(() => expect(saved[0]?.body).toEqual({ recipe: recipe({ augmentation }) }));
  });

  test("refused, it says why and asks again when told to", async () => {
    answers({ ...AROUND, [`GET ${RECIPE}`]: () => problem(409, "conflict") });
    const { words } = open("/projects/p1/train", language);
    await seen(() => screen.getByText(words.problems.conflict));
    answers({ [`GET ${RECIPE}`]: MINE });
    await press(words.common.retry);
    await seen(() => screen.getByText(words.recipe.sources.project(2)));
  });

  test("a record tells its recipe, where it came from, and what the training made of it", async () => {
    const made = training({
      recipe: recipe({ seed: 7, sampler: "balanced", augmentation: { preset: "light", hue: 0.1, blur: null } }),
      recipe_from: { kind: "project", revision: 2 },
      started_from: "V3",
      choices: ["the decoder alone is the version"],
    });
    answers({ ...AROUND, [TRAININGS]: pageOf(made, training({ id: "t0", number: 0, recipe_from: null })) });
    const { words } = open("/projects/p1/train", language);
    await seen(() => screen.getByRole("button", { name: words.recipe.sources.unknown }));
    await press(words.recipe.sources.project(2).replace(/[()]/g, "."));
    const said = await screen.findByRole("tooltip");
    expect(said).toHaveTextContent("mobilenet_v2");
    expect(said).toHaveTextContent(words.recipe.samplers.balanced);
    const { comma, presets, augmented } = words.recipe;
    expect(said).toHaveTextContent(`${presets.light}${comma}${augmented.hue.name}: 0.1`);
    expect(said).not.toHaveTextContent(augmented.blur.name);
    expect(said).toHaveTextContent(words.recipe.madeFrom("V3"));
    expect(said).toHaveTextContent("the decoder alone is the version");
  });
});

describe("what is done with the recipe", () => {
  const language = "zh-CN";

  test("a choice in plain words changes the time, and the start takes it once", async () => {
    const last = training({ duration_seconds: 660, recipe: recipe() });
    answers({ ...AROUND, [TRAININGS]: pageOf(last) });
    const started = hears(START, training({ status: "preparing" }));
    const { words } = open("/projects/p1/train", language);
    await userEvent.click(await screen.findByRole("radio", { name: new RegExp(words.recipe.paces.quick.name) }));
    await seen(() => screen.getByText(words.recipe.usedOnce));
    expect(screen.getByTestId("recipe-time")).toHaveTextContent(words.recipe.timeWhole("4:20"));
    await press(words.train.start);
    await waitFor(() => expect(started).toHaveLength(1));
    expect(started[0]?.body).toEqual({ mode: "train", recipe: recipe({ budget_s: 200 }) });
    await press(words.recipe.discard);
    await seen(() => screen.getByText(words.recipe.usedDefaults));
  });

  test("a higher resolution tells the time that it needs, and the start takes it", async () => {
    const last = training({ duration_seconds: 660, input_width: 500, input_height: 400, recipe: recipe() });
    answers({ ...AROUND, [TRAININGS]: pageOf(last) });
    const started = hears(START, training({ status: "preparing" }));
    const { words } = open("/projects/p1/train", language);
    await press(words.recipe.advanced);
    await userEvent.click(await screen.findByLabelText(words.recipe.fields.resolution.name));
    await userEvent.click(await screen.findByTitle(words.recipe.megapixels("1")));
    await seen(() => screen.getByText(words.recipe.timeForAsMuch(words.recipe.megapixels("1"), "50:00"), { exact: false }));
    await press(words.train.start);
    await waitFor(() => expect(started[0]?.body).toEqual({ mode: "train", recipe: recipe({ resolution: "1" }) }));
  });

  test("back to the defaults and saved, the project has no recipe of its own", async () => {
    answers({ ...AROUND, [`GET ${RECIPE}`]: MINE });
    const saved = hears(`PUT ${RECIPE}`, storedRecipe({ revision: 3 }));
    const { words } = open("/projects/p1/train", language);
    await press(words.recipe.toDefaults);
    await press(words.recipe.save);
    await seen(() => screen.getByText(words.recipe.usedDefaults));
    expect(saved).toEqual([{ body: { recipe: null }, match: '"2"' }]);
  });

  test("a start that is refused opens the settings at the field", async () => {
    const refused = { type: "urn:x:invalid-input", title: "no", status: 422, errors: [{ field: "threshold", message: "too low" }] };
    answers({ ...AROUND, [START]: () => HttpResponse.json(refused, { status: 422 }) });
    const { words } = open("/projects/p1/train", language);
    await userEvent.click(await screen.findByRole("radio", { name: new RegExp(words.recipe.paces.thorough.name) }));
    await press(words.train.start);
    const input = await screen.findByLabelText(words.recipe.fields.threshold.name);
    expect(input.closest(".ant-form-item")).toHaveTextContent("too low");
  });

  test("somebody else was first: it says so, reads theirs, and keeps what is typed", async () => {
    answers({ ...AROUND, [`PUT ${RECIPE}`]: () => problem(412, "version-conflict") });
    const { words } = open("/projects/p1/train", language);
    await fill(words, "seed", "9");
    await press(words.recipe.save);
    await seen(() => screen.getByText(words.problems["version-conflict"]));
    answers({ [`GET ${RECIPE}`]: MINE });
    const saved = hears(`PUT ${RECIPE}`, MINE);
    await press(words.common.retry);
    await seen(() => screen.getByRole("button", { name: words.recipe.revisions }));
    expect(screen.getByLabelText(words.recipe.fields.seed.name)).toHaveValue("9");
    await press(words.recipe.save);
    await waitFor(() => expect(saved.map(({ match }) => match)).toEqual(['"2"']));
  });

  test("what is changed while a save is under way stays, and is saved after it with its revision", async () => {
    answers(AROUND);
    let answer = (): void => undefined;
    const matches: (string | null)[] = [];
    answers({
      [`PUT ${RECIPE}`]: async (request) => {
        matches.push(request.headers.get("If-Match"));
        await new Promise<void>((resolve) => (answer = resolve));
        return HttpResponse.json(MINE);
      },
    });
    const { words } = open("/projects/p1/train", language);
    await fill(words, "seed", "7");
    await press(words.recipe.save);
    await waitFor(() => expect(matches).toEqual(['"0"']));
    fireEvent.change(screen.getByLabelText(words.recipe.fields.epochs.name), { target: { value: "30" } });
    expect(await screen.findByRole("button", { name: new RegExp(words.recipe.save) })).toHaveClass("ant-btn-loading");
    await press(words.recipe.save);
    answer();
    await seen(() => screen.getByRole("button", { name: words.recipe.revisions }));
    expect(screen.getByLabelText(words.recipe.fields.epochs.name)).toHaveValue("30");
    expect(matches).toEqual(['"0"']);
    const saved = hears(`PUT ${RECIPE}`, MINE);
    await waitFor(() => expect(screen.getByRole("button", { name: words.recipe.save })).not.toHaveClass("ant-btn-loading"));
    await press(words.recipe.save);
    await waitFor(() => expect(saved).toEqual([{ body: { recipe: recipe({ seed: 7, epochs: 30 }) }, match: '"2"' }]));
  });

  test("a loss is weighed, of those that the platform offers", async () => {
    answers(AROUND);
    const saved = hears(`PUT ${RECIPE}`, MINE);
    const { words } = open("/projects/p1/train", language);
    await press(words.recipe.advanced);
    const add = await screen.findByRole("button", { name: new RegExp(`${words.recipe.lossAdd}$`) });
    await waitFor(() => expect(add).toBeEnabled());
    await userEvent.click(add);
    expect(await screen.findByLabelText(`${words.recipe.lossWeight} 1`)).toHaveValue("1");
    await press(words.recipe.save);
    const losses = [{ part: "score", loss: "quality_focal", weight: 1 }];
    await waitFor(() => expect(saved[0]?.body).toEqual({ recipe: recipe({ losses }) }));
  });

  test("an earlier recipe is listed with who set it, and taken up again", async () => {
    answers({
      ...AROUND,
      [`GET ${RECIPE}`]: MINE,
      [`GET ${RECIPE}/revisions`]: {
        items: [
          { number: 2, recipe: recipe({ seed: 7 }), at: "2026-11-26T08:00:00Z", by: "ann" },
          { number: 1, recipe: recipe({ epochs: 30 }), at: "2026-11-25T08:00:00Z", by: "bob" },
        ],
      },
    });
    const { words } = open("/projects/p1/train", language);
    await press(words.recipe.revisions);
    const row = (await screen.findByText("bob")).closest("tr") as HTMLElement;
    expect(row).toHaveTextContent(words.recipe.fields.epochs.name);
    await press(words.recipe.take, row);
    await seen(() => screen.getByText(words.recipe.usedOnce));
    await press(words.recipe.advanced);
    expect(await screen.findByLabelText(words.recipe.fields.epochs.name)).toHaveValue("30");
  });
});
