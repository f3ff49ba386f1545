import { useEffect } from "react";

interface Steps {
  readonly next: (() => void) | null;
  readonly previous: (() => void) | null;
}

/** Arrow keys go to the next image and back, unless a field or a slider has the focus. */
export function useStepKeys({ next, previous }: Steps): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      const { target } = event;
      if (target instanceof HTMLElement && target.closest("input, textarea, [role=slider], .ant-select")) return;
      const step = event.key === "ArrowRight" ? next : event.key === "ArrowLeft" ? previous : null;
      if (step === null) return;
      event.preventDefault();
      step();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [next, previous]);
}
