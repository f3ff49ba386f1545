import { FormOutlined } from "@ant-design/icons";
import { Card, Checkbox, Empty, Pagination, Select, Skeleton, Space, Tag, Typography } from "antd";
import { useMemo, type ReactNode } from "react";
import { Link } from "react-router";
import { listErrors, type ErrorImage, type Report } from "../../api/evaluator";
import { contentPath, thumbnailPath } from "../../api/gallery";
import { Stage } from "../../editor/Stage";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { VERDICT_COLOURS } from "../../ui/theme";
import { usePage, usePlace } from "../../ui/usePage";
import { useSettled } from "../../ui/useSettled";
import { useProject } from "../projects/useProject";
import { askedKind, countOf, marksOf, type ErrorTick, type Shown } from "./errorMarks";
import { SORTS, TICKS, type ErrorSort, type ReportView } from "./reportView";

const IMAGES_A_PAGE = 6;
/** Of a cell all is drawn that it counts. */
const EVERYTHING: Shown = { false: true, missed: true, wrong_label: true, correct: true };

interface Props {
  readonly report: Report;
  readonly threshold: number;
  readonly view: ReportView;
  readonly onShow: (part: Partial<ReportView>) => void;
}

/** Images on which the version erred: false detections in red, missed targets in orange. */
export function ErrorGallery({ report, threshold, view, onShow }: Props): ReactNode {
  const words = useWords();
  const project = useProject();
  const { label, cell, shown, sort } = view;
  // A segmenter's parts have no score: the largest stand first, at no threshold.
  const segments = report.kind === "semantic_segmentation";
  const ticks = segments ? TICKS.filter((tick) => tick !== "wrong_label") : TICKS;
  const kind = askedKind(segments ? { ...shown, wrong_label: false } : shown);
  const settled = useSettled(threshold);
  const asked = {
    ...(label === null ? {} : { label }),
    ...(kind === null || cell !== null ? {} : { kind }),
    ...(cell ?? {}),
    ...(segments ? {} : { sort, threshold: settled }),
  };
  const errors = usePage({
    key: ["errors", project.id, report.version, asked],
    // Another threshold is no other list: who reads page 3 stays there while the slider moves.
    place: usePlace(JSON.stringify([label, cell, shown, sort]), IMAGES_A_PAGE),
    list: (page, size) => listErrors(project.id, report.version, { ...asked, page, page_size: size }),
  });
  return (
    <Card
      title={words.report.errors}
      extra={
        <Space wrap>
          {cell !== null && (
            <Tag closable onClose={() => onShow({ cell: null })} data-testid="shown-cell">
              {words.report.shownCell(cell.truth || words.report.nothingThere, cell.predicted || words.report.notFound)}
            </Tag>
          )}
          {(cell === null ? ticks : []).map((tick) => (
            <Checkbox
              key={tick}
              checked={shown[tick]}
              onChange={() => onShow({ shown: { ...shown, [tick]: !shown[tick] } })}
            >
              <TickColours tick={tick} />
              {words.report.kinds[tick]}
            </Checkbox>
          ))}
          {!segments && (
            <Select<ErrorSort>
              value={sort}
              aria-label={words.report.sort}
              onChange={(chosen) => onShow({ sort: chosen })}
              options={SORTS.map((value) => ({ value, label: words.report.sorts[value] }))}
            />
          )}
          <Select
            value={label ?? ""}
            className="error-label"
            aria-label={words.report.label}
            popupMatchSelectWidth={false}
            onChange={(chosen) => onShow({ label: chosen === "" ? null : chosen, cell: null })}
            options={[
              { value: "", label: words.report.everyLabel },
              ...report.labels.map(({ label: name }) => ({ value: name, label: name })),
            ]}
          />
        </Space>
      }
    >
      {errors.error !== null && <ProblemAlert error={errors.error} onRetry={errors.retry} />}
      {errors.pending && <Skeleton active paragraph={{ rows: 6 }} />}
      {errors.empty && <Empty description={segments ? words.report.noPartsWrong : words.report.noErrors} />}
      <div className="error-grid" data-testid="error-gallery">
        {errors.items.map((image) => (
          <ErrorTile key={image.image_id} image={image} shown={cell === null ? shown : EVERYTHING} />
        ))}
      </div>
      <Pagination {...errors.pager} align="end" showTotal={words.report.errorImages} showSizeChanger={false} />
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
  const key = JSON.stringify(shown);
  // The view is read from the address anew with each step of the slider; the ticks are what counts.
  // eslint-disable-next-line react-hooks/exhaustive-deps
  const marks = useMemo(() => marksOf(image.marks, shown), [image.marks, key]);
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
        marks={marks}
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
