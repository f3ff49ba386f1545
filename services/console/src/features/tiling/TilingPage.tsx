import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Alert, Button, Card, Empty, Form, InputNumber, Skeleton, Space, Typography } from "antd";
import { useState, type ReactNode } from "react";
import { Link } from "react-router";
import { getTilePlan, type TileAdvice, type TilePlanAnswer } from "../../api/tiling";
import { useWords } from "../../i18n/language";
import { resolution } from "../../ui/format";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useSettled } from "../../ui/useSettled";
import { useImageLimits } from "../projects/useImageLimits";
import { useProject } from "../projects/useProject";
import { CutPreview } from "./CutPreview";
import { NOTHING_ASKED, toQuestion, type Asked } from "./question";
import { RatioScale } from "./RatioScale";
import "./tiling.css";

/** Whether images must be cut for their smallest target, how, and how that looks. */
export function TilingPage(): ReactNode {
  const words = useWords();
  const project = useProject();
  const [asked, setAsked] = useState<Asked>(NOTHING_ASKED);
  const question = toQuestion(useSettled(asked));
  const plan = useQuery({
    queryKey: ["tile-plan", project.id, question],
    queryFn: () => getTilePlan(project.id, question),
    placeholderData: keepPreviousData,
  });
  return (
    <div className="stack">
      <div className="tiling-head">
        <Typography.Title level={5}>{words.tiling.title}</Typography.Title>
        <Link to={`/projects/${project.id}/gallery`}>{words.tiling.back}</Link>
      </div>
      <Card size="small">
        <Question asked={asked} onAsk={setAsked} />
      </Card>
      {plan.isError && <ProblemAlert error={plan.error} onRetry={() => void plan.refetch()} />}
      {plan.isPending && <Skeleton active paragraph={{ rows: 8 }} />}
      {plan.data !== undefined && (
        <div className="tiling-body">
          <AdviceCard
            plan={plan.data}
            onTry={(grid) => setAsked({ ...asked, ...grid })}
          />
          <PreviewCard plan={plan.data} tried={question.rows !== undefined} />
        </div>
      )}
    </div>
  );
}

interface QuestionProps {
  readonly asked: Asked;
  readonly onAsk: (asked: Asked) => void;
}

function Question({ asked, onAsk }: QuestionProps): ReactNode {
  const words = useWords();
  const limits = useImageLimits();
  const number = (name: keyof Asked, placeholder: string, max: number, min = 1): ReactNode => (
    <InputNumber
      min={min}
      max={max}
      precision={0}
      controls={false}
      className="tiling-number"
      value={asked[name]}
      placeholder={placeholder}
      aria-label={words.tiling.fields[name]}
      onChange={(value) => onAsk({ ...asked, [name]: value })}
    />
  );
  return (
    <Form layout="inline" className="filters">
      <Form.Item label={words.tiling.target} tooltip={words.tiling.targetHelp}>
        <Space.Compact>
          {number("targetWidth", words.gallery.width, 100_000)}
          {number("targetHeight", words.gallery.height, 100_000)}
        </Space.Compact>
      </Form.Item>
      <Form.Item label={words.tiling.image} tooltip={words.tiling.imageHelp}>
        <Space.Compact>
          {number("imageWidth", words.gallery.width, 100_000)}
          {number("imageHeight", words.gallery.height, 100_000)}
        </Space.Compact>
      </Form.Item>
      <Form.Item label={words.tiling.tryGrid}>
        <Space.Compact>
          {number("rows", words.projects.rows, limits?.max_grid ?? Infinity)}
          {number("columns", words.projects.columns, limits?.max_grid ?? Infinity)}
          {number("overlap", words.tiling.fields.overlap, limits?.max_overlap_px ?? Infinity, 0)}
        </Space.Compact>
      </Form.Item>
      <Button onClick={() => onAsk(NOTHING_ASKED)}>{words.gallery.reset}</Button>
    </Form>
  );
}

interface AdviceProps {
  readonly plan: TilePlanAnswer;
  readonly onTry: (grid: Pick<Asked, "rows" | "columns" | "overlap">) => void;
}

const TONES = { keep: "success", raise_resolution: "warning", tile: "warning" } as const;

function AdviceCard({ plan, onTry }: AdviceProps): ReactNode {
  const words = useWords();
  const { advice, area_ratio: ratio } = plan;
  return (
    <Card title={words.tiling.advice}>
      {advice === null || ratio === null ? (
        <Empty
          description={plan.image_width === null ? words.tiling.noImage : words.tiling.noTarget}
        />
      ) : (
        <div className="stack">
          <Alert
            showIcon
            type={TONES[advice.advice]}
            data-testid="tile-advice"
            title={words.tiling.advices[advice.advice](advice.rows, advice.columns)}
            description={words.tiling.why[advice.advice]}
          />
          <RatioScale ratio={ratio} />
          <AdviceFacts plan={plan} advice={advice} />
          {advice.advice === "tile" && (
            <div>
              <Button
                onClick={() =>
                  onTry({ rows: advice.rows, columns: advice.columns, overlap: advice.plan.overlap_px })
                }
              >
                {words.tiling.show(advice.rows, advice.columns)}
              </Button>
            </div>
          )}
          <Typography.Text type="secondary">{words.tiling.chosenAtCreation}</Typography.Text>
        </div>
      )}
    </Card>
  );
}

interface FactsProps {
  readonly plan: TilePlanAnswer;
  readonly advice: TileAdvice;
}

function AdviceFacts({ plan, advice }: FactsProps): ReactNode {
  const words = useWords();
  const facts = [
    words.tiling.smallest(Math.round(advice.min_target_area), Math.round(advice.max_target_side)),
    ...(advice.advice === "tile"
      ? [
          words.tiling.tileSize(resolution(advice.tile_width, advice.tile_height), advice.min_tiles),
          words.tiling.overlap(advice.plan.overlap_px),
        ]
      : []),
    ...(advice.advice === "raise_resolution"
      ? [words.tiling.raiseTo((advice.standard_pixels / 1e6).toFixed(1))]
      : []),
    ...(plan.tile_area_ratio === null || plan.mode === "whole"
      ? []
      : [words.tiling.tileRatio(Math.round(plan.tile_area_ratio))]),
    ...(advice.holds_every_target ? [] : [words.tiling.tooLong]),
  ];
  return (
    <ul className="notes">
      {facts.map((fact) => (
        <li key={fact}>{fact}</li>
      ))}
    </ul>
  );
}

interface PreviewProps {
  readonly plan: TilePlanAnswer;
  /** A grid was typed; otherwise the one in force is shown. */
  readonly tried: boolean;
}

function PreviewCard({ plan, tried }: PreviewProps): ReactNode {
  const words = useWords();
  return (
    <Card title={tried ? words.tiling.previewTried : words.tiling.previewInForce}>
      {plan.violations.length > 0 && (
        <Alert
          type="error"
          showIcon
          className="tiling-violation"
          title={words.tiling.notAllowed}
          description={plan.violations.join("; ")}
        />
      )}
      {plan.preview.length === 0 ? (
        plan.violations.length === 0 && <Empty description={words.tiling.noImage} />
      ) : (
        <CutPreview
          width={plan.image_width ?? 1}
          height={plan.image_height ?? 1}
          tiles={plan.preview}
          target={plan.advice === null ? null : Math.sqrt(plan.advice.min_target_area)}
        />
      )}
    </Card>
  );
}
