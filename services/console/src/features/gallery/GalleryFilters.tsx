import { useQuery } from "@tanstack/react-query";
import { Button, Segmented, Select, Space } from "antd";
// The room's index brings text areas and one-time codes along, which this page has not.
import Input from "antd/es/input/Input";
import type { ReactNode } from "react";
import { listLabels } from "../../api/annotation";
import { IMAGE_STATUSES, REVIEW_STATES, summariseImages, type GallerySummary, type ImageStatus } from "../../api/gallery";
import { useWords, type Words } from "../../i18n/language";
import { useTyped } from "../../ui/useTyped";
import { NO_FILTERS, type Filters } from "./filters";

interface Props {
  readonly projectId: string;
  readonly filters: Filters;
  readonly filtered: boolean;
  readonly refreshMs: number;
  readonly onFilter: (filters: Filters) => void;
}

/** The gallery's search on one line; every choice counts at once, what is typed a moment later. */
export function GalleryFilters({ projectId, filters, filtered, refreshMs, onFilter }: Props): ReactNode {
  const words = useWords();
  const labels = useQuery({ queryKey: ["labels", projectId], queryFn: () => listLabels(projectId) });
  const change = (part: Partial<Filters>): void => onFilter({ ...filters, ...part });
  const [name, typeName] = useTyped(filters.name, (text) => change({ name: text.trim() }));
  const [width, typeWidth] = useTyped(filters.width, (pixels) => change({ width: pixels }));
  const [height, typeHeight] = useTyped(filters.height, (pixels) => change({ height: pixels }));
  return (
    <search className="filters">
      <StatusFilter
        projectId={projectId}
        status={filters.status}
        refreshMs={refreshMs}
        onStatus={(status) => change({ status })}
      />
      <Input
        allowClear
        value={name}
        placeholder={words.gallery.namePart}
        aria-label={words.gallery.name}
        className="filter-name"
        onChange={(event) => typeName(event.target.value)}
      />
      <Select
        allowClear
        showSearch
        value={filters.label === "" ? null : filters.label}
        placeholder={words.gallery.label}
        aria-label={words.gallery.label}
        popupMatchSelectWidth={false}
        className="filter-label"
        onChange={(label: string | null | undefined) => change({ label: label ?? "" })}
        options={(labels.data?.items ?? []).map((one) => ({ value: one.name, label: one.name }))}
      />
      <Select
        allowClear
        value={filters.review === "" ? null : filters.review}
        placeholder={words.annotate.review}
        aria-label={words.annotate.review}
        popupMatchSelectWidth={false}
        className="filter-review"
        onChange={(review: Filters["review"] | null | undefined) => change({ review: review ?? "" })}
        options={REVIEW_STATES.map((value) => ({ value, label: words.reviewState[value] }))}
      />
      <Space.Compact title={words.gallery.uploadedAt}>
        <Input
          type="date"
          className="filter-day"
          value={filters.from}
          max={filters.to}
          aria-label={words.gallery.uploadedFrom}
          onChange={(event) => change({ from: event.target.value })}
        />
        <Input
          type="date"
          className="filter-day"
          value={filters.to}
          min={filters.from}
          aria-label={words.gallery.uploadedTo}
          onChange={(event) => change({ to: event.target.value })}
        />
      </Space.Compact>
      <Space.Compact title={words.gallery.resolution}>
        <Pixels value={width} name={words.gallery.width} onChange={typeWidth} />
        <Pixels value={height} name={words.gallery.height} onChange={typeHeight} />
      </Space.Compact>
      {filtered && (
        <Button type="link" onClick={() => onFilter(NO_FILTERS)}>
          {words.gallery.reset}
        </Button>
      )}
    </search>
  );
}

interface PixelsProps {
  readonly value: number | null;
  readonly name: string;
  readonly onChange: (value: number | null) => void;
}

function Pixels({ value, name, onChange }: PixelsProps): ReactNode {
  return (
    <Input
      inputMode="numeric"
      className="filter-pixels"
      value={value ?? ""}
      placeholder={name}
      aria-label={name}
      onChange={(event) => {
        const digits = event.target.value.replace(/\D/g, "");
        onChange(digits === "" ? null : Math.max(1, Number(digits)));
      }}
    />
  );
}

interface StatusProps {
  readonly projectId: string;
  readonly status: ImageStatus | "";
  readonly refreshMs: number;
  readonly onStatus: (status: ImageStatus | "") => void;
}

/** How many images there are, in all and by status; a click on a count shows those images. */
function StatusFilter({ projectId, status, refreshMs, onStatus }: StatusProps): ReactNode {
  const words = useWords();
  const summary = useQuery({
    queryKey: ["images", projectId, "summary"],
    queryFn: () => summariseImages(projectId),
    refetchInterval: refreshMs,
  });
  const option = (value: ImageStatus | "", name: string, count: number | undefined) => ({
    value,
    label: (
      <span data-testid={`summary-${value === "" ? "total" : value}`}>
        {name} <strong className="filter-count">{count ?? "—"}</strong>
      </span>
    ),
  });
  return (
    <>
      <Segmented<ImageStatus | "">
        value={status}
        onChange={onStatus}
        options={[
          option("", words.gallery.total, summary.data?.total),
          ...IMAGE_STATUSES.map((one) => option(one, words.imageStatus[one], summary.data?.[one])),
        ]}
      />
      {advised(summary.data, words) !== "" && (
        <span className="filter-advised">{advised(summary.data, words)}</span>
      )}
    </>
  );
}

/** Fewer images than a good model needs: how many there should be. */
function advised(summary: GallerySummary | undefined, words: Words): string {
  if (summary === undefined || summary.total >= summary.recommended) return "";
  return words.gallery.recommended(summary.recommended);
}
