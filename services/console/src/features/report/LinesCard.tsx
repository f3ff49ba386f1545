import { FormOutlined } from "@ant-design/icons";
import { Card, Checkbox, Empty, Pagination, Select, Space, Tag, Typography } from "antd";
import { useState, type ReactNode } from "react";
import { Link } from "react-router";
import type { LinePlace, MisreadLine, Report } from "../../api/evaluator";
import { useWords } from "../../i18n/language";
import { percent } from "../../ui/format";
import { placeInAddress } from "../annotate/place";
import { useProject } from "../projects/useProject";
import { LineCrop } from "./LineCrop";
import { countOfLines, kindOf, LINE_SORTS, LINE_TICKS, shownLines, type LineSort } from "./misread";
import { ReadText } from "./ReadText";
import type { ReportView } from "./reportView";

const LINES_A_PAGE = 12;
const COLOURS = { wrong_sign: "purple", missed: "orange", false: "red" } as const;

interface Props {
  readonly report: Report;
  readonly view: ReportView;
  readonly onShow: (part: Partial<ReportView>) => void;
}

/** Lines that were read wrongly, missed, or found where there is none; each opens its annotation. */
export function LinesCard({ report, view, onShow }: Props): ReactNode {
  const words = useWords();
  const { shown, lineSort: sort } = view;
  const lines = report.details.lines;
  const [place, setPlace] = useState({ page: 1, of: "" });
  if (lines == null) {
    return (
      <Card title={words.report.lines}>
        <Empty description={words.report.linesUnknown} />
      </Card>
    );
  }
  const found = shownLines(lines, shown, sort);
  const all = countOfLines(lines, shown);
  // Another choice is another list, which begins at its first page.
  const choice = JSON.stringify([shown, sort]);
  const page = place.of === choice ? place.page : 1;
  return (
    <Card
      title={words.report.lines}
      extra={
        <Space wrap>
          {LINE_TICKS.map((tick) => (
            <Checkbox
              key={tick}
              checked={shown[tick]}
              onChange={() => onShow({ shown: { ...shown, [tick]: !shown[tick] } })}
            >
              {words.report.lineKinds[kindOf(tick)]} {lines.counts[kindOf(tick)] ?? 0}
            </Checkbox>
          ))}
          <Select<LineSort>
            value={sort}
            aria-label={words.report.sort}
            popupMatchSelectWidth={false}
            onChange={(chosen) => onShow({ lineSort: chosen })}
            options={LINE_SORTS.map((value) => ({ value, label: words.report.lineSorts[value] }))}
          />
        </Space>
      }
    >
      {found.length === 0 && <Empty description={words.report.noLinesWrong} />}
      {found.length < all && (
        <Typography.Paragraph type="secondary" data-testid="lines-cut">
          {words.report.linesCut(found.length, all)}
        </Typography.Paragraph>
      )}
      <div className="line-grid" data-testid="misread-lines">
        {found.slice((page - 1) * LINES_A_PAGE, page * LINES_A_PAGE).map((line) => (
          <MisreadTile key={JSON.stringify([line.kind, line.image_id, line.box])} line={line} />
        ))}
      </div>
      <Pagination
        current={page}
        pageSize={LINES_A_PAGE}
        total={found.length}
        onChange={(chosen) => setPlace({ page: chosen, of: choice })}
        align="end"
        hideOnSinglePage
        showSizeChanger={false}
      />
    </Card>
  );
}

function MisreadTile({ line }: { readonly line: MisreadLine }): ReactNode {
  const words = useWords();
  const unread = line.kind === "missed" && line.parts.length === 0;
  return (
    <LineTile line={line}>
      <dl className="line-texts">
        <dt>{words.report.signThere}</dt>
        <dd>
          <ReadText
            parts={line.parts}
            side="truth"
            nothing={unread ? words.report.lineUnreadable : words.report.noLineThere}
          />
        </dd>
        <dt>{words.report.signRead}</dt>
        <dd>
          <ReadText
            parts={line.parts}
            side="read"
            nothing={line.kind === "missed" ? words.report.lineNotFound : words.report.nothingRead}
          />
        </dd>
      </dl>
      <div className="line-facts">
        <Tag color={COLOURS[line.kind]}>{words.report.lineKinds[line.kind]}</Tag>
        <Typography.Text type="secondary">
          {words.report.wrongSigns(line.errors)}
          {line.score !== null && ` · ${words.report.surely(percent(line.score))}`}
        </Typography.Text>
      </div>
    </LineTile>
  );
}

/** A line as it is on its image, and the way to where it can be put right. */
export function LineTile({ line, children }: { readonly line: LinePlace; readonly children: ReactNode }): ReactNode {
  const words = useWords();
  const project = useProject();
  const annotate = `/projects/${project.id}/annotate/${line.image_id}${placeInAddress(line.box)}`;
  return (
    <figure className="line-tile">
      <Link to={annotate} title={words.report.openImage(line.name)}>
        <LineCrop line={line} alt={line.name} />
      </Link>
      {children}
      <figcaption>
        <Link to={annotate} className="error-link" title={words.report.openImage(line.name)}>
          <FormOutlined /> <span>{words.report.openAndFix}</span>
        </Link>
        <Typography.Text type="secondary" ellipsis title={line.name}>
          {line.name}
        </Typography.Text>
      </figcaption>
    </figure>
  );
}
