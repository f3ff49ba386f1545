import { ExpandOutlined, MinusOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Space, Spin } from "antd";
import { useEffect, useMemo, useRef, useState, type PointerEvent, type ReactNode } from "react";
import { useWords } from "../i18n/language";
import { maskPaths, type Rle } from "./mask";
import { ProblemAlert } from "./ProblemAlert";
import { usePicture } from "./usePicture";
import { fit, toScreen, zoomAt, type Point, type Size, type View } from "./viewport";
import "./stage.css";

export interface Mark {
  readonly id: string;
  readonly outline: readonly Point[];
  /** Drawn instead of the outline where there is one. */
  readonly mask?: Rle | null | undefined;
  readonly colour: string;
  readonly caption?: string;
  /** Put the caption under the mark, where another mark's stands above. */
  readonly captionBelow?: boolean;
  readonly dashed?: boolean;
}

interface Props {
  readonly path: string;
  /** A small version of the image, shown until the whole one is here. */
  readonly preview?: string;
  readonly image: Size;
  readonly marks: readonly Mark[];
  readonly height: number | string;
  readonly captions?: boolean;
  readonly onMark?: (id: string) => void;
  /** Drawn above the marks, for editors; it gets the view to place itself. */
  readonly overlay?: (view: View) => ReactNode;
}

const WHEEL_STEP = 1.0015;
const BUTTON_STEP = 1.4;
const CAPTION_HEIGHT = 18;
/** From here on pixels are shown as squares, so that a tiny defect can be judged. */
const PIXELATED_FROM = 3;

/** An image with marks on it: wheel zooms at the pointer, dragging moves, double click fits. */
export function ImageStage(props: Props): ReactNode {
  const { path, preview, image, marks, height, captions = true, onMark, overlay } = props;
  const small = usePicture(preview ?? null);
  const whole = usePicture(path);
  const url = whole.url ?? small.url;
  const { stage, holder, view, show } = useView(image);
  const drag = useRef<Point | null>(null);

  const zoom = (factor: number): void =>
    show(zoomAt(view, [stage.width / 2, stage.height / 2], factor, fit(image, stage).scale / 2));
  const move = (event: PointerEvent): void => {
    if (drag.current === null) return;
    const [x, y] = drag.current;
    drag.current = [event.clientX, event.clientY];
    show({ ...view, x: view.x + event.clientX - x, y: view.y + event.clientY - y });
  };

  return (
    <div
      ref={holder}
      className="stage"
      style={{ height }}
      onPointerDown={(event) => {
        drag.current = [event.clientX, event.clientY];
      }}
      onPointerMove={move}
      onPointerUp={() => (drag.current = null)}
      onPointerLeave={() => (drag.current = null)}
      onDoubleClick={() => show(null)}
    >
      {url !== null && (
        <img
          src={url}
          alt=""
          draggable={false}
          style={{
            width: image.width,
            height: image.height,
            transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale})`,
            imageRendering: view.scale >= PIXELATED_FROM ? "pixelated" : "auto",
          }}
        />
      )}
      <svg width={stage.width} height={stage.height}>
        {(url === null ? [] : marks).map((mark) => (
          <MarkOutline key={mark.id} mark={mark} view={view} captions={captions} onMark={onMark} />
        ))}
        {overlay?.(view)}
      </svg>
      {url === null && (
        <div className="stage-centre">
          {whole.error === null ? <Spin /> : <ProblemAlert error={whole.error} />}
        </div>
      )}
      <StageButtons scale={view.scale} zoom={zoom} reset={() => show(null)} />
    </div>
  );
}

function useView(image: Size) {
  const holder = useRef<HTMLDivElement>(null);
  const [stage, setStage] = useState<Size>({ width: 0, height: 0 });
  const [chosen, setChosen] = useState<View | null>(null);
  const view = chosen ?? fit(image, stage);

  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    const observer = new ResizeObserver(() =>
      setStage({ width: element.clientWidth, height: element.clientHeight }),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    const smallest = fit(image, stage).scale / 2;
    // React's own wheel listener is passive and could not keep the page from scrolling.
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      const bounds = element.getBoundingClientRect();
      const at: Point = [event.clientX - bounds.left, event.clientY - bounds.top];
      setChosen((before) =>
        zoomAt(before ?? fit(image, stage), at, WHEEL_STEP ** -event.deltaY, smallest),
      );
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [image, stage]);

  return { holder, stage, view, show: setChosen };
}

interface OutlineProps {
  readonly mark: Mark;
  readonly view: View;
  readonly captions: boolean;
  readonly onMark: ((id: string) => void) | undefined;
}

function MarkOutline({ mark, view, captions, onMark }: OutlineProps): ReactNode {
  const points = mark.outline.map((point) => toScreen(view, point));
  const left = Math.min(...points.map(([x]) => x));
  const ys = points.map(([, y]) => y);
  if (points.length === 0) return null;
  return (
    <g
      className={onMark === undefined ? "mark" : "mark mark-choosable"}
      onClick={onMark === undefined ? undefined : () => onMark(mark.id)}
    >
      {mark.mask ? (
        <MaskArea mask={mark.mask} colour={mark.colour} view={view} />
      ) : (
        <polygon
          points={points.map(([x, y]) => `${x},${y}`).join(" ")}
          stroke={mark.colour}
          strokeDasharray={mark.dashed === true ? "6 4" : undefined}
        />
      )}
      {captions && mark.caption !== undefined && (
        <Caption
          text={mark.caption}
          x={left}
          y={mark.captionBelow === true ? Math.max(...ys) + CAPTION_HEIGHT : Math.min(...ys)}
          colour={mark.colour}
        />
      )}
    </g>
  );
}

interface MaskProps {
  readonly mask: Rle;
  readonly colour: string;
  readonly view: View;
}

/** A mask pixel by pixel: what is under it stays visible, its edge keeps its width at every zoom. */
function MaskArea({ mask, colour, view }: MaskProps): ReactNode {
  const paths = useMemo(() => maskPaths(mask), [mask]);
  return (
    <g transform={`translate(${view.x}, ${view.y}) scale(${view.scale})`} className="mask">
      <path d={paths.area} fill={colour} />
      <path d={paths.edge} stroke={colour} vectorEffect="non-scaling-stroke" />
    </g>
  );
}

interface CaptionProps {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly colour: string;
}

/** Rough width of a character at the caption's size; Chinese ones are twice as wide as Latin ones. */
function captionWidth(text: string): number {
  let width = 10;
  for (const character of text) width += (character.codePointAt(0) ?? 0) > 0x2e80 ? 12 : 6.6;
  return width;
}

export function Caption({ text, x, y, colour }: CaptionProps): ReactNode {
  const lift = y < 20 ? 0 : -CAPTION_HEIGHT;
  return (
    <g transform={`translate(${x}, ${y + lift})`} className="caption">
      <rect width={captionWidth(text)} height={CAPTION_HEIGHT} fill={colour} rx={3} />
      <text x={5} y={13}>
        {text}
      </text>
    </g>
  );
}

interface ButtonsProps {
  readonly scale: number;
  readonly zoom: (factor: number) => void;
  readonly reset: () => void;
}

function StageButtons({ scale, zoom, reset }: ButtonsProps): ReactNode {
  const words = useWords();
  return (
    <Space.Compact className="stage-buttons" size="small" onPointerDown={(event) => event.stopPropagation()}>
      <Button icon={<MinusOutlined />} aria-label={words.stage.smaller} onClick={() => zoom(1 / BUTTON_STEP)} />
      <Button className="stage-scale" onClick={reset} title={words.stage.fit}>
        {Math.round(scale * 100)}%
      </Button>
      <Button icon={<PlusOutlined />} aria-label={words.stage.larger} onClick={() => zoom(BUTTON_STEP)} />
      <Button icon={<ExpandOutlined />} aria-label={words.stage.fit} onClick={reset} />
    </Space.Compact>
  );
}
