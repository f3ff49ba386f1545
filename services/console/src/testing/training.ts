/** What the page Train asks for, before anything was trained. */
import { history, policy, project, promotions } from "./builders";
import { pageOf } from "./platform";
import { nextTraining, storedRecipe } from "./recipes";

export const TRAININGS = "GET /api/trainer/projects/p1/trainings";
export const PROMOTIONS = "GET /api/trainer/projects/p1/promotions";
export const ONE = "GET /api/trainer/projects/p1/trainings/:id";
export const HISTORY = "GET /api/trainer/projects/p1/trainings/:id/history";
export const RECIPE = "/api/trainer/projects/p1/recipe";

export const AROUND = {
  "GET /api/workspace/projects/p1": project(),
  "GET /api/gallery/projects/p1/summary": { total: 62, labelled: 56, unlabelled: 6, tested: 0, recommended: 30 },
  "GET /api/annotation/projects/p1/labels": { items: [] },
  "GET /api/trainer/projects/p1/versions": pageOf(),
  "GET /api/trainer/projects/p1/retraining-policy": policy(),
  "GET /api/trainer/projects/p1/next-training": nextTraining(),
  [`GET ${RECIPE}`]: storedRecipe(),
  [TRAININGS]: pageOf(),
  [HISTORY]: history(),
  [PROMOTIONS]: promotions({ serving: null, items: [] }),
};
