import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Alert, Button, Card, Empty, Select, Skeleton, Space, Typography } from "antd";
import { useRef, type ReactNode } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { getReport, type Report } from "../../api/evaluator";
import { Problem } from "../../api/problem";
import { listVersions, VERSIONS_LIMIT } from "../../api/trainer";
import { useLanguage, useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useProject } from "../projects/useProject";
import { ComparisonCard } from "./ComparisonCard";
import { ConfusionCard } from "./ConfusionCard";
import { CurvesCard } from "./CurvesCard";
import { ErrorGallery } from "./ErrorGallery";
import { ErrorSplitCard } from "./ErrorSplitCard";
import { GroupsCard } from "./GroupsCard";
import { JudgementProgress } from "./JudgementProgress";
import { LabelsCard } from "./LabelsCard";
import { LinesCard } from "./LinesCard";
import { MistakenCard } from "./MistakenCard";
import { hasThreshold } from "./operatingPoint";
import { Overview } from "./Overview";
import { QualityCard } from "./QualityCard";
import { RegressionsCard } from "./RegressionsCard";
import { StrictnessCard } from "./StrictnessCard";
import { TextCard } from "./TextCard";
import { ThresholdCard } from "./ThresholdCard";
import { RecomputeReport } from "./RecomputeReport";
import { SaveReport } from "./SaveReport";
import { TraitsCard } from "./TraitsCard";
import { isUnderWay, useJudgement } from "./useJudgement";
import type { Cell } from "./reportView";
import { useReportAt } from "./useReportAt";
import { useReportView } from "./useReportView";
import "./report.css";

const LOOK_AGAIN_MS = 2_500;

/** The report of one version: the newest where the address names none. */
export function ReportPage(): ReactNode {
  const words = useWords();
  const { language } = useLanguage();
  const project = useProject();
  const go = useNavigate();
  const { version: asked } = useParams();
  const versions = useQuery({
    queryKey: ["versions", project.id],
    queryFn: () => listVersions(project.id, VERSIONS_LIMIT),
  });
  const names = (versions.data?.items ?? []).flatMap(({ version }) => version ?? []);
  const version = asked ?? names[0];
  const awaited = (error: unknown): boolean =>
    version !== undefined && names.includes(version) && error instanceof Problem && error.status === 404;
  const report = useQuery({
    queryKey: ["report", project.id, version, language],
    queryFn: () => getReport(project.id, version ?? "", language),
    placeholderData: keepPreviousData,
    // A version exists a moment before its report does.
    refetchInterval: ({ state }) => (awaited(state.error) ? LOOK_AGAIN_MS : false),
    enabled: version !== undefined,
  });
  const isAwaited = awaited(report.error);
  const judgement = useJudgement(version, isAwaited);
  const underWay = isUnderWay(judgement);

  if (versions.isError) {
    return <ProblemAlert error={versions.error} onRetry={() => void versions.refetch()} />;
  }
  if (versions.isSuccess && version === undefined) {
    return (
      <Card className="empty-card">
        <Empty description={words.report.none}>
          <Link to={`/projects/${project.id}/train`}>
            <Button type="primary">{words.report.goTrain}</Button>
          </Link>
        </Empty>
      </Card>
    );
  }
  return (
    <div className="stack">
      <Space size="middle" wrap className="report-head">
        <Typography.Text strong>{words.train.version}</Typography.Text>
        <Select
          value={version ?? null}
          className="version-select"
          aria-label={words.train.version}
          options={names.map((name) => ({ value: name, label: name }))}
          onChange={(name) => void go(`/projects/${project.id}/report/${name}`)}
        />
        {report.data !== undefined && <SaveReport version={report.data.version} />}
        {version !== undefined && !underWay && !isAwaited && !report.isPending && (
          <RecomputeReport key={version} version={version} />
        )}
      </Space>
      {version !== undefined && (underWay || isAwaited) && (
        <JudgementProgress version={version} judgement={judgement} />
      )}
      {judgement?.state === "failed" && judgement.revision > 0 && (
        <Alert type="warning" showIcon title={words.report.notRecomputed} description={judgement.reason} />
      )}
      {report.isError && !isAwaited && !underWay && (
        <ProblemAlert error={report.error} onRetry={() => void report.refetch()} />
      )}
      {report.isPending && (
        <Card>
          <Skeleton active paragraph={{ rows: 8 }} />
        </Card>
      )}
      {report.data !== undefined && (
        <Body key={report.data.version} report={report.data} versions={names} />
      )}
    </div>
  );
}

interface BodyProps {
  readonly report: Report;
  readonly versions: readonly string[];
}

/** First what to do, then what the errors look like, then the figures behind it. */
function Body({ report, versions }: BodyProps): ReactNode {
  const { view, threshold, setThreshold, show } = useReportView(report);
  const moved = useReportAt(report, threshold);
  const errors = useRef<HTMLDivElement>(null);
  const shared = { report, threshold };
  const showErrorsOf = (chosen: string): void => {
    show({ label: chosen, cell: null });
    errors.current?.scrollIntoView({ behavior: "smooth", block: "start" });
  };
  const showCell = (cell: Cell): void => {
    show({ cell, label: null });
    errors.current?.scrollIntoView({ behavior: "smooth", block: "start" });
  };
  if (report.kind === "ocr") {
    return (
      <>
        <Overview report={report} />
        <ThresholdCard {...shared} onThreshold={setThreshold} />
        <LinesCard report={report} view={view} onShow={show} />
        <StrictnessCard report={report} />
        <TextCard report={report} />
        <ComparisonCard version={report.version} versions={versions} />
      </>
    );
  }
  const gallery = <ErrorGallery {...shared} view={view} onShow={show} />;
  if (!hasThreshold(report)) {
    const mistaken = <MistakenCard report={report} label={view.label} cell={view.cell} onShow={show} />;
    return (
      <>
        <Overview report={report} />
        <LabelsCard {...shared} onDetails={showErrorsOf} />
        <div ref={errors} className="errors-anchor">
          {report.kind === "classification" ? mistaken : gallery}
        </div>
        <TraitsCard report={report} />
        <ConfusionCard report={report} {...(report.kind === "classification" ? { onCell: showCell } : {})} />
      </>
    );
  }
  return (
    <>
      <Overview report={moved} />
      <ThresholdCard {...shared} onThreshold={setThreshold} />
      <LabelsCard {...shared} onDetails={showErrorsOf} />
      <div ref={errors} className="errors-anchor">
        {gallery}
      </div>
      <TraitsCard report={moved} />
      <ErrorSplitCard report={moved} />
      <ConfusionCard report={moved} onCell={showCell} />
      <CurvesCard {...shared} />
      <GroupsCard report={moved} />
      <QualityCard report={moved} />
      <RegressionsCard regressions={report.regressions} />
      <ComparisonCard version={report.version} versions={versions} />
    </>
  );
}

