import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Card, Checkbox, Empty, Pagination, Select, Skeleton, Space, Typography } from "antd";
import { useDeferredValue, useState, type ReactNode } from "react";
import { listErrors, type ErrorImage, type ErrorKind, type Report } from "../../api/evaluator";
import { contentPath } from "../../api/gallery";
import { MARK_COLOURS } from "../../app/theme";
import { useWords } from "../../i18n/language";
import { ImageStage, type Mark } from "../../ui/ImageStage";
import { boxCorners } from "../../ui/outline";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useProject } from "../projects/useProject";

const PAGE_SIZE = 6;

interface Props {
  readonly report: Report;
  readonly threshold: number;
  readonly label: string | null;
  readonly onLabel: (label: string | null) => void;
}

/** Images on which the version erred: false detections in red, missed targets in orange. */
export function ErrorGallery({ report, threshold, label, onLabel }: Props): ReactNode {
  const words = useWords();
  const project = useProject();
  const [shown, setShown] = useState<Record<ErrorKind | "correct", boolean>>({
    false: true,
    missed: true,
    correct: false,
  });
  // A page belongs to the label it was turned under; another label starts at its first page.
  const [turned, setTurned] = useState({ label, page: 1 });
  const page = turned.label === label ? turned.page : 1;
  const setPage = (next: number): void => setTurned({ label, page: next });
  const settled = useDeferredValue(threshold);
  const only: ErrorKind | null =
    shown.false === shown.missed ? null : shown.false ? "false" : "missed";
  const query = {
    ...(label === null ? {} : { label }),
    ...(only === null ? {} : { kind: only }),
    threshold: settled,
    page,
    page_size: PAGE_SIZE,
  };
  const errors = useQuery({
    queryKey: ["errors", project.id, report.version, query],
    queryFn: () => listErrors(project.id, report.version, query),
    placeholderData: keepPreviousData,
  });
  const tick = (kind: ErrorKind | "correct"): void => {
    setShown({ ...shown, [kind]: !shown[kind] });
    setPage(1);
  };
  const box = (kind: ErrorKind | "correct"): ReactNode => (
    <Checkbox checked={shown[kind]} onChange={() => tick(kind)}>
      <span className="key-colour" style={{ borderColor: MARK_COLOURS[kind] }} />
      {words.report.kinds[kind]}
    </Checkbox>
  );
  return (
    <Card
      title={words.report.errors}
      extra={
        <Space wrap>
          {box("false")}
          {box("missed")}
          {box("correct")}
          <Select
            value={label ?? ""}
            className="filter-select"
            onChange={(chosen) => {
              onLabel(chosen === "" ? null : chosen);
            }}
            options={[
              { value: "", label: words.report.everyLabel },
              ...report.labels.map(({ label: name }) => ({ value: name, label: name })),
            ]}
          />
        </Space>
      }
    >
      {errors.isError && <ProblemAlert error={errors.error} onRetry={() => void errors.refetch()} />}
      {errors.isPending && <Skeleton active paragraph={{ rows: 6 }} />}
      {errors.data?.total === 0 && <Empty description={words.report.noErrors} />}
      <div className="error-grid" data-testid="error-gallery">
        {errors.data?.items.map((image) => (
          <ErrorTile key={image.image_id} image={image} projectId={project.id} shown={shown} />
        ))}
      </div>
      <Pagination
        align="end"
        current={page}
        pageSize={PAGE_SIZE}
        total={errors.data?.total ?? 0}
        showTotal={words.common.total}
        showSizeChanger={false}
        hideOnSinglePage
        onChange={setPage}
      />
      <div className="remedies">
        <Typography.Text type="secondary">{words.report.remedyFalse}</Typography.Text>
        <Typography.Text type="secondary">{words.report.remedyMissed}</Typography.Text>
      </div>
    </Card>
  );
}

interface TileProps {
  readonly image: ErrorImage;
  readonly projectId: string;
  readonly shown: Record<ErrorKind | "correct", boolean>;
}

function ErrorTile({ image, projectId, shown }: TileProps): ReactNode {
  const words = useWords();
  const count = (kind: ErrorKind): number => image.marks.filter((mark) => mark.kind === kind).length;
  const marks = image.marks.flatMap((mark, place): Mark[] =>
    shown[mark.kind]
      ? [
          {
            id: String(place),
            outline: boxCorners(mark.box),
            colour: MARK_COLOURS[mark.kind],
            caption: mark.score === null ? mark.label : `${mark.label} ${mark.score.toFixed(2)}`,
          },
        ]
      : [],
  );
  return (
    <figure className="error-tile">
      <ImageStage path={contentPath(projectId, image.image_id)} image={image} marks={marks} height={280} />
      <figcaption>
        <Typography.Text ellipsis={{ tooltip: image.name }}>{image.name}</Typography.Text>
        <span className="error-counts">
          <span style={{ color: MARK_COLOURS.false }}>
            {words.report.kinds.false} {count("false")}
          </span>
          <span style={{ color: MARK_COLOURS.missed }}>
            {words.report.kinds.missed} {count("missed")}
          </span>
        </span>
      </figcaption>
    </figure>
  );
}
