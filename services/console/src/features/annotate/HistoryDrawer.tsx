import { Button, Drawer, Empty, Pagination, Skeleton, Space } from "antd";
import type { ReactNode } from "react";
import { listChanges, type Change } from "../../api/annotation";
import { difference, type Difference } from "../../editor/comparison";
import { fromAnnotation, type Drawing } from "../../editor/shapes";
import { useWords } from "../../i18n/language";
import { time } from "../../ui/format";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { usePage } from "../../ui/usePage";

interface Props {
  readonly projectId: string;
  readonly imageId: string;
  readonly version: number;
  /** What was said of the annotation, above its steps. */
  readonly reviews: ReactNode;
  /** What lies on the image now. */
  readonly drawing: Drawing;
  /** Which state is compared with it on the picture. */
  readonly compared: Compared | null;
  readonly onCompare: (compared: Compared | null) => void;
  readonly onBringBack: (drawing: Drawing) => void;
  readonly onClose: () => void;
}

/** A state of before, by the step that led to it. */
export interface Compared {
  readonly seq: number;
  readonly drawing: Drawing;
}

function stateOf({ after, ignore_regions, annotated }: Change): Drawing {
  return fromAnnotation({ shapes: after, ignore_regions, annotated });
}

/** Who made the annotation what, how that differs from what it is now, and the way back to each of its states. */
export function HistoryDrawer({ projectId, imageId, version, reviews, drawing, compared, onCompare, onBringBack, onClose }: Props): ReactNode {
  const words = useWords();
  const changes = usePage({
    // A newer version has one step more.
    key: ["changes", projectId, imageId, version],
    list: (page, size) => listChanges(projectId, imageId, page, size),
    size: 20,
  });
  const told = ({ gone, changed, added }: Difference): string =>
    gone.length + changed.length + added.length === 0
      ? words.annotate.sameAsNow
      : words.annotate.sinceThen(added.length, changed.length, gone.length);
  return (
    <Drawer open title={words.annotate.history} size={380} mask={false} onClose={onClose}>
      {reviews}
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
              {compared?.seq === change.seq && <p role="status">{told(difference(compared.drawing, drawing))}</p>}
            </div>
            <Space orientation="vertical" size={4}>
              <Button
                size="small"
                block
                type={compared?.seq === change.seq ? "primary" : "default"}
                aria-pressed={compared?.seq === change.seq}
                onClick={() => onCompare(compared?.seq === change.seq ? null : { seq: change.seq, drawing: stateOf(change) })}
              >
                {words.annotate.compare}
              </Button>
              <Button size="small" block onClick={() => onBringBack(stateOf(change))}>
                {words.annotate.bringBack}
              </Button>
            </Space>
          </li>
        ))}
      </ul>
      <Pagination {...changes.pager} simple size="small" hideOnSinglePage />
    </Drawer>
  );
}
