// @vitest-environment happy-dom
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, test } from "vitest";
import { around, settled } from "../../testing/annotating";
import { answers } from "../../testing/platform";
import { LANGUAGES, open } from "../../testing/screen";

afterEach(settled);

describe.each(LANGUAGES)("the tour of the editor in %s", (language) => {
  test("it is offered once, walked through by key, and Escape or its end leads back to the work", async () => {
    answers(around());
    const { words, router } = open("/projects/p1/annotate/i1", language);
    await userEvent.click(await screen.findByRole("button", { name: words.tour.offer }));
    const [first = "", second = "", ...others] = Object.values(words.tour.steps).map(({ title }) => title);
    await screen.findByRole("dialog", { name: first });
    expect(screen.queryByRole("button", { name: words.tour.offer })).toBeNull();
    await userEvent.keyboard("{ArrowLeft}{ArrowRight}{ArrowRight}{ArrowLeft}");
    await screen.findByRole("dialog", { name: second });
    for (const name of others) {
      await userEvent.keyboard("{ArrowRight}");
      await screen.findByRole("dialog", { name });
    }
    expect(screen.getByRole("dialog")).toHaveTextContent("F2");
    await userEvent.keyboard("{ArrowRight}");
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(router.state.location.pathname).toBe("/projects/p1/annotate/i1");
    await userEvent.keyboard("?");
    await userEvent.click(await screen.findByRole("button", { name: words.tour.again }));
    await screen.findByRole("dialog", { name: first });
    await userEvent.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByRole("dialog", { name: first })).toBeNull());
  });

  test("whoever wants none is not asked again", async () => {
    answers(around());
    const first = open("/projects/p1/annotate/i1", language);
    await userEvent.click(await screen.findByRole("button", { name: first.words.tour.leave }));
    first.unmount();
    const { words } = open("/projects/p1/annotate/i1", language);
    await screen.findByTestId("review");
    expect(screen.queryByRole("button", { name: words.tour.offer })).toBeNull();
  });
});
