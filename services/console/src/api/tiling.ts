import createClient from "openapi-fetch";
import type { components, paths } from "./generated/tiling";
import { authorisedFetch, body } from "./http";

type Schemas = components["schemas"];

export type TilePlanAnswer = Awaited<ReturnType<typeof getTilePlan>>;
export type TileAdvice = NonNullable<TilePlanAnswer["advice"]>;
export type PreviewTile = Schemas["PreviewTile"];
export type PlanQuestion = NonNullable<
  paths["/api/tiling/projects/{project_id}/plan"]["get"]["parameters"]["query"]
>;

const client = createClient<paths>({ fetch: authorisedFetch });

/** The plan in force or the grid asked for, what the smallest target needs, and how an image is cut. */
export function getTilePlan(projectId: string, query: PlanQuestion) {
  return body(
    client.GET("/api/tiling/projects/{project_id}/plan", {
      params: { path: { project_id: projectId }, query },
    }),
  );
}
