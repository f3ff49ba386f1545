import components from "antd/locale/en_US";
import { audit } from "./audit";
import { check } from "./check";
import { common, imageStatus, problems, reviewState, session, stage, tabs, tasks } from "./common";
import { annotate, editor } from "./editor";
import { download } from "./download";
import { gallery } from "./gallery";
import { imports } from "./imports";
import { keys } from "./keys";
import { projects } from "./projects";
import { quotas } from "./quotas";
import { recipe } from "./recipe";
import { report } from "./report";
import { statistics } from "./statistics";
import { storage } from "./storage";
import { test } from "./test";
import { tiling } from "./tiling";
import { tour } from "./tour";
import { train, trainingStages, trainingStatus } from "./train";
import { training } from "./training";
import { webhooks } from "./webhooks";

export const en = {
  annotate,
  audit,
  check,
  common,
  download,
  editor,
  gallery,
  imageStatus,
  imports,
  keys,
  problems,
  projects,
  quotas,
  recipe,
  report,
  reviewState,
  session,
  stage,
  statistics,
  storage,
  tabs,
  tasks,
  test,
  tiling,
  tour,
  train,
  training,
  trainingStages,
  trainingStatus,
  webhooks,
};

/** The words of tables, pickers and pagination, which the library of components brings. */
export { components };
