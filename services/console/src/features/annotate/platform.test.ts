import { expect, test } from "vitest";
import { START } from "../../editor/desk";
import { boxShape } from "../../editor/shapes";
import { deskWithLabel } from "./platform";

const DESK = {
  ...START,
  label: "scratch",
  copied: [boxShape("a", "box", "scratch", [0, 0, 9, 9]), boxShape("b", "box", "pore", [0, 0, 9, 9])],
};

test("copies of a deleted label do not bring it back", () => {
  const desk = deskWithLabel(DESK, "scratch", null);
  expect(desk.copied.map(({ label }) => label)).toEqual(["pore"]);
  expect(desk.label).toBe("");
});

test("copies of a renamed label have its new name", () => {
  expect(deskWithLabel(DESK, "pore", "hole").copied.map(({ label }) => label)).toEqual(["scratch", "hole"]);
  expect(deskWithLabel(DESK, "pore", "hole").label).toBe("scratch");
});
