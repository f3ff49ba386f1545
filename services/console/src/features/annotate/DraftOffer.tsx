import { useMutation, useQuery } from "@tanstack/react-query";
import { Alert, App, Button, Space } from "antd";
import { useState, type ReactNode } from "react";
import { dropDraft, getDraft } from "../../api/annotation";
import { asProblem } from "../../api/problem";
import { drawingOf, type Sheet, type Workbook } from "../../editor/workbook";
import { useWords } from "../../i18n/language";
import { time } from "../../ui/format";
import { problemTitle } from "../../ui/ProblemAlert";

interface Props {
  readonly projectId: string;
  readonly imageId: string;
  readonly book: Workbook;
  readonly sheet: Sheet;
}

/** Work on the image that the same person could not save in another browser, to go on with or to throw away. */
export function DraftOffer({ projectId, imageId, book, sheet }: Props): ReactNode {
  const words = useWords();
  const { message } = App.useApp();
  const [answered, setAnswered] = useState(false);
  const draft = useQuery({
    queryKey: ["draft", projectId, imageId],
    queryFn: () => getDraft(projectId, imageId),
    retry: false,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const throwing = useMutation({
    mutationFn: () => dropDraft(projectId, imageId),
    onSuccess: () => setAnswered(true),
    onError: (error) => void message.error(problemTitle(asProblem(error), words)),
  });
  // Whoever works here already goes on with that; who may not draw is not told of drafts.
  const bare = sheet.saving.is === "saved" && sheet.history.past.length === 0 && sheet.restoredAt === null;
  const { work, kept_at: at } = draft.data ?? { work: "", kept_at: null };
  if (answered || !bare || at === null || drawingOf(work, sheet.history.present) === null) return null;
  const goOn = (): void => {
    setAnswered(true);
    book.adopt(imageId, work);
  };
  return (
    <Alert
      type="info"
      data-testid="draft-offered"
      title={words.annotate.offered(time(at))}
      action={
        <Space>
          <Button size="small" type="primary" onClick={goOn}>
            {words.annotate.goOnWith}
          </Button>
          <Button size="small" loading={throwing.isPending} onClick={() => throwing.mutate()}>
            {words.annotate.throwAway}
          </Button>
        </Space>
      }
    />
  );
}
