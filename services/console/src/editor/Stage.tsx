import { ExpandOutlined, MinusOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Space, Spin } from "antd";
import { useId, useImperativeHandle, useRef, type PointerEvent, type ReactNode, type Ref } from "react";
import { useWords } from "../i18n/language";
import { ProblemAlert } from "../ui/ProblemAlert";
import { usePicture } from "../ui/usePicture";
import type { Box, Point, Size } from "./geometry";
import { Layers, StillLayer } from "./layers";
import { CAPTION_HEIGHT, MarkLayer } from "./MarkLayer";
import type { Mark } from "./marks";
import { filterOf, isToned, Tones, type Light } from "./Tones";
import { useView, type WheelRule } from "./useView";
import { fit, reached } from "./viewport";
import "./stage.css";

interface Props {
  readonly path: string;
  /** A small version of the image, shown until the whole one is here. */
  readonly preview?: string;
  readonly name: string;
  readonly image: Size;
  readonly marks: readonly Mark[];
  readonly height: number | string;
  readonly captions?: boolean;
  readonly wheel?: WheelRule;
  /** Layers above the marks, for editors. */
  readonly overlay?: ReactNode;
  /** How the picture is lit; it comes as it is without. */
  readonly light?: Light;
  /** Zooming from outside, say by key. */
  readonly handle?: Ref<Zoom>;
}

export interface Zoom {
  readonly larger: () => void;
  readonly smaller: () => void;
  readonly fit: () => void;
  /** Bring a place into sight, large enough to be judged. */
  readonly reach: (box: Box) => void;
}

const BUTTON_STEP = 1.4;
/** From here on pixels are shown as squares, so that a tiny defect can be judged. */
const PIXELATED_FROM = 3;

/** An image with marks on it: wheel zooms at the pointer, dragging moves, double click fits. */
export function Stage(props: Props): ReactNode {
  const { path, preview, name, image, marks, height, captions = true, wheel = "always", overlay, light, handle } = props;
  const small = usePicture(preview ?? null);
  const whole = usePicture(path);
  const url = whole.url ?? small.url;
  const { stage, holder, view, still, show, zoom } = useView(image, wheel);
  // The browser's own ids hold colons, which an address of a filter does not.
  const toned = `tones${useId().replaceAll(/\W/g, "")}`;
  const drag = useRef<Point | null>(null);
  useImperativeHandle(handle, () => ({
    larger: () => zoom(BUTTON_STEP),
    smaller: () => zoom(1 / BUTTON_STEP),
    fit: () => show(null),
    reach: (box) => {
      const next = reached(view, box, stage);
      if (next !== null) show(next);
    },
  }));

  const move = (event: PointerEvent): void => {
    if (drag.current === null) return;
    const [x, y] = drag.current;
    drag.current = [event.clientX, event.clientY];
    show({ ...view, x: view.x + event.clientX - x, y: view.y + event.clientY - y });
  };
  const end = (): void => {
    drag.current = null;
  };

  return (
    <div
      ref={holder}
      className="stage"
      role="group"
      aria-label={name}
      tabIndex={0}
      style={{ height }}
      onPointerDown={(event) => {
        drag.current = [event.clientX, event.clientY];
      }}
      onPointerMove={move}
      onPointerUp={end}
      onPointerLeave={end}
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
            ...(light === undefined ? {} : { filter: filterOf(light, toned) }),
          }}
        />
      )}
      {light !== undefined && isToned(light) && (
        <svg>
          <Tones id={toned} light={light} />
        </svg>
      )}
      <Layers view={view} still={still} stage={stage}>
        {url !== null && marks.length > 0 && (
          <StillLayer>
            <MarkLayer marks={marks} captions={captions} headroom={headroomOf(image, stage)} />
          </StillLayer>
        )}
        {overlay}
      </Layers>
      {url === null && (
        <div className="stage-centre">
          {whole.error === null ? <Spin /> : <ProblemAlert error={whole.error} />}
        </div>
      )}
      <StageButtons scale={view.scale} zoom={zoom} reset={() => show(null)} />
    </div>
  );
}

/** Image pixels at the top over which no caption fits while the whole image is shown. */
function headroomOf(image: Size, stage: Size): number {
  const whole = fit(image, stage);
  return whole.scale <= 0 ? 0 : Math.max(0, CAPTION_HEIGHT - whole.y) / whole.scale;
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
