import { Button, Drawer, Empty, Pagination, Skeleton } from "antd";
import type { ReactNode } from "react";
import { listChanges, type Change } from "../../api/annotation";
import { fromAnnotation, type Drawing } from "../../editor/shapes";
import { useWords } from "../../i18n/language";
import { time } from "../../ui/format";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { usePage } from "../../ui/usePage";

interface Props {
  readonly projectId: string;
  readonly imageId: string;
  readonly version: number;
  /** What lies on the image now: ignore regions have no history of their own and stay. */
  readonly drawing: Drawing;
  readonly onBringBack: (drawing: Drawing) => void;
  readonly onClose: () => void;
}

/** Who made the annotation what, and the way back to each of its states. */
export function HistoryDrawer({ projectId, imageId, version, drawing, onBringBack, onClose }: Props): ReactNode {
  const words = useWords();
  const changes = usePage({
    // A newer version has one step more.
    key: ["changes", projectId, imageId, version],
    list: (page, size) => listChanges(projectId, imageId, page, size),
    size: 20,
  });
  const stateOf = ({ after, annotated }: Change): Drawing => {
    const ignored = drawing.shapes.filter(({ kind }) => kind === "ignore");
    const { shapes, nothing } = fromAnnotation({ shapes: after, ignore_regions: [], annotated });
    return { shapes: [...shapes, ...ignored], nothing: nothing && ignored.length === 0 };
  };
  return (
    <Drawer open title={words.annotate.history} size={380} mask={false} onClose={onClose}>
      {changes.error !== null && <ProblemAlert error={changes.error} onRetry={changes.retry} />}
      {changes.pending && <Skeleton active />}
      {changes.empty && <Empty description={words.annotate.historyNone} />}
      <ul className="changes">
        {changes.items.map((change) => (
          <li key={change.seq}>
            <div>
              <strong>{time(change.at)}</strong> {change.author}
              <br />
              <span className="secondary">
                {words.annotate.reasons[change.reason]} · {words.annotate.shapes(change.after.length)}
              </span>
            </div>
            <Button size="small" onClick={() => onBringBack(stateOf(change))}>
              {words.annotate.bringBack}
            </Button>
          </li>
        ))}
      </ul>
      <Pagination {...changes.pager} simple size="small" hideOnSinglePage />
    </Drawer>
  );
}
