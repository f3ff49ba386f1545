import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Card, Checkbox, Empty, Pagination, Select, Skeleton, Space, Typography } from "antd";
import { useState, type ReactNode } from "react";
import { listErrors, type ErrorImage, type MarkKind, type Report } from "../../api/evaluator";
import { contentPath, thumbnailPath } from "../../api/gallery";
import { useWords } from "../../i18n/language";
import { ImageStage } from "../../ui/ImageStage";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useSettled } from "../../ui/useSettled";
import { useProject } from "../projects/useProject";
import { askedKind, KIND_COLOURS, marksOf, type Shown } from "./errorMarks";

const KINDS: readonly MarkKind[] = ["false", "missed", "correct"];
const IMAGES_A_PAGE = 6;

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
  const [shown, setShown] = useState<Shown>({ false: true, missed: true, correct: false });
  const [turned, setTurned] = useState({ label, page: 1 });
  // A page belongs to the label it was turned under; another label starts at its first page.
  const page = turned.label === label ? turned.page : 1;
  const query = {
    label,
    kind: askedKind(shown),
    threshold: useSettled(threshold),
    page,
    page_size: IMAGES_A_PAGE,
  };
  const errors = useQuery({
    queryKey: ["errors", project.id, report.version, query],
    queryFn: () => listErrors(project.id, report.version, query),
    placeholderData: keepPreviousData,
  });
  return (
    <Card
      title={words.report.errors}
      extra={
        <Space wrap>
          {KINDS.map((kind) => (
            <Checkbox
              key={kind}
              checked={shown[kind]}
              onChange={() => {
                setShown({ ...shown, [kind]: !shown[kind] });
                setTurned({ label, page: 1 });
              }}
            >
              <span className="key-colour" style={{ borderColor: KIND_COLOURS[kind] }} />
              {words.report.kinds[kind]}
            </Checkbox>
          ))}
          <Select
            value={label ?? ""}
            className="filter-select"
            onChange={(chosen) => onLabel(chosen === "" ? null : chosen)}
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
          <ErrorTile key={image.image_id} image={image} shown={shown} />
        ))}
      </div>
      <Pagination
        align="end"
        current={page}
        pageSize={IMAGES_A_PAGE}
        total={errors.data?.total ?? 0}
        showTotal={words.report.errorImages}
        showSizeChanger={false}
        onChange={(next) => setTurned({ label, page: next })}
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
  readonly shown: Shown;
}

function ErrorTile({ image, shown }: TileProps): ReactNode {
  const words = useWords();
  const project = useProject();
  const count = (kind: MarkKind): number => image.marks.filter((mark) => mark.kind === kind).length;
  return (
    <figure className="error-tile">
      <ImageStage
        path={contentPath(project.id, image.image_id)}
        preview={thumbnailPath(project.id, image.image_id, 512)}
        image={image}
        marks={marksOf(image.marks, shown)}
        height={280}
      />
      <figcaption>
        <Typography.Text ellipsis={{ tooltip: image.name }}>{image.name}</Typography.Text>
        <span className="error-counts">
          {KINDS.filter((kind) => kind !== "correct" && count(kind) > 0).map((kind) => (
            <span key={kind} style={{ color: KIND_COLOURS[kind] }}>
              {words.report.kinds[kind]} {count(kind)}
            </span>
          ))}
        </span>
      </figcaption>
    </figure>
  );
}
