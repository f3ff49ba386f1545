import { useQuery } from "@tanstack/react-query";
import { Card, Progress, Statistic } from "antd";
import type { ReactNode } from "react";
import { IMAGE_STATUSES, summariseImages, type GallerySummary, type ImageStatus } from "../../api/gallery";
import { useWords } from "../../i18n/language";

interface Props {
  readonly projectId: string;
  readonly status: ImageStatus | "";
  readonly onStatus: (status: ImageStatus | "") => void;
  readonly refreshMs: number;
}

/** How many images there are, in all and by status; a click on a count shows those images. */
export function SummaryCards({ projectId, status, onStatus, refreshMs }: Props): ReactNode {
  const words = useWords();
  const summary = useQuery({
    queryKey: ["images", projectId, "summary"],
    queryFn: () => summariseImages(projectId),
    refetchInterval: refreshMs,
  });
  const card = (key: ImageStatus | "", name: string, count: number | undefined): ReactNode => (
    <Card
      key={key}
      size="small"
      hoverable
      className={key === status ? "summary-card summary-card-chosen" : "summary-card"}
      role="button"
      tabIndex={0}
      aria-pressed={key === status}
      data-testid={`summary-${key === "" ? "total" : key}`}
      onClick={() => onStatus(key)}
      onKeyDown={({ key: pressed }) => pressed === "Enter" && onStatus(key)}
    >
      <Statistic title={name} value={count ?? "—"} />
      {key === "" && <Enough summary={summary.data} />}
    </Card>
  );
  return (
    <div className="summary-cards">
      {card("", words.gallery.total, summary.data?.total)}
      {IMAGE_STATUSES.map((one) => card(one, words.imageStatus[one], summary.data?.[one]))}
    </div>
  );
}

/** Fewer images than recommended: how far it is to there. */
function Enough({ summary }: { readonly summary: GallerySummary | undefined }): ReactNode {
  const words = useWords();
  const recommended = summary?.recommended ?? 0;
  if (summary === undefined || summary.total >= recommended) return null;
  return (
    <Progress
      size="small"
      percent={Math.floor((summary.total / recommended) * 100)}
      format={() => words.gallery.recommended(recommended)}
    />
  );
}
