import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { listLabels, type Label } from "../../api/annotation";
import { colourInTurn, coloursOf, type LabelLook } from "../../editor/labels";
import type { Colours } from "../../ui/theme";

const NONE: readonly Label[] = [];

/** The project's labels and the kinds of shapes that may carry them. */
export function useVocabulary(projectId: string) {
  return useQuery({ queryKey: ["labels", projectId], queryFn: () => listLabels(projectId) });
}

/** The labels in their order, then names that are no labels yet; a colour of its own goes before one by age. */
export function looksOf(items: readonly Label[], further: readonly string[]): readonly LabelLook[] {
  const byAge = items.toSorted((a, b) => before(a.created_at, b.created_at) || before(a.id, b.id));
  const turn = new Map(byAge.map(({ name }, place) => [name, colourInTurn(place)]));
  const known = items.map(({ name, colour, hotkey, note }) => ({ name, colour: colour || (turn.get(name) ?? colourInTurn(0)), hotkey, note }));
  const names = [...new Set(further)].filter((name) => name !== "" && !turn.has(name));
  return [...known, ...names.map((name, place) => ({ name, colour: colourInTurn(items.length + place), hotkey: "", note: "" }))];
}

function before(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** The colour of each of the project's labels. */
export function useLabelColours(projectId: string): Colours {
  const items = useVocabulary(projectId).data?.items ?? NONE;
  return useMemo(() => coloursOf(looksOf(items, [])), [items]);
}
