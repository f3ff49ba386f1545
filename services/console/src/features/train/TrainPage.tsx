import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useNavigate, useParams } from "react-router";
import { isActive, listTrainings } from "../../api/trainer";
import { usePage } from "../../ui/usePage";
import { useProject } from "../projects/useProject";
import { LiveTraining } from "./LiveTraining";
import { PolicyCard } from "./PolicyCard";
import { PromotionsCard } from "./PromotionsCard";
import { RecipeCard } from "./RecipeCard";
import { RecordsCard } from "./RecordsCard";
import { StartCard } from "./StartCard";
import { TrainingDrawer } from "./TrainingDrawer";
import { TrendCard } from "./TrendCard";
import { useRecipe } from "./useRecipe";
import "./recipe.css";
import "./train.css";

/** How often the records are read again while a training runs elsewhere, say by the policy. */
const REFRESH_MS = 4_000;

export function TrainPage(): ReactNode {
  const project = useProject();
  const { trainingId } = useParams();
  const go = useNavigate();
  const records = usePage({
    key: ["trainings", project.id],
    list: (page, size) => listTrainings(project.id, page, size),
    refreshMs: REFRESH_MS,
  });
  const latest = useQuery({
    queryKey: ["trainings", project.id, 1, 10],
    queryFn: () => listTrainings(project.id, 1, 10),
    refetchInterval: REFRESH_MS,
  });
  const desk = useRecipe(project.id);
  const active = (latest.data?.items ?? []).filter(({ status }) => isActive(status));
  return (
    <div className="stack">
      <StartCard desk={desk} trainings={latest.data?.total ?? 0} busy={active.length > 0} />
      <RecipeCard desk={desk} last={latest.data?.items.find(({ status }) => status === "success")} />
      {active.map((training) => (
        <LiveTraining key={training.id} training={training} />
      ))}
      <RecordsCard records={records} />
      <PromotionsCard />
      <TrendCard />
      <PolicyCard />
      {trainingId !== undefined && (
        <TrainingDrawer
          key={trainingId}
          trainingId={trainingId}
          onClose={() => void go(`/projects/${project.id}/train`, { preventScrollReset: true })}
        />
      )}
    </div>
  );
}
