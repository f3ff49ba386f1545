import { expect, test } from "vitest";
import { DEFAULT_SORT, NO_FILTERS, readView, toQuery, writeView, type GalleryView } from "./filters";

const FULL: GalleryView = {
  filters: {
    name: "part 1",
    label: "scratch",
    status: "tested",
    from: "2026-11-01",
    to: "2026-11-20",
    width: 640,
    height: 480,
  },
  sort: "name",
  page: 3,
  pageSize: 50,
};

test("a view survives the address", () => {
  expect(readView(writeView(FULL))).toEqual(FULL);
});

test("the plain gallery leaves the address clean", () => {
  const plain: GalleryView = { filters: NO_FILTERS, sort: DEFAULT_SORT, page: 1, pageSize: 10 };
  expect(writeView(plain).toString()).toBe("");
  expect(readView(new URLSearchParams())).toEqual(plain);
});

test("an address with nonsense is read as if it were not there", () => {
  const view = readView(new URLSearchParams("page=-2&page_size=7&status=odd&width=1.5&height=x"));
  expect(view).toEqual({ filters: NO_FILTERS, sort: DEFAULT_SORT, page: 1, pageSize: 10 });
});

test("chosen days are whole days", () => {
  const query = toQuery(FULL);
  const hours = Date.parse(query.uploaded_to ?? "") - Date.parse(query.uploaded_from ?? "");
  expect(Math.ceil(hours / 3_600_000)).toBe(20 * 24);
});

test("an open filter is not sent", () => {
  expect(toQuery({ ...FULL, filters: NO_FILTERS })).toEqual({ sort: "name", page: 3, page_size: 50 });
});
