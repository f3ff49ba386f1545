import { useImperativeHandle, useMemo, useRef, useState, type ReactNode, type Ref } from "react";
import { App, Tag, type InputRef } from "antd";
import type { ShapeKind } from "../api/annotation";
import { asProblem } from "../api/problem";
import { useWords } from "../i18n/language";
import { problemTitle } from "../ui/ProblemAlert";
import { usePicture } from "../ui/usePicture";
import { Canvas } from "./Canvas";
import { seenLook, type Desk } from "./desk";
import { bounds, type Size } from "./geometry";
import { HotkeysDialog } from "./HotkeysDialog";
import type { Action } from "./keys";
import { LabelPanel, type LabelTools } from "./LabelPanel";
import { PROPOSAL_ACTIONS, useMarks, useProposals, type Proposing } from "./useProposals";
import { coloursOf, hotkeysOf, type LabelLook } from "./labels";
import type { Mark } from "./marks";
import { ObjectPanel } from "./ObjectPanel";
import type { Outlining } from "./pointing";
import { outlineOf, type Drawing } from "./shapes";
import { Stage, type Zoom } from "./Stage";
import { ProposalBar } from "./ProposalBar";
import { ToolBar } from "./ToolBar";
import { TrialBar } from "./TrialBar";
import { useEditing, type Steps } from "./useEditing";
import "./editor.css";

export interface EditedImage extends Size {
  readonly path: string;
  readonly preview: string;
  readonly name: string;
}

/** What the page around may ask for. */
export interface Settling {
  /** Make what is only looked at, and tell the drawing as it is then. */
  readonly settle: () => Drawing;
}

interface Props {
  readonly handle?: Ref<Settling>;
  readonly image: EditedImage;
  /** Kinds of shapes that the project's task knows. */
  readonly kinds: readonly ShapeKind[];
  /** Shapes say what is written in them. */
  readonly reads: boolean;
  readonly labels: readonly LabelLook[];
  readonly labelTools: LabelTools;
  readonly steps: Steps;
  /** What the platform makes of clicks on the image. */
  readonly outline: Outlining;
  readonly desk: Desk;
  readonly onDesk: (desk: Desk) => void;
  /** Shapes of somebody else, to be seen and not to be touched. */
  readonly marks?: readonly Mark[];
  /** Where the picture is cut into tiles. */
  readonly tiles?: readonly Mark[];
  /** What a version proposes; null where none can. */
  readonly proposing?: Proposing | null;
  /** Which actions the page does that others do not. */
  readonly page?: ReadonlySet<Action>;
  /** What is said about the image, above the picture. */
  readonly notice?: ReactNode;
  /** Further buttons of the page. */
  readonly more?: ReactNode;
  /** Stands over the labels. */
  readonly side?: ReactNode;
  /** Shows a newcomer around, where the page can. */
  readonly onTour?: () => void;
  /** Going from image to image, and saving, is the page's. */
  readonly onAction: (action: Action) => void;
}

const NO_MARKS: readonly Mark[] = [];
const NO_ACTIONS: ReadonlySet<Action> = new Set();

/** A picture to draw on: tools at its left, labels and objects at its right. It fills a {@link Workbench}. */
export function Editor(props: Props): ReactNode {
  const { image, kinds, reads, labels, labelTools, steps, desk, onDesk, marks = NO_MARKS, tiles = NO_MARKS, proposing = null, page = NO_ACTIONS, notice, more, side } = props;
  const words = useWords();
  const zoom = useRef<Zoom>(null);
  const search = useRef<InputRef>(null);
  const text = useRef<InputRef>(null);
  const { message } = App.useApp();
  const { url: picture, error: missing } = usePicture(image.path);
  const [help, setHelp] = useState(false);
  const { shapes } = steps.drawing;
  const colours = useMemo(() => coloursOf(labels), [labels]);
  const hotkeys = useMemo(() => hotkeysOf(labels), [labels]);

  const proposals = useProposals({
    proposing,
    drawing: steps.drawing,
    image,
    change: steps.change,
    onReach: (box) => zoom.current?.reach(box),
  });
  const seen = seenLook(desk.look);
  /** Nobody accepts what is not seen, nor while something else waits to be kept. */
  const propose = (action: Action): boolean => (action === "propose" || (seen.marks && editing.trial.kind === null)) && proposals.act(action);
  const onAction = (action: Action): void => {
    if (PROPOSAL_ACTIONS.has(action)) propose(action);
    else if (action === "larger" || action === "smaller" || action === "fit") zoom.current?.[action]();
    else if (action === "labels") search.current?.focus();
    else if (action === "text") {
      // The field of a shape that was just drawn is there a moment later.
      if (reads) setTimeout(() => text.current?.focus(), 0);
    } else if (action === "help") setHelp(true);
    else props.onAction(action);
  };
  const editing = useEditing({
    image,
    kinds,
    hotkeys,
    steps,
    desk,
    onDesk,
    onAction,
    onIdle: propose,
    picture,
    unreadable: picture === null && missing !== null,
    outline: props.outline,
    onRefused: (error) => void message.error(problemTitle(asProblem(error), words)),
    onTold: (what) => void message.info(words.editor.told[what]),
  });
  const { trial } = editing;
  const proposed = useMarks(proposals, { colours, scores: seen.scores, idle: editing.idle, ignored: words.editor.ignored });
  const { chosen } = editing;
  useImperativeHandle(props.handle, () => ({
    settle: () => {
      trial.make();
      return trial.shown;
    },
  }));

  return (
    <>
      <ToolBar editing={editing} desk={desk} steps={steps} onDesk={onDesk} onHelp={() => setHelp(true)} tiled={tiles.length > 0} proposes={proposing === null ? null : proposing.is !== "off"} more={more} />
      <div className="workbench-picture">
        {notice}
        {seen.original && <Tag className="editor-original">{words.editor.original}</Tag>}
        <Stage
          path={image.path}
          preview={image.preview}
          name={image.name}
          image={image}
          marks={seen.original ? NO_MARKS : [...(seen.tiles ? tiles : NO_MARKS), ...marks, ...(seen.marks ? proposed : NO_MARKS)]}
          height="100%"
          light={seen}
          handle={zoom}
          overlay={
            <Canvas
              {...editing.paper}
              colours={colours}
              desk={{ ...desk, tool: editing.tool, look: seen }}
              ignored={words.editor.ignored}
              onPointer={editing.setPointer}
              onTurn={trial.kind === null || trial.kind === "point" ? null : trial.wider}
            />
          }
        />
        <div className="editor-bars">
          {proposing !== null && (
            <ProposalBar
              proposing={proposing}
              proposals={proposals}
              busy={trial.kind !== null || !seen.marks}
              onAct={(action) => {
                editing.choose([], false);
                propose(action);
              }}
            />
          )}
          <TrialBar editing={editing} image={image} kinds={kinds} desk={desk} onDesk={onDesk} />
        </div>
      </div>
      <aside className="workbench-side">
        {side}
        <LabelPanel
          labels={labels}
          hotkeys={hotkeys}
          shapes={shapes}
          value={chosen.size === 1 ? (shapes.find(({ id }) => chosen.has(id))?.label ?? "") : desk.label}
          tools={labelTools}
          search={search}
          onChoose={editing.label}
        />
        <ObjectPanel
          editing={editing}
          drawing={steps.drawing}
          colours={colours}
          reads={reads}
          text={text}
          onNext={(line) => {
            const box = bounds(outlineOf(line));
            if (box !== null) zoom.current?.reach(box);
            onAction("text");
          }}
          whole={kinds.includes("image")}
        />
      </aside>
      {help && <HotkeysDialog tools={editing.tools} proposes={proposing !== null} page={page} onTour={props.onTour} onClose={() => setHelp(false)} />}
    </>
  );
}
