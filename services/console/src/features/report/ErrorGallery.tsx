import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Card, Checkbox, Empty, Pagination, Select, Skeleton, Space, Typography } from "antd";
import { useState, type ReactNode } from "react";
import { listErrors, type ErrorKind, type Report } from "../../api/evaluator";
import { contentPath, getImage, thumbnailPath } from "../../api/gallery";
import { useWords } from "../../i18n/language";
import { ImageStage } from "../../ui/ImageStage";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useSettled } from "../../ui/useSettled";
import { useProject } from "../projects/useProject";
import { countOf, gather, KIND_COLOURS, marksOf, type ErrorImage, type Shown } from "./errorImages";

const KINDS: readonly ErrorKind[] = ["false_detection", "miss", "wrong_label", "found"];
const IMAGES_A_PAGE = 6;
/** Errors read at once: the evaluator's longest page. */
const ERRORS_READ = 500;

interface Props {
  readonly report: Report;
  readonly threshold: number;
  readonly label: string | null;
  readonly onLabel: (label: string | null) => void;
}

/** Images on which the version erred: false detections in red, missed targets in orange. */
export function ErrorGallery({ report, threshold, label, onLabel }: Props): ReactNode {
  const words = useWords();
  const [shown, setShown] = useState<Shown>({
    false_detection: true,
    miss: true,
    wrong_label: true,
    found: false,
  });
  const [turned, setTurned] = useState({ label, page: 1 });
  // A page belongs to the label it was turned under; another label starts at its first page.
  const page = turned.label === label ? turned.page : 1;
  const { errors, records } = useErrors(report, useSettled(threshold), label, shown.found);
  const images = gather(records, shown);
  const onPage = images.slice((page - 1) * IMAGES_A_PAGE, page * IMAGES_A_PAGE);
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
      {errors.isSuccess && images.length === 0 && <Empty description={words.report.noErrors} />}
      <div className="error-grid" data-testid="error-gallery">
        {onPage.map((image) => (
          <ErrorTile key={image.imageId} image={image} />
        ))}
      </div>
      <Pagination
        align="end"
        current={page}
        pageSize={IMAGES_A_PAGE}
        total={images.length}
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

/** The errors at a threshold and, only when they are to be shown, the correct findings. */
function useErrors(report: Report, threshold: number, label: string | null, withFound: boolean) {
  const project = useProject();
  const query = { label, threshold, page: 1, page_size: ERRORS_READ };
  const errors = useQuery({
    queryKey: ["errors", project.id, report.version, query],
    queryFn: () => listErrors(project.id, report.version, { ...query, kind: null }),
    placeholderData: keepPreviousData,
  });
  const found = useQuery({
    queryKey: ["errors", project.id, report.version, query, "found"],
    queryFn: () => listErrors(project.id, report.version, { ...query, kind: "found" }),
    enabled: withFound,
    placeholderData: keepPreviousData,
  });
  return { errors, records: [...(errors.data?.items ?? []), ...(found.data?.items ?? [])] };
}

function ErrorTile({ image }: { readonly image: ErrorImage }): ReactNode {
  const words = useWords();
  const project = useProject();
  const known = useQuery({
    queryKey: ["image", project.id, image.imageId],
    queryFn: () => getImage(project.id, image.imageId),
  });
  return (
    <figure className="error-tile">
      {known.isError && <ProblemAlert error={known.error} className="error-tile-empty" />}
      {known.isPending && <Skeleton.Node active className="error-tile-empty" />}
      {known.data !== undefined && (
        <ImageStage
          path={contentPath(project.id, image.imageId)}
          preview={thumbnailPath(project.id, image.imageId, 512)}
          image={known.data}
          marks={marksOf(image)}
          height={280}
        />
      )}
      <figcaption>
        <Typography.Text ellipsis={{ tooltip: known.data?.name }}>{known.data?.name}</Typography.Text>
        <span className="error-counts">
          {KINDS.filter((kind) => kind !== "found" && countOf(image, kind) > 0).map((kind) => (
            <span key={kind} style={{ color: KIND_COLOURS[kind] }}>
              {words.report.kinds[kind]} {countOf(image, kind)}
            </span>
          ))}
        </span>
      </figcaption>
    </figure>
  );
}
