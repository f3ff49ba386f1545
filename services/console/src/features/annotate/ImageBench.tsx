import { HistoryOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Skeleton } from "antd";
import { useEffect, useMemo, useState, type ReactNode } from "react";
import { createLabel, getAnnotation, orderLabels, type Label, type ShapeKind } from "../../api/annotation";
import { contentPath, getImage, thumbnailPath } from "../../api/gallery";
import { Problem } from "../../api/problem";
import { difference, differenceMarks } from "../../editor/comparison";
import type { Desk } from "../../editor/desk";
import { Editor } from "../../editor/Editor";
import type { Action } from "../../editor/keys";
import type { Mark } from "../../editor/marks";
import { coloursOf, type LabelLook } from "../../editor/labels";
import { colourOf, nameOf } from "../../editor/ShapeLayer";
import { outlineOf } from "../../editor/shapes";
import type { Sheet, Workbook } from "../../editor/workbook";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { tileMark } from "../gallery/tileMark";
import { looksOf } from "../projects/useLabels";
import { useOutlining } from "../projects/useOutlining";
import { useProject } from "../projects/useProject";
import { DeletedLabels } from "./DeletedLabels";
import { DraftOffer } from "./DraftOffer";
import { HistoryDrawer, type Compared } from "./HistoryDrawer";
import { LabelActions } from "./LabelActions";
import { Notices } from "./Notices";
import { deskWithLabel, savedOf } from "./platform";
import { markOfPlace } from "./place";
import type { ProposalTerms } from "./proposals";
import { ReturnDialog, Returned, ReviewBar, ReviewList } from "./ReviewBar";
import { useReviewing, WORD_OF } from "./reviewing";
import { TourOffer } from "./TourOffer";
import { useProposing } from "./useProposing";
import type { TourState } from "./useTour";

interface Props {
  readonly imageId: string;
  readonly book: Workbook;
  readonly sheet: Sheet | null;
  readonly vocabulary: { readonly items: readonly Label[]; readonly shape_kinds: readonly ShapeKind[] };
  /** What the address tells of a place to look at. */
  readonly place: string | null;
  readonly desk: Desk;
  readonly onDesk: (desk: Desk) => void;
  readonly terms: ProposalTerms;
  readonly onTerms: (terms: ProposalTerms) => void;
  readonly tour: TourState;
  readonly onStep: (by: 1 | -1) => void;
  readonly onNextUnlabelled: () => void;
  /** Null where nothing is known of what a version was unsure of. */
  readonly onNextUnsure: (() => void) | null;
}

/** The annotation service hears of an upload by event: for so long it is asked again. */
const HEARS_WITHIN = 20;
const ASK_AGAIN_MS = 500;

/** One image under work, saved by itself. */
export function ImageBench(props: Props): ReactNode {
  const { imageId, book, sheet, vocabulary, desk, onDesk, terms, onTerms, tour, onStep, onNextUnlabelled, onNextUnsure } = props;
  const words = useWords();
  const project = useProject();
  const [history, setHistory] = useState(false);
  const [returning, setReturning] = useState(false);
  const reviewing = useReviewing(project.id, imageId, book);
  const [compared, setCompared] = useState<Compared | null>(null);
  const annotation = useQuery({
    queryKey: ["annotation", project.id, imageId],
    queryFn: () => getAnnotation(project.id, imageId),
    retry: (failures, error) => failures < HEARS_WITHIN && (!(error instanceof Problem) || error.status === 404 || error.status >= 500),
    retryDelay: ASK_AGAIN_MS,
  });
  const { data, dataUpdatedAt } = annotation;
  useEffect(() => {
    // Each answer counts, the same one again, too: the book may have doubted what it knows.
    if (data !== undefined) book.open(imageId, savedOf(data));
  }, [book, imageId, data, dataUpdatedAt]);
  const labels = useLabels(vocabulary.items, sheet, desk.label);
  const create = useNewLabel(project.id);
  const order = useOrder(project.id, vocabulary.items);
  const theirs = useTheirs(sheet, labels);
  const told = useMemo(() => markOfPlace(props.place), [props.place]);
  const differing = useDiffering(compared, sheet, labels);
  const marks = useMemo(() => [...theirs, ...differing, ...(told === null ? [] : [told])], [theirs, differing, told]);
  const tiles = useTiles(imageId);
  const names = useMemo(() => new Set(vocabulary.items.map(({ name }) => name)), [vocabulary.items]);
  const outline = useOutlining(imageId);
  const proposing = useProposing({
    imageId,
    drawing: sheet?.history.present ?? null,
    kinds: vocabulary.shape_kinds,
    labels: names,
    terms,
    onTerms,
  });

  if (annotation.isError && data === undefined) {
    return (
      <div className="workbench-picture">
        <ProblemAlert error={annotation.error} onRetry={() => void annotation.refetch()} />
      </div>
    );
  }
  if (data === undefined || sheet === null) return <Skeleton active className="workbench-picture" paragraph={{ rows: 8 }} />;

  const onAction = (action: Action): void => {
    if (action === "next") onStep(1);
    else if (action === "previous") onStep(-1);
    else if (action === "next unlabelled") onNextUnlabelled();
    else if (action === "next unsure") onNextUnsure?.();
    else if (action === "save") book.save(imageId);
    else if (action === "send back") setReturning(reviewing.may.has(action));
    else if (WORD_OF[action] !== undefined && reviewing.may.has(action)) reviewing.say(WORD_OF[action]);
  };
  const page = new Set<Action>([...reviewing.may, ...(onNextUnsure === null ? [] : (["next unsure"] as const))]);
  const { past, present, future } = sheet.history;
  return (
    <>
      <Editor
        image={{
          path: contentPath(project.id, imageId),
          preview: thumbnailPath(project.id, imageId),
          name: data.image_name,
          width: data.width,
          height: data.height,
        }}
        kinds={vocabulary.shape_kinds}
        reads={project.task === "ocr"}
        labels={labels}
        labelTools={{
          create,
          order,
          more: <DeletedLabels projectId={project.id} book={book} />,
          actions: (name) => {
            const label = vocabulary.items.find((one) => one.name === name);
            if (label === undefined) return null;
            const changed = (next: string | null): void => onDesk(deskWithLabel(desk, name, next));
            return <LabelActions projectId={project.id} label={label} labels={vocabulary.items} book={book} onChanged={changed} />;
          },
        }}
        outline={outline}
        steps={{
          drawing: present,
          mayUndo: past.length > 0,
          mayRedo: future.length > 0,
          change: (drawing) => book.change(imageId, drawing),
          undo: () => book.undo(imageId),
          redo: () => book.redo(imageId),
        }}
        desk={desk}
        onDesk={onDesk}
        marks={marks}
        tiles={tiles}
        proposing={proposing}
        page={page}
        onTour={tour.begin}
        side={
          <>
            {tour.offered && <TourOffer onTake={tour.begin} onLeave={tour.end} />}
            <ReviewBar annotation={data} reviewing={reviewing} onAct={onAction} />
          </>
        }
        notice={
          <>
            <DraftOffer projectId={project.id} imageId={imageId} book={book} sheet={sheet} />
            <Returned annotation={data} />
            <Notices book={book} imageId={imageId} sheet={sheet} />
          </>
        }
        more={
          <Button
            type="text"
            icon={<HistoryOutlined />}
            title={words.annotate.history}
            aria-label={words.annotate.history}
            onClick={() => setHistory(true)}
          />
        }
        onAction={onAction}
      />
      {returning && (
        <ReturnDialog
          onClose={() => setReturning(false)}
          onReturn={(comment) => {
            setReturning(false);
            reviewing.say("returned", comment);
          }}
        />
      )}
      {history && (
        <HistoryDrawer
          reviews={<ReviewList annotation={data} />}
          projectId={project.id}
          imageId={imageId}
          version={sheet.base.version}
          drawing={present}
          compared={compared}
          onCompare={setCompared}
          onBringBack={(drawing) => book.change(imageId, drawing)}
          onClose={() => {
            setHistory(false);
            setCompared(null);
          }}
        />
      )}
    </>
  );
}

/** The project's labels in their order, then those that only stand on this image or on the desk so far. */
function useLabels(known: readonly Label[], sheet: Sheet | null, next: string): readonly LabelLook[] {
  const shapes = sheet?.history.present.shapes;
  return useMemo(() => looksOf(known, [...(shapes ?? []).map(({ label }) => label), next]), [known, shapes, next]);
}

/** Puts labels in an order, on the screen at once. */
function useOrder(projectId: string, items: readonly Label[]): (names: readonly string[]) => void {
  const queries = useQueryClient();
  const { message } = App.useApp();
  const mutationKey = ["order of labels", projectId];
  const ordering = useMutation({
    mutationKey,
    mutationFn: (ordered: readonly Label[]) => orderLabels(projectId, ordered.map(({ id }) => id)),
    scope: { id: `order ${projectId}` },
    onMutate: async (ordered) => {
      await queries.cancelQueries({ queryKey: ["labels", projectId] });
      queries.setQueryData(["labels", projectId], (before: object | undefined) => before && { ...before, items: ordered });
    },
    onError: (error) => void message.error(error.message),
    // While another move waits, the platform's order is of before it.
    onSettled: () => (queries.isMutating({ mutationKey }) > 1 ? undefined : queries.invalidateQueries({ queryKey: ["labels", projectId] })),
  });
  return (names) => {
    const byName = new Map(items.map((label) => [label.name, label]));
    ordering.mutate(names.flatMap((name) => byName.get(name) ?? []));
  };
}

function useNewLabel(projectId: string): (name: string) => void {
  const queries = useQueryClient();
  const { message } = App.useApp();
  const creation = useMutation({
    mutationFn: (name: string) => createLabel(projectId, name),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["labels", projectId] }),
    onError: (error) => void message.error(error.message),
  });
  return (name) => creation.mutate(name);
}

const NO_MARKS: readonly Mark[] = [];

/** How the image is cut, in a project that cuts. */
function useTiles(imageId: string): readonly Mark[] {
  const project = useProject();
  const image = useQuery({
    queryKey: ["images", project.id, "one", imageId],
    queryFn: () => getImage(project.id, imageId),
    enabled: project.tiling !== null,
  });
  const tiles = image.data?.tile_images;
  return useMemo(() => tiles?.map(tileMark) ?? NO_MARKS, [tiles]);
}

/** What somebody else made of the shapes that both have changed. */
function useTheirs(sheet: Sheet | null, labels: readonly LabelLook[]): readonly Mark[] {
  const words = useWords();
  const conflicts = sheet?.conflicts;
  const ignored = words.editor.ignored;
  return useMemo(() => {
    if (conflicts === undefined || conflicts.length === 0) return NO_MARKS;
    const colours = coloursOf(labels);
    return conflicts.flatMap(({ theirs }): Mark[] =>
      theirs === null
        ? []
        : [
            {
              id: `theirs ${theirs.id}`,
              outline: outlineOf(theirs),
              mask: theirs.rle,
              colour: colourOf(theirs, colours),
              caption: nameOf(theirs, ignored),
              captionBelow: true,
              dashed: true,
            },
          ],
    );
  }, [conflicts, labels, ignored]);
}

/** How an earlier state differs from what is drawn now. */
function useDiffering(compared: Compared | null, sheet: Sheet | null, labels: readonly LabelLook[]): readonly Mark[] {
  const words = useWords();
  const drawing = sheet?.history.present;
  return useMemo(() => {
    if (compared === null || drawing === undefined) return NO_MARKS;
    const { then, since } = words.annotate;
    return differenceMarks(difference(compared.drawing, drawing), coloursOf(labels), { ignored: words.editor.ignored, then, since });
  }, [compared, drawing, labels, words]);
}
