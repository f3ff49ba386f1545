import { lazy, Suspense, useCallback, useState, type ReactNode } from "react";
import { Button, Empty, Pagination } from "antd";
import { useNavigate, useLocation, useSearchParams } from "react-router";
import { listImages, type GalleryImage } from "../../api/gallery";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { usePage } from "../../ui/usePage";
import { useProject } from "../projects/useProject";
import { GalleryFilters } from "./GalleryFilters";
import { GalleryTools, type Display } from "./GalleryTools";
import { isFiltered, PAGE_SIZES, readView, toQuery, writeView, type GalleryView } from "./filters";
import { ImageGrid } from "./ImageGrid";
import { ImageTable } from "./ImageTable";
import { useNeighbours } from "./useNeighbours";

// What opens later is loaded later: the list is there in a second.
const ImageDrawer = lazy(async () => ({ default: (await import("./ImageDrawer")).ImageDrawer }));
const TransfersDialog = lazy(async () => ({ default: (await import("./TransfersDialog")).TransfersDialog }));
const UploadDialog = lazy(async () => ({ default: (await import("./UploadDialog")).UploadDialog }));

/** Status, labels and tiles arrive a moment after the upload, by event. */
const REFRESH_MS = 4_000;
const DISPLAY_KEY = "loupe.gallery.display";

export function GalleryPage(): ReactNode {
  const words = useWords();
  const project = useProject();
  const { view, show, open, close } = useGalleryView();
  const [display, setDisplay] = useState<Display>(() =>
    localStorage.getItem(DISPLAY_KEY) === "grid" ? "grid" : "table",
  );
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [dialog, setDialog] = useState<"images" | "annotated" | "transfers" | null>(null);

  const query = toQuery(view);
  const images = usePage({
    key: ["images", project.id, query],
    list: (page, size) => listImages(project.id, { ...query, page, page_size: size }),
    place: {
      page: view.page,
      size: view.pageSize,
      turn: (page, pageSize) => show({ page, pageSize }),
    },
    refreshMs: REFRESH_MS,
  });
  const neighbours = useNeighbours(images, view.image, open);
  const filtered = isFiltered(view);
  // What a filter hides must not be deleted with what is seen.
  const look = (part: Partial<GalleryView>): void => {
    setChosen([]);
    show({ ...part, page: 1 });
  };
  const listing = {
    images: images.items,
    chosen,
    onChoose: setChosen,
    onOpen: ({ id }: GalleryImage) => open(id),
  };

  return (
    <>
      <GalleryFilters
        projectId={project.id}
        filters={view.filters}
        filtered={filtered}
        refreshMs={REFRESH_MS}
        onFilter={(filters) => look({ filters })}
      />
      <section className="list-card">
        <GalleryTools
          view={view}
          display={display}
          chosen={chosen}
          onUpload={setDialog}
          onTransfers={() => setDialog("transfers")}
          onDisplay={(next) => {
            localStorage.setItem(DISPLAY_KEY, next);
            setDisplay(next);
          }}
          onParents={(parents) => look({ parents })}
          onDeleted={() => setChosen([])}
        />
        {images.error !== null ? (
          <ProblemAlert error={images.error} onRetry={images.retry} />
        ) : images.empty ? (
          <Empty className="list-empty" description={filtered ? words.gallery.noMatch : words.gallery.none}>
            {!filtered && (
              <Button type="primary" onClick={() => setDialog("images")}>
                {words.gallery.uploadFirst}
              </Button>
            )}
          </Empty>
        ) : display === "table" ? (
          <ImageTable
            {...listing}
            loading={images.pending || images.turning}
            sort={view.sort}
            onSort={(sort) => show({ sort, page: 1 })}
          />
        ) : (
          <div className={images.turning ? "turning" : undefined} inert={images.turning}>
            <ImageGrid {...listing} />
          </div>
        )}
        {images.total > 0 && (
          <Pagination
            {...images.pager}
            className="list-pager"
            align="end"
            size="small"
            showTotal={words.common.total}
            showSizeChanger
            showQuickJumper
            pageSizeOptions={PAGE_SIZES}
          />
        )}
      </section>
      <Suspense>
        {view.image !== "" && (
          <ImageDrawer imageId={view.image} neighbours={neighbours} onOpen={open} onClose={close} />
        )}
        {dialog === "transfers" ? (
          <TransfersDialog onClose={() => setDialog(null)} />
        ) : (
          dialog !== null && <UploadDialog mode={dialog} onClose={() => setDialog(null)} />
        )}
      </Suspense>
    </>
  );
}

/** The view as it stands in the address. An image that opens is a step of its own: Back closes it. */
function useGalleryView() {
  const go = useNavigate();
  const state: unknown = useLocation().state;
  const [parameters, setParameters] = useSearchParams();
  const view = readView(parameters);
  const isOpen = view.image !== "";
  const show = (part: Partial<GalleryView>): void =>
    setParameters((now) => writeView({ ...readView(now), ...part }), { replace: true, state });
  const open = useCallback(
    (image: string): void =>
      setParameters((now) => writeView({ ...readView(now), image }), {
        replace: isOpen,
        state: isOpen ? state : OPENED_HERE,
      }),
    [setParameters, isOpen, state],
  );
  const close = (): void => {
    if (state === OPENED_HERE) void go(-1);
    else show({ image: "" });
  };
  return { view, show, open, close };
}

/** The state of an entry of the browser's history that the gallery made for an open image. */
const OPENED_HERE = "opened here";
