import { Button, Space } from "antd";
import { useEffect, useLayoutEffect, useRef, useState, type CSSProperties, type KeyboardEvent, type ReactNode } from "react";
import { useKeymap } from "../../editor/keymap";
import { useWords } from "../../i18n/language";
import "./tour.css";

/** What is told, and which part of the screen it is about; parts that are not there are passed over. */
const STEPS = [
  ["tools", ".workbench-tools"],
  ["picture", ".workbench-picture"],
  ["labels", ".workbench-side"],
  ["saving", ".foot-state"],
  ["images", ".foot"],
  ["review", ".review-bar"],
] as const;

const PART_CLEAR_PX = 3;

/** The rectangle of a part of the screen, also after the window has another size. */
function useFrame(selector: string): CSSProperties {
  const [frame, setFrame] = useState<CSSProperties>({});
  useLayoutEffect(() => {
    const measure = (): void => {
      const { left = 0, top = 0, width = 0, height = 0 } = document.querySelector(selector)?.getBoundingClientRect() ?? {};
      const clear = PART_CLEAR_PX;
      setFrame({ left: left - clear, top: top - clear, width: width + 2 * clear, height: height + 2 * clear });
    };
    measure();
    window.addEventListener("resize", measure);
    return () => window.removeEventListener("resize", measure);
  }, [selector]);
  return frame;
}

/** The editor part by part, by arrow keys or buttons; Escape ends it, and the focus is where it was. */
export function Tour({ onEnd }: { readonly onEnd: () => void }): ReactNode {
  const words = useWords();
  const { keyOf } = useKeymap();
  const dialog = useRef<HTMLDialogElement>(null);
  const next = useRef<HTMLButtonElement>(null);
  const [steps] = useState(() => STEPS.filter(([, selector]) => document.querySelector(selector) !== null));
  const [place, setPlace] = useState(0);
  const [name, selector] = steps[place] ?? STEPS[0];
  const frame = useFrame(selector);
  const last = place + 1 >= steps.length;
  useEffect(() => {
    const { current } = dialog;
    current?.showModal();
    next.current?.focus();
    return () => current?.close();
  }, []);
  const go = (by: 1 | -1): void => {
    if (by === 1 && last) onEnd();
    else setPlace(Math.max(0, place + by));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "ArrowRight") go(1);
    else if (event.key === "ArrowLeft") go(-1);
    else if (event.key === "Escape") onEnd();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <dialog ref={dialog} className="tour" role="dialog" aria-labelledby="tour-title" onCancel={onEnd} onKeyDown={onKeyDown}>
      <div className="tour-frame" style={frame} />
      <div className="tour-card">
        <div className="tour-head">
          <h2 id="tour-title">{words.tour.steps[name].title}</h2>
          <span className="secondary">{words.annotate.placeOf(place + 1, steps.length)}</span>
        </div>
        <p aria-live="polite">{words.tour.steps[name].text((action) => keyOf(action) || "–")}</p>
        <div className="tour-foot">
          <Button type="text" size="small" onClick={onEnd}>
            {words.tour.skip} (Esc)
          </Button>
          <Space>
            <Button size="small" disabled={place === 0} onClick={() => go(-1)}>
              {words.tour.back} (←)
            </Button>
            <Button size="small" type="primary" ref={next} onClick={() => go(1)}>
              {last ? words.tour.done : words.tour.next} (→)
            </Button>
          </Space>
        </div>
      </div>
    </dialog>
  );
}
