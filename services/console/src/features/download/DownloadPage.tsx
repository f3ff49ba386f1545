import { Card } from "antd";
import type { ReactNode } from "react";
import { listExports } from "../../api/inference";
import { useWords } from "../../i18n/language";
import { usePage } from "../../ui/usePage";
import { AnnotationExport } from "../gallery/AnnotationExport";
import { useProject } from "../projects/useProject";
import { ExportsCard } from "./ExportsCard";
import { StartExportCard } from "./StartExportCard";
import "./download.css";

/** How often the exports are read again: they are made in the background. */
const REFRESH_MS = 2_000;

/** Where a trained version leaves the platform, and the dataset. */
export function DownloadPage(): ReactNode {
  const words = useWords();
  const project = useProject();
  const exports = usePage({
    key: ["exports", project.id],
    list: (page, size) => listExports(project.id, page, size),
    refreshMs: REFRESH_MS,
  });
  return (
    <div className="stack">
      <StartExportCard />
      <ExportsCard exports={exports} />
      <Card title={words.download.dataset}>
        <AnnotationExport projectId={project.id} />
      </Card>
    </div>
  );
}
