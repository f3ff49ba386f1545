import { Alert, Button, Space } from "antd";
import type { ReactNode } from "react";
import { newId } from "../../api/ids";
import { isOverWhole, settled, type Conflict } from "../../editor/merge";
import { nameOf } from "../../editor/ShapeLayer";
import type { EditedShape } from "../../editor/shapes";
import type { Sheet, Workbook } from "../../editor/workbook";
import { useWords } from "../../i18n/language";
import { time } from "../../ui/format";

interface Props {
  readonly book: Workbook;
  readonly imageId: string;
  readonly sheet: Sheet;
}

/** What a person must know about the image under work: restored, merged, or to be decided. */
export function Notices({ book, imageId, sheet }: Props): ReactNode {
  const words = useWords();
  const { conflicts, restoredAt, mergedFrom, history } = sheet;
  const settle = (conflict: Conflict, choice: "mine" | "theirs" | "both"): void =>
    book.settle(imageId, conflict, settled(history.present, conflict, choice, newId));
  return (
    <div className="workbench-notice">
      {conflicts.length > 0 ? (
        <Alert
          type="warning"
          data-testid="conflict"
          title={words.annotate.conflictTitle(mergedFrom)}
          description={
            <>
              {words.annotate.conflictHint}
              {conflicts.map((conflict) => (
                <ConflictRow key={conflict.id} conflict={conflict} onSettle={settle} />
              ))}
            </>
          }
        />
      ) : (
        mergedFrom !== "" && <Alert type="info" closable title={words.annotate.merged(mergedFrom)} />
      )}
      {restoredAt !== null && (
        <Alert
          type="info"
          closable
          data-testid="draft-restored"
          title={words.annotate.restored(time(new Date(restoredAt).toISOString()))}
        />
      )}
    </div>
  );
}

interface RowProps {
  readonly conflict: Conflict;
  readonly onSettle: (conflict: Conflict, choice: "mine" | "theirs" | "both") => void;
}

function ConflictRow({ conflict, onSettle }: RowProps): ReactNode {
  const words = useWords();
  const told = (shape: EditedShape | null, deleted: string): string =>
    shape === null ? deleted : nameOf(shape, words.editor.ignored);
  const { mine, theirs } = conflict;
  return (
    <div className="conflict-row">
      <span className="one-line">
        {told(mine, words.annotate.deletedByMe)} / {told(theirs, words.annotate.deletedByThem)}
      </span>
      <Space.Compact size="small">
        <Button onClick={() => onSettle(conflict, "mine")}>{words.annotate.mine}</Button>
        <Button onClick={() => onSettle(conflict, "theirs")}>{words.annotate.theirs}</Button>
        {mine !== null && theirs !== null && !isOverWhole(conflict) && (
          <Button onClick={() => onSettle(conflict, "both")}>{words.annotate.both}</Button>
        )}
      </Space.Compact>
    </div>
  );
}
