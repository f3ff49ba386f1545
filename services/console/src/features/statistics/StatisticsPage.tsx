import { useQuery } from "@tanstack/react-query";
import { Card, Empty, Select, Skeleton, Space, Statistic, Table, Typography } from "antd";
import type { TableColumnsType } from "antd";
import { useState, type ReactNode } from "react";
import { Link } from "react-router";
import { readStatistics, type LabelStatistics, type SetStatistics } from "../../api/annotation";
import { useWords, type Words } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { labelColour, type Colours } from "../../ui/theme";
import { useLabelColours } from "../projects/useLabels";
import { useProject } from "../projects/useProject";
import { PlaceMap } from "./PlaceMap";
import { SizeBars } from "./SizeBars";
import { heldOut, summed } from "./sums";
import "./statistics.css";

/** What the set of annotated images is made of: labels, sizes, places, and what judges. */
export function StatisticsPage(): ReactNode {
  const words = useWords();
  const project = useProject();
  const found = useQuery({
    queryKey: ["statistics", project.id],
    queryFn: () => readStatistics(project.id),
    staleTime: 0,
  });
  return (
    <div className="stack">
      <div className="statistics-head">
        <Typography.Title level={5}>{words.statistics.title}</Typography.Title>
        <Link to={`/projects/${project.id}/gallery`}>{words.tiling.back}</Link>
      </div>
      {found.isError && <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <Skeleton active />}
      {found.data !== undefined && <Found set={found.data} />}
    </div>
  );
}

function Found({ set }: { readonly set: SetStatistics }): ReactNode {
  const words = useWords();
  const project = useProject();
  const colours = useLabelColours(project.id);
  const tiles = [
    [words.statistics.total, set.total],
    [words.statistics.annotated, set.annotated],
    [words.statistics.negatives, set.negatives],
    [words.statistics.train, set.images.train ?? 0],
    [words.statistics.heldOut, heldOut(set.images)],
  ] as const;
  return (
    <>
      <Card size="small">
        <Space size={48} wrap>
          {tiles.map(([title, value]) => (
            <Statistic key={title} title={title} value={value} />
          ))}
        </Space>
      </Card>
      {set.labels.length === 0 ? (
        <Empty description={words.statistics.nothing} />
      ) : (
        <>
          <Card size="small" title={words.statistics.byLabel}>
            <Table<LabelStatistics>
              rowKey="label"
              size="small"
              scroll={{ x: 800 }}
              dataSource={set.labels}
              columns={columnsOf(words, colours)}
              pagination={{ showTotal: words.common.total, hideOnSinglePage: true }}
            />
          </Card>
          <Shapes set={set} />
        </>
      )}
    </>
  );
}

/** Sizes and places of one label's objects, or of all. */
function Shapes({ set }: { readonly set: SetStatistics }): ReactNode {
  const words = useWords();
  const [asked, setAsked] = useState("");
  const shaped = set.labels.filter(({ side_px }) => side_px !== null);
  const chosen = shaped.filter(({ label }) => label === asked);
  const { sizes, places } = summed(chosen.length > 0 ? chosen : shaped);
  if (shaped.length === 0) return null;
  return (
    <Card
      size="small"
      title={words.statistics.sizesAndPlaces}
      extra={
        <Select
          className="statistics-label"
          showSearch
          aria-label={words.statistics.label}
          value={chosen.length > 0 ? asked : ""}
          onChange={setAsked}
          options={[{ value: "", label: words.common.all }, ...shaped.map(({ label }) => ({ value: label, label }))]}
        />
      }
    >
      <div className="statistics-shapes">
        <SizeBars bounds={set.sides_px} sizes={sizes} />
        <PlaceMap grid={set.grid} places={places} />
      </div>
    </Card>
  );
}

function columnsOf(words: Words, colours: Colours): TableColumnsType<LabelStatistics> {
  const { statistics } = words;
  const sorted = (figure: (one: LabelStatistics) => number) => ({
    align: "right" as const,
    sorter: (one: LabelStatistics, other: LabelStatistics) => figure(one) - figure(other),
    render: (_: unknown, one: LabelStatistics) => figure(one),
  });
  return [
    {
      title: statistics.label,
      key: "label",
      ellipsis: true,
      render: (_, { label }) => (
        <span className="label-count">
          <i style={{ background: labelColour(colours, label) }} />
          <span className="label-name">{label}</span>
        </span>
      ),
    },
    { title: statistics.objects, key: "objects", width: 110, ...sorted(({ objects }) => objects) },
    { title: statistics.onImages, key: "images", width: 110, ...sorted(({ images }) => images) },
    { title: statistics.train, key: "train", width: 110, ...sorted(({ by_split }) => by_split.train ?? 0) },
    { title: statistics.heldOut, key: "held-out", width: 120, ...sorted(({ by_split }) => heldOut(by_split)) },
    {
      title: statistics.side,
      key: "side",
      width: 220,
      align: "right",
      sorter: (one, other) => (one.side_px?.[1] ?? 0) - (other.side_px?.[1] ?? 0),
      render: (_, { side_px: side }) => (side === null ? "—" : statistics.sideOf(side)),
    },
  ];
}
