import createClient from "openapi-fetch";
import type { Language } from "../i18n/language";
import type { components, paths } from "./generated/evaluator";
import { authorisedFetch, body } from "./http";

type Schemas = components["schemas"];

export type Report = Awaited<ReturnType<typeof getReport>>;
export type LabelResult = Schemas["LabelAnswer"];
export type LabelWarning = LabelResult["warnings"][number];
export type LabelCurve = Schemas["CurveAnswer"];
export type Preference = Schemas["RecommendationAnswer"]["answer"];
export type ErrorImage = Awaited<ReturnType<typeof listErrors>>["items"][number];
export type ReportMark = ErrorImage["marks"][number];
export type MarkKind = ReportMark["kind"];
export type Interval = Schemas["Interval"];
export type GroupRate = Schemas["GroupRate"];
export type Regression = Schemas["RegressionAnswer"];
export type RegressionState = Regression["state"];
export type Comparison = Awaited<ReturnType<typeof compareVersions>>;
export type Difference = Schemas["Difference"];
export type MisreadLines = NonNullable<Report["details"]["lines"]>;
export type MisreadLine = MisreadLines["samples"][number];
export type ChangedLine = NonNullable<Comparison["lines"]>["samples"][number];
export type TextPart = Schemas["TextPart"];
/** Where a line is: on which image, and its box in pixels. */
export type LinePlace = Pick<MisreadLine, "image_id" | "name" | "width" | "height" | "box">;
export type Quality = Schemas["Quality"];
export type Judgement = Schemas["JudgementAnswer"];
export type ErrorQuery = NonNullable<
  paths["/api/evaluator/projects/{project_id}/versions/{version}/errors"]["get"]["parameters"]["query"]
>;

const client = createClient<paths>({ fetch: authorisedFetch });

/** The report at a threshold, or at the version's own; its sentences in the reader's language. */
export function getReport(projectId: string, version: string, language: Language, threshold?: number) {
  return body(
    client.GET("/api/evaluator/projects/{project_id}/versions/{version}/report", {
      params: {
        path: { project_id: projectId, version },
        query: { language, ...(threshold === undefined ? {} : { threshold }) },
      },
    }),
  );
}

const JUDGEMENT = "/api/evaluator/projects/{project_id}/versions/{version}/judgement";

/** How far the judgement on a version is; `revision` counts the report that is there, 0 for none. */
export function getJudgement(projectId: string, version: string) {
  return body(client.GET(JUDGEMENT, { params: { path: { project_id: projectId, version } } }));
}

/** Have a report computed anew from the same snapshot and predictions; the present one stays until then. */
export function judgeAgain(projectId: string, version: string) {
  return body(client.POST(JUDGEMENT, { params: { path: { project_id: projectId, version } } }));
}

/** Give up the judgement under way; a report that is there stays. */
export function cancelJudgement(projectId: string, version: string) {
  return body(client.POST(`${JUDGEMENT}:cancel`, { params: { path: { project_id: projectId, version } } }));
}

export type ReportForm = "pdf" | "html";

export function reportFilePath(
  projectId: string,
  version: string,
  form: ReportForm,
  language: Language,
): string {
  return `/api/evaluator/projects/${projectId}/versions/${version}/report.${form}?language=${language}`;
}

/** Images with errors, each with everything that was found, wrongly found or missed on it. */
export function listErrors(projectId: string, version: string, query: ErrorQuery) {
  return body(
    client.GET("/api/evaluator/projects/{project_id}/versions/{version}/errors", {
      params: { path: { project_id: projectId, version }, query },
    }),
  );
}

/** `version` against `other`, on the images that both were judged on. */
export function compareVersions(projectId: string, version: string, other: string) {
  return body(
    client.GET("/api/evaluator/projects/{project_id}/versions/{version}/compare", {
      params: { path: { project_id: projectId, version }, query: { with: other } },
    }),
  );
}
