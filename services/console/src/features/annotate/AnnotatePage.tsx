import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Empty, Skeleton } from "antd";
import { lazy, Suspense, useEffect, useState, useSyncExternalStore, type ReactNode } from "react";
import { Link, useNavigate, useParams, useSearchParams } from "react-router";
import { getAnnotation } from "../../api/annotation";
import { contentPath, type GalleryImage, type ImageStatus } from "../../api/gallery";
import { START, type Desk } from "../../editor/desk";
import { isAnnotated, lacksLabel } from "../../editor/shapes";
import { firstTool } from "../../editor/tools/table";
import { Workbench } from "../../editor/Workbench";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { prefetchPicture } from "../../ui/usePicture";
import { useVocabulary } from "../projects/useLabels";
import { useProject } from "../projects/useProject";
import { Foot } from "./Foot";
import { ImageBench } from "./ImageBench";
import { workbookOf } from "./platform";
import { prefetchProposals, useProposalTerms } from "./proposals";
import { nextOpen } from "./steps";
import { useNextUnsure } from "./useNextUnsure";
import { shownOf, useStrip } from "./useStrip";
import { useTour } from "./useTour";
import "./annotate.css";

const Tour = lazy(async () => ({ default: (await import("./Tour")).Tour }));

/** Label what nobody has labelled yet, image by image. */
export function AnnotatePage(): ReactNode {
  const project = useProject();
  const vocabulary = useVocabulary(project.id);
  if (vocabulary.isError) return <ProblemAlert error={vocabulary.error} onRetry={() => void vocabulary.refetch()} />;
  if (vocabulary.data === undefined) return <Skeleton active paragraph={{ rows: 8 }} />;
  return <Room key={project.id} vocabulary={vocabulary.data} />;
}

interface RoomProps {
  readonly vocabulary: NonNullable<ReturnType<typeof useVocabulary>["data"]>;
}

function Room({ vocabulary }: RoomProps): ReactNode {
  const words = useWords();
  const project = useProject();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { message } = App.useApp();
  const { imageId = "" } = useParams();
  const [parameters, setParameters] = useSearchParams();
  const status = shownOf(parameters.get("status"));
  const strip = useStrip(project.id, status, imageId);
  const book = workbookOf(queries, project);
  const sheets = useSyncExternalStore(book.subscribe, book.snapshot);
  const { desk, setDesk } = useDesk(vocabulary, project.task === "ocr");
  const [terms, setTerms] = useProposalTerms(project);
  const tour = useTour();

  const statusOf = (image: GalleryImage): ImageStatus => {
    const sheet = sheets.get(image.id);
    if (sheet === undefined) return image.status;
    const { present } = sheet.history;
    if (isAnnotated(present) && !lacksLabel(present, project.task)) return "labelled";
    return image.status === "labelled" ? "unlabelled" : image.status;
  };
  const open = (id: string, replace = true): void => {
    book.save(imageId);
    const kept = new URLSearchParams(parameters);
    kept.delete("place"); // it is of one image
    void navigate({ pathname: `/projects/${project.id}/annotate/${id}`, search: kept.toString() }, { replace });
  };
  const place = strip.place(imageId);
  const step = async (by: 1 | -1): Promise<void> => {
    const known = strip.images[place + by];
    const next = known ?? (by === 1 && strip.hasMore ? (await strip.more())[place + by] : undefined);
    if (next !== undefined) open(next.id);
  };
  const goOn = async (): Promise<void> => {
    const isOpen = (image: GalleryImage): boolean => statusOf(image) === "unlabelled";
    let { images, hasMore } = strip;
    while (nextOpen(images, place, isOpen) === null && hasMore) {
      const longer = await strip.more();
      hasMore = longer.length > images.length;
      images = longer;
    }
    const next = nextOpen(images, place, isOpen);
    if (next === null) void message.info(words.annotate.allDone);
    else open(next.id);
  };

  const onNextUnsure = useNextUnsure(imageId, open, (id) => {
    const image = strip.images[strip.place(id)];
    const sheet = sheets.get(id);
    return sheet === undefined ? image?.status !== "labelled" : !isAnnotated(sheet.history.present);
  });

  // Without an image in the address the work begins with the first one that needs it.
  const start = strip.images.find((image) => statusOf(image) === "unlabelled") ?? strip.images[0];
  useEffect(() => {
    if (imageId === "" && start !== undefined) open(start.id);
  });
  useDraftsThatWait(book);
  const coming = strip.images[place + 1];
  const proposes = terms.byItself && coming !== undefined && statusOf(coming) !== "labelled";
  usePrefetch(coming?.id, proposes);

  if (strip.error !== null) return <ProblemAlert error={strip.error} onRetry={strip.retry} />;
  if (imageId === "" && !strip.pending && strip.images.length === 0) return <Nothing filtered={status !== ""} />;
  return (
    <Workbench
      foot={
        <Foot
          projectId={project.id}
          strip={strip}
          place={place}
          imageId={imageId}
          sheets={sheets}
          status={status}
          statusOf={statusOf}
          onStatus={(next) => setParameters(next === "" ? {} : { status: next }, { replace: true })}
          onOpen={open}
          onStep={(by) => void step(by)}
          onNextUnlabelled={() => void goOn()}
          onNextUnsure={onNextUnsure}
        />
      }
    >
      {imageId !== "" && (
        <ImageBench
          key={imageId}
          imageId={imageId}
          book={book}
          sheet={sheets.get(imageId) ?? null}
          vocabulary={vocabulary}
          place={parameters.get("place")}
          desk={desk}
          onDesk={setDesk}
          terms={terms}
          onTerms={setTerms}
          tour={tour}
          onStep={(by) => void step(by)}
          onNextUnlabelled={() => void goOn()}
          onNextUnsure={onNextUnsure}
        />
      )}
      {tour.running && (
        <Suspense>
          <Tour onEnd={tour.end} />
        </Suspense>
      )}
    </Workbench>
  );
}

/** What a person has at hand on every image: the first drawing tool and the first label to begin with. */
function useDesk({ items, shape_kinds }: RoomProps["vocabulary"], reads: boolean) {
  const [asked, setDesk] = useState<Desk | null>(null);
  const first = items[0]?.name ?? (reads ? "text" : "");
  const tool = firstTool(shape_kinds);
  const desk = asked ?? { ...START, tool };
  return { desk: desk.label === "" ? { ...desk, label: first } : desk, setDesk };
}

/** Save what an earlier visit could not, and what waits when the window goes out of sight. */
function useDraftsThatWait(book: ReturnType<typeof workbookOf>): void {
  useEffect(() => {
    void book.resume();
    const onHidden = (): void => {
      if (document.visibilityState === "hidden") book.save();
    };
    document.addEventListener("visibilitychange", onHidden);
    return () => {
      document.removeEventListener("visibilitychange", onHidden);
      book.save();
    };
  }, [book]);
}

/** The next image is there before it is asked for, and after its picture what is proposed for it. */
function usePrefetch(imageId: string | undefined, proposes: boolean): void {
  const queries = useQueryClient();
  const { id: projectId, task } = useProject();
  useEffect(() => {
    if (imageId === undefined) return;
    let left = false;
    void prefetchPicture(queries, contentPath(projectId, imageId)).then(() => {
      if (proposes && !left) void prefetchProposals(queries, { id: projectId, task }, imageId);
    });
    const annotation = { queryKey: ["annotation", projectId, imageId], queryFn: () => getAnnotation(projectId, imageId) };
    // Whoever opens the image asks again, and is told what is wrong.
    queries.query(annotation).catch(() => undefined);
    return () => {
      left = true;
    };
  }, [queries, projectId, task, imageId, proposes]);
}

function Nothing({ filtered }: { readonly filtered: boolean }): ReactNode {
  const words = useWords();
  const project = useProject();
  return (
    <Empty className="annotate-empty" description={filtered ? words.annotate.noMatch : words.annotate.none}>
      <Link to={filtered ? `/projects/${project.id}/annotate` : `/projects/${project.id}/gallery`}>
        <Button type="primary">{filtered ? words.common.all : words.annotate.goGallery}</Button>
      </Link>
    </Empty>
  );
}
