import { expect, test } from "vitest";
import { DEFAULT_SORT, imageAddress, NO_FILTERS, readView, toQuery, writeView, type GalleryView } from "./filters";

const FULL: GalleryView = {
  filters: {
    name: "part 1",
    label: "scratch",
    status: "tested",
    review: "returned",
    from: "2026-11-01",
    to: "2026-11-20",
    width: 640,
    height: 480,
  },
  parents: true,
  image: "01M8B5Y3ZW",
  sort: "name",
  page: 3,
  pageSize: 50,
};
const PLAIN: GalleryView = {
  filters: NO_FILTERS,
  parents: false,
  image: "",
  sort: DEFAULT_SORT,
  page: 1,
  pageSize: 10,
};

test("a view survives the address", () => {
  expect(readView(writeView(FULL))).toEqual(FULL);
});

test("the plain gallery leaves the address clean", () => {
  expect(writeView(PLAIN).toString()).toBe("");
  expect(readView(new URLSearchParams())).toEqual(PLAIN);
});

test("an address with nonsense is read as if it were not there", () => {
  const view = readView(new URLSearchParams("page=-2&page_size=7&status=odd&review=odd&width=1.5&height=x&from=yesterday&to=2026-13-01"));
  expect(view).toEqual(PLAIN);
});

test("chosen days are whole days", () => {
  const query = toQuery(FULL);
  const hours = Date.parse(query.uploaded_to ?? "") - Date.parse(query.uploaded_from ?? "");
  expect(Math.ceil(hours / 3_600_000)).toBe(20 * 24);
});

test("an open filter is not sent, nor which image is open", () => {
  const bare = { ...FULL, filters: NO_FILTERS, parents: false };
  expect(toQuery(bare)).toEqual({ sort: "name" });
  expect(toQuery({ ...bare, parents: true })).toMatchObject({ parents: true });
});

test("a link from elsewhere opens the image", () => {
  const [, query] = imageAddress("p1", "i/1").split("?");
  expect(readView(new URLSearchParams(query)).image).toBe("i/1");
});
