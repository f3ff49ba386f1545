import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { FieldError } from "../../api/problem";
import { getRecipe, setRecipe, type Recipe, type StoredRecipe } from "../../api/trainer";
import { refusals, same } from "./recipe";

/** The project's recipe, and what is changed of it on this screen and not saved. */
export interface RecipeDesk {
  readonly stored: StoredRecipe | undefined;
  readonly error: Error | null;
  /** Reads the project's again; what is changed here stays. */
  readonly retry: () => void;
  /** What a start would use; undefined until the project's is known. */
  readonly shown: Recipe | undefined;
  readonly changed: boolean;
  /** What was refused of it, by field, until something is changed. */
  readonly refused: readonly FieldError[];
  readonly change: (part: Partial<Recipe>) => void;
  readonly discard: () => void;
  /** Hears what a start was refused for. */
  readonly refuse: (error: unknown) => void;
  readonly save: () => void;
  readonly saving: boolean;
  readonly saveError: Error | null;
}

interface Draft {
  readonly projectId: string;
  readonly part: Partial<Recipe>;
}

export function useRecipe(projectId: string): RecipeDesk {
  const queries = useQueryClient();
  const key = ["recipe", projectId];
  const stored = useQuery({ queryKey: key, queryFn: () => getRecipe(projectId) });
  const [draft, setDraft] = useState<Draft | null>(null);
  const [refused, setRefused] = useState<readonly FieldError[]>([]);
  const part = draft?.projectId === projectId ? draft.part : {};
  const shown = stored.data && { ...stored.data.recipe, ...part };
  const changed = stored.data !== undefined && shown !== undefined && !same(stored.data.recipe, shown);
  const saving = useMutation({
    mutationFn: (wish: Wish) => setRecipe(projectId, wish.recipe, wish.revision),
    onSuccess: (made, { sent }) => {
      queries.setQueryData(key, made);
      // What was changed meanwhile stays.
      setDraft((now) => (now === sent ? null : now));
      for (const name of ["recipe-revisions", "next-training"]) {
        void queries.invalidateQueries({ queryKey: [name, projectId] });
      }
    },
    onError: (error) => setRefused(refusals(error)),
  });
  const put = (next: Partial<Recipe>): void => {
    setDraft({ projectId, part: next });
    setRefused([]);
    if (!saving.isPending) saving.reset();
  };
  return {
    stored: stored.data,
    error: stored.error,
    retry: () => {
      saving.reset();
      void stored.refetch();
    },
    shown,
    changed,
    refused,
    change: (more) => put({ ...part, ...more }),
    discard: () => put({}),
    refuse: (error) => setRefused(refusals(error)),
    save: () => {
      if (stored.data !== undefined && shown !== undefined && !saving.isPending) {
        const { defaults, revision } = stored.data;
        saving.mutate({ recipe: same(shown, defaults) ? null : shown, revision, sent: draft });
      }
    },
    saving: saving.isPending,
    saveError: saving.error,
  };
}

interface Wish {
  /** Null where it is what the defaults say: they hold, whatever they become. */
  readonly recipe: Recipe | null;
  readonly revision: number;
  readonly sent: Draft | null;
}
