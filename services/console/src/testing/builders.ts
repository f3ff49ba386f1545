/** Answers of the platform as the published contracts type them; a test names only what it is about. */
import type { Annotation } from "../api/annotation";
import type { GalleryImage, ImageDetail, ImageLimits } from "../api/gallery";
import type { Deployment, Certified, Export, Prediction, TestRun } from "../api/inference";
import type { TilePlanAnswer } from "../api/tiling";
import type { History, Policy, Preview, Promotions, Training } from "../api/trainer";
import type { ApiKey, AuditEntry, Delivery, Project, Webhook } from "../api/workspace";
import { recipe } from "./recipes";

const AT = "2026-11-26T08:00:00Z";

export function project(part: Partial<Project> = {}): Project {
  return {
    id: "p1",
    name: "Surfaces",
    task: "detection",
    notes: "",
    tiling: null,
    created_at: AT,
    created_by: "ann",
    archived_at: null,
    version: 1,
    ...part,
  };
}

export function apiKey(part: Partial<ApiKey> = {}): ApiKey {
  return {
    id: "Ab12Cd34",
    name: "line 2",
    role: "engineer",
    created_at: AT,
    created_by: "Zz98Yy76",
    created_by_name: "first key",
    expires_at: null,
    last_used_at: null,
    revoked_at: null,
    state: "valid",
    is_own: false,
    is_operator: false,
    ...part,
  };
}

export function webhook(part: Partial<Webhook> = {}): Webhook {
  return {
    id: "w1",
    name: "MES line 2",
    url: "https://mes.example.com/loupe",
    events: ["model.deployed"],
    is_on: true,
    created_at: AT,
    created_by: "Zz98Yy76",
    former_until: null,
    newest_state: null,
    newest_at: null,
    version: 3,
    ...part,
  };
}

export function delivery(part: Partial<Delivery> = {}): Delivery {
  return {
    id: "d1",
    message_id: "m1",
    event: "model.deployed",
    body: '{"type":"model.deployed"}',
    created_at: AT,
    state: "delivered",
    next_at: null,
    tries: 1,
    latest: [{ at: AT, elapsed_ms: 41, status: 204, trouble: null }],
    ...part,
  };
}

export function auditEntry(part: Partial<AuditEntry> = {}): AuditEntry {
  return {
    id: "e1",
    at: AT,
    key_id: "Ab12Cd34",
    key_name: "line 2",
    role: "engineer",
    address: "192.0.2.7",
    service: "workspace",
    operation: "create_project",
    status: 201,
    named: {},
    made: ["p1"],
    version_before: null,
    version_after: 1,
    ...part,
  };
}

export function image(part: Partial<GalleryImage> = {}): GalleryImage {
  return {
    id: "i1",
    project_id: "p1",
    name: "part-1.jpg",
    width: 640,
    height: 480,
    size_bytes: 20_000,
    content_type: "image/jpeg",
    original_type: "image/jpeg",
    sha256: "0",
    status: "labelled",
    review: "draft",
    labels: ["scratch", "scratch", "pore"],
    uploaded_at: AT,
    uploaded_by: "ann",
    tested_by: null,
    tiles: 0,
    tiling: "none",
    tiling_reason: "",
    plan_hash: null,
    parent_id: null,
    row: null,
    column: null,
    offset_x: 0,
    offset_y: 0,
    version: 1,
    ...part,
  };
}

export function imageDetail(part: Partial<ImageDetail> = {}): ImageDetail {
  return { ...image(), tile_images: [], ...part };
}

export function annotation(part: Partial<Annotation> = {}): Annotation {
  return {
    image_id: "i1",
    image_name: "part-1.jpg",
    width: 640,
    height: 480,
    annotated: true,
    corrected: false,
    split: null,
    author: "ann",
    updated_at: AT,
    review: "draft",
    reviews: [],
    version: 3,
    ignore_regions: [],
    shapes: [{ id: "s1", label: "scratch", kind: "box", points: [[10, 10], [60, 40]] }],
    ...part,
  };
}

export function training(part: Partial<Training> = {}): Training {
  return {
    id: "t1",
    project_id: "p1",
    number: 1,
    version: "V1",
    status: "success",
    mode: "train",
    trigger: "person",
    average_detection_rate: 0.82,
    annotated_images: 40,
    total_images: 50,
    labels: 2,
    label_names: ["scratch", "pore"],
    corrections: 0,
    dataset_hash: "d",
    dataset_manifest_key: "m",
    warnings: [],
    error: "",
    requested_at: AT,
    started_at: AT,
    ended_at: AT,
    duration_minutes: 7,
    duration_seconds: 440,
    finishing: false,
    progress: { stage: "training", percent: 100, epoch: 9, epochs: 9, loss: 0.2, seconds_left: 0, attempt: 1 },
    figures: null,
    comparison: null,
    promoted: true,
    gate_reason: "",
    deployed_at: AT,
    backbone_weights: null,
    backbone_licence: null,
    backbone_source: null,
    started_from: null,
    epochs: 9,
    input_width: 640,
    input_height: 480,
    input_plan_hash: null,
    resumed_at_epoch: null,
    choices: [],
    recipe: recipe(),
    recipe_from: { kind: "defaults", revision: null },
    ...part,
  };
}

export function history(part: Partial<History> = {}): History {
  return {
    training_id: "t1",
    device: "CPU, 2 threads",
    splits: { train: 30, val: 4, test: 6 },
    examples: { scratch: 41, pore: 0 },
    curve: [
      { percent: 10, epoch: 1, loss: 2, validation: null },
      { percent: 50, epoch: 5, loss: 1, validation: 0.4 },
    ],
    previews: [],
    previews_epoch: 0,
    data_wait: 0.02,
    bound_by: "compute",
    log: [{ at: AT, text: "attempt 1 begins" }],
    ...part,
  };
}

export function preview(part: Partial<Preview> = {}): Preview {
  return {
    image_id: "i1",
    name: "part-1.jpg",
    width: 640,
    height: 480,
    annotated: { scratch: 2 },
    shapes: [{ id: "s1", label: "scratch", kind: "box", points: [[10, 10], [60, 40]], score: 0.81 }],
    left_out: 0,
    ...part,
  };
}

export function promotions(part: Partial<Promotions> = {}): Promotions {
  return {
    serving: "V1",
    items: [
      { version: "V1", replaced: null, at: AT, by: null, reason: "the first version of the project", is_rollback: false },
    ],
    ...part,
  };
}

export function policy(part: Partial<Policy> = {}): Policy {
  return {
    enabled: true,
    min_corrections: 20,
    quiet_s: 120,
    max_wait_s: 86_400,
    count_annotations: false,
    budget_s: null,
    champion: "V1",
    counted_to: null,
    next_look_at: null,
    running_training_id: null,
    waiting_training_id: null,
    ...part,
  };
}

export function deployment(part: Partial<Deployment> = {}): Deployment {
  return {
    version: "V1",
    project_id: "p1",
    training_id: "t1",
    state: "serving",
    current: true,
    reason: "",
    promoted_at: AT,
    deployed_at: AT,
    ...part,
  };
}

/** The certificate of a file that answers as the report did. */
export function certified(): Certified {
  return {
    held_out: 14,
    images: 14,
    results: 120,
    score: 3e-7,
    box_px: 0.0002,
    mask_iou: 1,
    agreement: 1,
    degraded: false,
    accuracy: [],
  };
}

export function exported(part: Partial<Export> = {}): Export {
  return {
    id: "e1",
    project_id: "p1",
    version: "V1",
    target: "sdk",
    state: "succeeded",
    progress: { percent: 100, stage: "done", seconds_left: null, figures: {} },
    error: "",
    created_at: AT,
    finished_at: AT,
    name: "V1-sdk-0a1b2c3d.zip",
    size_bytes: 9_400_000,
    sha256: "0a1b2c3d".repeat(8),
    fingerprint: "66687aad".repeat(8),
    certificate: certified(),
    ...part,
  };
}

export function testRun(part: Partial<TestRun> = {}): TestRun {
  return {
    id: "r1",
    project_id: "p1",
    version: "V1",
    state: "succeeded",
    threshold: 0.05,
    total: 1,
    done: 1,
    failed: 0,
    failures: [],
    error: "",
    created_at: AT,
    finished_at: AT,
    progress: { done: 1, total: 1 },
    ...part,
  } as TestRun;
}

export function prediction(part: Partial<Prediction> = {}): Prediction {
  return {
    id: "x1",
    project_id: "p1",
    image_id: "i1",
    name: "part-1.jpg",
    width: 640,
    height: 480,
    version: "V1",
    threshold: 0.05,
    elapsed_ms: 41,
    created_at: AT,
    corrected: false,
    proposal: false,
    test_run_id: "r1",
    shapes: [
      { id: "a", label: "scratch", kind: "box", points: [[10, 10], [60, 40]], score: 0.9 },
      { id: "b", label: "pore", kind: "box", points: [[100, 100], [140, 130]], score: 0.34 },
    ],
    ...part,
  };
}

export function tilePlan(part: Partial<TilePlanAnswer> = {}): TilePlanAnswer {
  return {
    project_id: "p1",
    mode: "whole",
    advice: null,
    area_ratio: null,
    tile_area_ratio: null,
    image_width: null,
    image_height: null,
    preview: [],
    violations: [],
    plan: {} as TilePlanAnswer["plan"],
    ...part,
  };
}

export function imageLimits(part: Partial<ImageLimits> = {}): ImageLimits {
  const small = { shorter: 30, longer: 30 };
  return {
    content_types: ["image/jpeg", "image/png", "image/bmp"],
    max_file_bytes: 2_000_000,
    max_files_per_request: 100,
    max_name_characters: 255,
    max_aspect: 5,
    max_whole_pixels: 1_000_000,
    plain: { least: small, most: { shorter: 700, longer: 900 } },
    tiled: { least: small, most: { shorter: 1_000, longer: 3_000 } },
    tile: { least: small, most: { shorter: 300, longer: 500 } },
    max_grid: 7,
    max_overlap_px: 90,
    recommended_images: 30,
    ...part,
  };
}
