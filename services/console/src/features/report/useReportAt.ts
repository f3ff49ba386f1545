import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getReport, type Report } from "../../api/evaluator";
import { useLanguage } from "../../i18n/language";
import { onGrid } from "../../ui/onGrid";
import { useSettled } from "../../ui/useSettled";
import { useProject } from "../projects/useProject";
import { countsObjects } from "./operatingPoint";

/** The report as it stands at the slider's threshold; until that is known, as it stood before. */
export function useReportAt(report: Report, threshold: number): Report {
  const project = useProject();
  const { language } = useLanguage();
  const settled = useSettled(threshold);
  const isMoved = countsObjects(report) && settled !== onGrid(report.threshold);
  const moved = useQuery({
    queryKey: ["report", project.id, report.version, language, settled],
    queryFn: () => getReport(project.id, report.version, language, settled),
    placeholderData: keepPreviousData,
    enabled: isMoved,
  });
  return isMoved ? (moved.data ?? report) : report;
}
