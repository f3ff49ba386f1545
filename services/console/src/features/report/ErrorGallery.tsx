import { FormOutlined } from "@ant-design/icons";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Card, Checkbox, Empty, Pagination, Select, Skeleton, Space, Typography } from "antd";
import { useState, type ReactNode } from "react";
import { Link } from "react-router";
import { listErrors, type ErrorImage, type ErrorQuery, type Report } from "../../api/evaluator";
import { contentPath, thumbnailPath } from "../../api/gallery";
import { Stage } from "../../editor/Stage";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { VERDICT_COLOURS } from "../../ui/theme";
import { useSettled } from "../../ui/useSettled";
import { useProject } from "../projects/useProject";
import { askedKind, countOf, marksOf, type ErrorTick, type Shown } from "./errorMarks";

const TICKS: readonly ErrorTick[] = ["false", "missed", "wrong_label", "correct"];
type ErrorSort = NonNullable<ErrorQuery["sort"]>;
const SORTS: readonly ErrorSort[] = ["confidence", "size"];
const IMAGES_A_PAGE = 6;

const EVERY_ERROR: Shown = { false: true, missed: true, wrong_label: true, correct: false };

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
  const [shown, setShown] = useState<Shown>(EVERY_ERROR);
  const [sort, setSort] = useState<ErrorSort>("confidence");
  const [turned, setTurned] = useState({ label, page: 1 });
  // A page belongs to the label it was turned under; another label starts at its first page.
  const page = turned.label === label ? turned.page : 1;
  const query = {
    label,
    kind: askedKind(shown),
    sort,
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
          {TICKS.map((tick) => (
            <Checkbox
              key={tick}
              checked={shown[tick]}
              onChange={() => {
                setShown({ ...shown, [tick]: !shown[tick] });
                setTurned({ label, page: 1 });
              }}
            >
              <TickColours tick={tick} />
              {words.report.kinds[tick]}
            </Checkbox>
          ))}
          <Select<ErrorSort>
            value={sort}
            aria-label={words.report.sort}
            onChange={(chosen) => {
              setSort(chosen);
              setTurned({ label, page: 1 });
            }}
            options={SORTS.map((value) => ({ value, label: words.report.sorts[value] }))}
          />
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
  const counts = TICKS.filter((tick) => tick !== "correct")
    .map((tick) => ({ tick, count: countOf(image.marks, tick) }))
    .filter(({ count }) => count > 0);
  return (
    <figure className="error-tile">
      <Stage
        path={contentPath(project.id, image.image_id)}
        preview={thumbnailPath(project.id, image.image_id, 512)}
        name={image.name}
        image={image}
        wheel="after-click"
        marks={marksOf(image.marks, shown)}
        height={280}
      />
      <figcaption>
        <Link to={image.annotate} className="error-link" title={words.report.openImage(image.name)}>
          <FormOutlined /> <span>{image.name}</span>
        </Link>
        <span className="error-counts">
          {counts.map(({ tick, count }) => (
            <span key={tick}>
              <TickColours tick={tick} />
              {words.report.kinds[tick]} {count}
            </span>
          ))}
        </span>
      </figcaption>
    </figure>
  );
}

/** A wrong label is drawn twice: the finding in red, what is really there in orange. */
function TickColours({ tick }: { readonly tick: ErrorTick }): ReactNode {
  const kinds = tick === "wrong_label" ? (["false", "missed"] as const) : [tick];
  return (
    <span className="key-colours">
      {kinds.map((kind) => (
        <span key={kind} className="key-colour" style={{ borderColor: VERDICT_COLOURS[kind] }} />
      ))}
    </span>
  );
}
