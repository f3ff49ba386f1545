import { useEffect, useState } from "react";
import { useSearchParams } from "react-router";
import type { Report } from "../../api/evaluator";
import { useSettled } from "../../ui/useSettled";
import { onGrid } from "../../ui/onGrid";
import { readReportView, writeReportView, type ReportView } from "./reportView";

export interface ShownReport {
  readonly view: ReportView;
  /** The threshold of the slider; the address follows once it stands still. */
  readonly threshold: number;
  readonly setThreshold: (threshold: number) => void;
  readonly show: (part: Partial<ReportView>) => void;
}

export function useReportView(report: Report): ShownReport {
  const [parameters, setParameters] = useSearchParams();
  const view = readReportView(parameters);
  const own = onGrid(report.threshold);
  const [threshold, setThreshold] = useState(view.threshold ?? own);
  const show = (part: Partial<ReportView>): void =>
    setParameters((now) => writeReportView({ ...readReportView(now), ...part }), {
      replace: true,
      preventScrollReset: true,
    });
  const settled = useSettled(threshold);
  const told = settled === own ? null : settled;
  useEffect(() => {
    if (told !== view.threshold) show({ threshold: told });
    // Only the slider writes here; what the address says else is none of its business.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [told]);
  return { view, threshold, setThreshold, show };
}
