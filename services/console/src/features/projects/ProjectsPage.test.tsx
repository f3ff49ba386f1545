// @vitest-environment happy-dom
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse } from "msw";
import { beforeEach, describe, expect, test } from "vitest";
import { signIn } from "../../api/session";
import { ROLES, type Role } from "../../api/workspace";
import { project, training } from "../../testing/builders";
import { answers, CARDS, pageOf, problem, refusesEverything } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";
import { ALL_PROJECTS, readProjectsView, writeProjectsView, type ProjectsView } from "./projectsView";

const LIST = "GET /api/workspace/projects";

beforeEach(() => answers(CARDS));

/** What the list was asked for, newest first. */
function listing(...items: ReturnType<typeof project>[]): URLSearchParams[] {
  const asked: URLSearchParams[] = [];
  answers({
    [LIST]: (request) => {
      asked.unshift(new URL(request.url).searchParams);
      return HttpResponse.json(pageOf(...items));
    },
  });
  return asked;
}

async function signedInAs(role: Role): Promise<void> {
  answers({
    "POST /api/workspace/tokens": { access_token: "token", expires_in: 3600, tenant: "default", role, token_type: "bearer" },
  });
  await signIn("key");
}

describe.each(LANGUAGES)("the list of projects in %s", (language) => {
  test("without a project it invites to make one", async () => {
    answers({ [LIST]: pageOf() });
    const { words } = open("/", language);
    await seen(() => screen.getByText(words.projects.none));
    expect(screen.queryByRole("textbox", { name: words.projects.find })).toBeNull();
  });

  test("where all projects are archived it leads to them", async () => {
    answers({
      [LIST]: ({ url }) => HttpResponse.json(new URL(url).searchParams.get("archived") === "true" ? pageOf(project()) : pageOf()),
    });
    const { words } = open("/", language);
    await userEvent.click(await screen.findByRole("button", { name: words.projects.showArchived }));
    await seen(() => screen.getByRole("link", { name: /Surfaces/ }));
  });

  test("refused, it says why and tries again when asked to", async () => {
    refusesEverything();
    const { words } = open("/", language);
    await seen(() => screen.getByText(words.problems.conflict));
    answers({ ...CARDS, [LIST]: pageOf(project()) });
    await userEvent.click(screen.getByRole("button", { name: words.common.retry }));
    await seen(() => screen.getByRole("link", { name: /Surfaces/ }));
  });

  test("every project is a card that leads to its gallery", async () => {
    answers({ [LIST]: pageOf(project(), project({ id: "p2", name: "Castings", task: "ocr" })) });
    const { words } = open("/", language);
    expect(await screen.findByRole("link", { name: /Castings/ })).toHaveAttribute("href", "/projects/p2/gallery");
    expect(screen.getByText(words.tasks.ocr.name)).toBeVisible();
  });

  test("a card tells its images, its newest version though later trainings made none, and what runs", async () => {
    const running = training({ id: "t3", version: null, status: "running", average_detection_rate: null });
    const ended = training({ id: "t2", version: null, status: "terminated", average_detection_rate: null });
    const made = training({ version: "V2", status: "success", average_detection_rate: 0.913 });
    answers({ [LIST]: pageOf(project()), "GET /api/trainer/projects/p1/trainings": pageOf(running, ended, made) });
    const { words } = open("/", language);
    await seen(() => screen.getByText(words.projects.images(62, 56)));
    expect(await screen.findByText(words.projects.newest("V2", "91.3%"))).toBeVisible();
    expect(screen.getByText(words.projects.trains)).toBeVisible();
  });

  test("a card whose project has no version says so", async () => {
    answers({ [LIST]: pageOf(project()) });
    const { words } = open("/", language);
    await seen(() => screen.getByText(words.projects.untrained));
    expect(screen.queryByText(words.projects.trains)).toBeNull();
  });

  test("what is typed and chosen narrows the list and stands in the address", async () => {
    const asked = listing(project());
    const { router, words } = open("/", language);
    await userEvent.type(await screen.findByRole("textbox", { name: words.projects.find }), "sur");
    await waitFor(() => expect(asked[0]?.get("name")).toBe("sur"));
    await userEvent.click(screen.getByText(words.projects.archived));
    await waitFor(() => expect(asked[0]?.get("archived")).toBe("true"));
    expect(asked[0]?.get("name")).toBe("sur");
    expect(router.state.location.search).toBe("?name=sur&archived=true");
  });

  test("a search that finds nothing says so and leads back to all", async () => {
    const asked = listing();
    const { words } = open("/?name=zzz", language);
    await seen(() => screen.getByText(words.projects.noneFound));
    await userEvent.click(screen.getByRole("button", { name: words.projects.showAll }));
    await waitFor(() => expect(asked[0]?.get("name")).toBeNull());
  });

  test("name and notes are changed where nobody changed them meanwhile", async () => {
    const one = project({ notes: "old", version: 7 });
    answers({ [LIST]: pageOf(one) });
    const { words } = open("/", language);
    const dialog = await openDialog(words.projects.manage("Surfaces"), words.projects.edit);
    const name = within(dialog).getByRole("textbox", { name: words.projects.name });
    await userEvent.clear(name);
    await userEvent.type(name, "Castings");
    const sent: unknown[] = [];
    let now = project({ name: "Seals", notes: "theirs", version: 8 });
    answers({
      [LIST]: () => HttpResponse.json(pageOf(now)),
      "PATCH /api/workspace/projects/p1": async (request) => {
        const seenVersion = request.headers.get("If-Match");
        sent.push(seenVersion, await request.json());
        if (seenVersion !== `"${now.version}"`) return problem(412, "version-conflict");
        now = { ...now, version: 9 };
        return HttpResponse.json(now);
      },
    });
    // However often it is sent: what stands in the dialog began with what was there before.
    for (const times of [1, 2]) {
      await userEvent.click(within(dialog).getByRole("button", { name: words.common.save }));
      await waitFor(() => expect(sent).toHaveLength(2 * times));
      await seen(() => within(dialog).getByText(words.problems["version-conflict"]));
      await screen.findByRole("button", { name: words.projects.manage("Seals"), hidden: true });
    }
    expect(sent).toEqual(['"7"', { name: "Castings", notes: "old" }, '"7"', { name: "Castings", notes: "old" }]);
    await userEvent.click(within(dialog).getByRole("button", { name: words.common.cancel }));
    const again = await openDialog(words.projects.manage("Seals"), words.projects.edit);
    expect(within(again).getByRole("textbox", { name: words.projects.name })).toHaveValue("Seals");
    await userEvent.click(within(again).getByRole("button", { name: words.common.save }));
    await waitFor(() => expect(sent.slice(4)).toEqual(['"8"', { name: "Seals", notes: "theirs" }]));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  });

  test("it is archived with one choice and taken back with another", async () => {
    const sent: unknown[] = [];
    const one = project();
    const asked = listing(one);
    answers({
      "PATCH /api/workspace/projects/p1": async (request) => {
        sent.push(await request.json());
        Object.assign(one, { archived_at: "2026-11-27T08:00:00Z" });
        return HttpResponse.json(one);
      },
    });
    const { words } = open("/", language);
    await choose(words.projects.manage("Surfaces"), words.projects.archive);
    await waitFor(() => expect(sent).toEqual([{ archived: true }]));
    await waitFor(() => expect(asked.length).toBeGreaterThan(1));
    await choose(words.projects.manage("Surfaces"), words.projects.restore);
    await waitFor(() => expect(sent[1]).toEqual({ archived: false }));
  });

  test("it is deleted only once its name was typed", async () => {
    const gone: string[] = [];
    answers({
      [LIST]: pageOf(project()),
      "DELETE /api/workspace/projects/p1": ({ url }) => {
        gone.push(url);
        return new HttpResponse(null, { status: 204 });
      },
    });
    const { words } = open("/", language);
    const dialog = await openDialog(words.projects.manage("Surfaces"), words.projects.remove);
    await seen(() => within(dialog).getByText(words.projects.removeConsequence(62)));
    const remove = within(dialog).getByRole("button", { name: words.projects.remove });
    const field = within(dialog).getByRole("textbox", { name: words.projects.typeName("Surfaces") });
    await userEvent.type(field, "surfaces{Enter}");
    expect(remove).toBeDisabled();
    expect(gone).toEqual([]);
    await userEvent.clear(field);
    await userEvent.type(field, "Surfaces");
    await userEvent.click(remove);
    await waitFor(() => expect(gone).toHaveLength(1));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  });
});

async function choose(menu: string, entry: string): Promise<void> {
  await userEvent.click(await screen.findByRole("button", { name: menu }));
  await userEvent.click(await screen.findByRole("menuitem", { name: new RegExp(entry) }));
}

async function openDialog(menu: string, entry: string): Promise<HTMLElement> {
  await choose(menu, entry);
  return screen.findByRole("dialog");
}

test.each(ROLES)("who signs in as %s sees the ways that are open to that role", async (role) => {
  answers({ [LIST]: pageOf(project()) });
  await signedInAs(role);
  const { words } = open("/", "en");
  await seen(() => screen.getByText("Surfaces"));
  for (const { title } of [words.storage, words.keys]) {
    expect(screen.queryAllByRole("link", { name: title })).toHaveLength(role === "admin" ? 1 : 0);
  }
  const manages = role === "engineer" || role === "admin" ? 1 : 0;
  expect(screen.queryAllByRole("button", { name: words.projects.manage("Surfaces") })).toHaveLength(manages);
  expect(screen.queryAllByRole("button", { name: new RegExp(words.projects.create) })).toHaveLength(manages);
});

test.each<ProjectsView>([
  ALL_PROJECTS,
  { name: "a&b=ü", task: "ocr", archived: true, sort: "-name", page: 3 },
])("a view comes back from its address", (view) => {
  expect(readProjectsView(writeProjectsView(view))).toEqual(view);
});

test("an address with nonsense is the plain list", () => {
  expect(readProjectsView(new URLSearchParams("task=x&sort=y&page=-2&archived=1"))).toEqual(ALL_PROJECTS);
});
