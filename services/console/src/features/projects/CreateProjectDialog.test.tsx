// @vitest-environment happy-dom
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { imageLimits } from "../../testing/builders";
import { answers, pageOf } from "../../testing/platform";
import { LANGUAGES, open, seen } from "../../testing/screen";

test.each(LANGUAGES)("an emptied number of rows is asked for in %s, and never sent or drawn", async (language) => {
  answers({ "GET /api/workspace/projects": pageOf(), "GET /api/gallery/limits": imageLimits() });
  const { words } = open("/", language);
  await userEvent.click((await screen.findAllByRole("button", { name: new RegExp(words.projects.create) }))[0] as HTMLElement);
  await userEvent.type(await screen.findByTestId("project-name"), "Tiled");
  await userEvent.click(screen.getByTestId("tiling"));
  await waitFor(() => expect(screen.getAllByRole("spinbutton")[0]).toHaveAttribute("aria-valuemax", "7"));
  await userEvent.clear((await screen.findAllByRole("spinbutton"))[0] as HTMLElement);
  await seen(() => screen.getByText(words.projects.gridUnknown));
  expect(screen.queryByTestId("tile-preview")).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: words.common.ok }));
  await waitFor(() => expect(screen.getByText(words.projects.numberMissing)).toBeVisible());
});
