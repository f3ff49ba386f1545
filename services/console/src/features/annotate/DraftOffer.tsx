import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Space } from "antd";
import { useState, type ReactNode } from "react";
import { dropDraft, getDraft } from "../../api/annotation";
import { drawingOf, type Sheet, type Workbook } from "../../editor/workbook";
import { useWords } from "../../i18n/language";
import { time } from "../../ui/format";

interface Props {
  readonly projectId: string;
  readonly imageId: string;
  readonly book: Workbook;
  readonly sheet: Sheet;
}

/** Work on the image that the same person could not save in another browser, to go on with or to throw away. */
export function DraftOffer({ projectId, imageId, book, sheet }: Props): ReactNode {
  const words = useWords();
  const [answered, setAnswered] = useState(false);
  const draft = useQuery({
    queryKey: ["draft", projectId, imageId],
    queryFn: () => getDraft(projectId, imageId),
    retry: false,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  // Whoever works here already goes on with that; who may not draw is not told of drafts.
  const bare = sheet.saving.is === "saved" && sheet.history.past.length === 0 && sheet.restoredAt === null;
  const { work, kept_at: at } = draft.data ?? { work: "", kept_at: null };
  if (answered || !bare || at === null || drawingOf(work, sheet.history.present) === null) return null;
  const answer = (act: () => void) => () => {
    setAnswered(true);
    act();
  };
  return (
    <Alert
      type="info"
      data-testid="draft-offered"
      title={words.annotate.offered(time(at))}
      action={
        <Space>
          <Button size="small" type="primary" onClick={answer(() => book.adopt(imageId, work))}>
            {words.annotate.goOnWith}
          </Button>
          <Button size="small" onClick={answer(() => void dropDraft(projectId, imageId))}>
            {words.annotate.throwAway}
          </Button>
        </Space>
      }
    />
  );
}
