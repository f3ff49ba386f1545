/** The gallery's search, kept in the address so that a view can be shared and survives going back. */
import { IMAGE_STATUSES, REVIEW_STATES, type ImageQuery, type ImageStatus, type ReviewState } from "../../api/gallery";

export type ImageSort = NonNullable<ImageQuery["sort"]>;

export interface Filters {
  readonly name: string;
  readonly label: string;
  readonly status: ImageStatus | "";
  readonly review: ReviewState | "";
  readonly from: string;
  readonly to: string;
  readonly width: number | null;
  readonly height: number | null;
}

export interface GalleryView {
  readonly filters: Filters;
  /** Of a tiled project: the images that were cut, instead of their tiles. */
  readonly parents: boolean;
  /** The image that is open, "" for none. */
  readonly image: string;
  readonly sort: ImageSort;
  readonly page: number;
  readonly pageSize: number;
}

export const NO_FILTERS: Filters = {
  name: "",
  label: "",
  status: "",
  review: "",
  from: "",
  to: "",
  width: null,
  height: null,
};
export const PAGE_SIZES = [10, 20, 50, 100];
export const SORTS: readonly ImageSort[] = ["-uploaded_at", "uploaded_at", "name", "-name"];
export const DEFAULT_SORT: ImageSort = "-uploaded_at";

function natural(text: string | null): number | null {
  const value = Number(text);
  return text !== null && Number.isInteger(value) && value > 0 ? value : null;
}

export function readView(parameters: URLSearchParams): GalleryView {
  const status = IMAGE_STATUSES.find((known) => known === parameters.get("status")) ?? "";
  const pageSize = natural(parameters.get("page_size"));
  return {
    filters: {
      name: parameters.get("name") ?? "",
      label: parameters.get("label") ?? "",
      status,
      review: REVIEW_STATES.find((known) => known === parameters.get("review")) ?? "",
      from: dayOf(parameters.get("from")),
      to: dayOf(parameters.get("to")),
      width: natural(parameters.get("width")),
      height: natural(parameters.get("height")),
    },
    parents: parameters.get("parents") === "true",
    image: parameters.get("image") ?? "",
    sort: SORTS.find((known) => known === parameters.get("sort")) ?? DEFAULT_SORT,
    page: natural(parameters.get("page")) ?? 1,
    pageSize: pageSize !== null && PAGE_SIZES.includes(pageSize) ? pageSize : 10,
  };
}

function dayOf(given: string | null): string {
  return given !== null && Number.isFinite(Date.parse(`${given}T00:00`)) ? given : "";
}

/** Only what differs from the plain gallery stands in the address. */
export function writeView(view: GalleryView): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(view.filters)) {
    if (value !== "" && value !== null) parameters.set(name, String(value));
  }
  if (view.parents) parameters.set("parents", "true");
  if (view.image !== "") parameters.set("image", view.image);
  if (view.sort !== DEFAULT_SORT) parameters.set("sort", view.sort);
  if (view.page !== 1) parameters.set("page", String(view.page));
  if (view.pageSize !== 10) parameters.set("page_size", String(view.pageSize));
  return parameters;
}

/** Where the gallery shows one image, for links from elsewhere. */
export function imageAddress(projectId: string, imageId: string): string {
  return `/projects/${projectId}/gallery?image=${encodeURIComponent(imageId)}`;
}

/** Where one image is annotated. */
export function annotateAddress(projectId: string, imageId: string): string {
  return `/projects/${projectId}/annotate/${encodeURIComponent(imageId)}`;
}

/** Whether the view leaves images out, so that an empty list does not mean an empty gallery. */
export function isFiltered({ filters, parents }: GalleryView): boolean {
  return parents || Object.values(filters).some((value) => value !== "" && value !== null);
}

/** The search as the gallery service takes it, without its page; chosen days are whole days of the reader's clock. */
export function toQuery({ filters, parents, sort }: GalleryView): ImageQuery {
  return {
    ...(filters.name === "" ? {} : { name: filters.name }),
    ...(filters.label === "" ? {} : { label: filters.label }),
    ...(filters.status === "" ? {} : { status: filters.status }),
    ...(filters.review === "" ? {} : { review: filters.review }),
    ...(filters.from === "" ? {} : { uploaded_from: new Date(`${filters.from}T00:00`).toISOString() }),
    ...(filters.to === "" ? {} : { uploaded_to: new Date(`${filters.to}T23:59:59.999`).toISOString() }),
    ...(filters.width === null ? {} : { width: filters.width }),
    ...(filters.height === null ? {} : { height: filters.height }),
    ...(parents ? { parents } : {}),
    sort,
  };
}
