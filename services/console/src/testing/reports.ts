/** Answers of the evaluator as the published contract types them. */
import type { Comparison, ErrorImage, Judgement, LabelResult, Report } from "../api/evaluator";

const AT = "2026-11-26T08:00:00Z";

export function labelResult(part: Partial<LabelResult> = {}): LabelResult {
  return {
    label: "scratch",
    count: 60,
    evaluated: 10,
    share: 0.6,
    found: 8,
    missed: 2,
    wrong: 1,
    detection_rate: 0.8,
    recall: 0.8,
    precision: 0.89,
    f1: 0.84,
    average_precision: 0.81,
    average_precision_50_95: 0.5,
    intervals: {},
    thresholds: { precision: 0.6, balanced: 0.39, recall: 0.2 },
    annotations_to_target: 40,
    warnings: ["rate"],
    advice: "Annotate more scratches.",
    ...part,
  };
}

const THRESHOLDS = Array.from({ length: 101 }, (_, step) => step / 100);

export function comparison(part: Partial<Comparison> = {}): Comparison {
  return {
    first: "V2",
    second: "V1",
    images: 12,
    false_per_image: 0.25,
    first_threshold: 0.4,
    second_threshold: 0.39,
    figures: {},
    images_better: 3,
    images_worse: 1,
    sign_test_p: 0.62,
    regressions: [],
    ...part,
  };
}

export function report(part: Partial<Report> = {}): Report {
  return {
    project_id: "p1",
    version: "V1",
    training_id: "t1",
    task: "detection",
    kind: "box",
    revision: 1,
    created_at: AT,
    dataset_hash: "d",
    dataset_images: 50,
    images: 12,
    threshold: 0.39,
    best_threshold: 0.39,
    iou_threshold: 0.5,
    average_detection_rate: 0.8,
    average_detection_rate_macro: 0.79,
    precision: 0.89,
    recall: 0.8,
    f1: 0.84,
    map_50: 0.81,
    map_50_95: 0.5,
    fps: 11,
    intervals: {},
    reference_only: true,
    conclusion: "The model finds 80 % of the targets.",
    notes: ["Only 12 held-out images: for reference only."],
    question: "What matters more?",
    recommendations: [{ answer: "balanced", threshold: 0.39, precision: 0.89, recall: 0.8, words: "0.39 suits both." }],
    labels: [labelResult()],
    curves: [
      {
        label: "scratch",
        truths: 10,
        thresholds: THRESHOLDS,
        tp: THRESHOLDS.map((threshold) => (threshold <= 0.5 ? 8 : 4)),
        fp: THRESHOLDS.map((threshold) => (threshold <= 0.5 ? 1 : 0)),
        precision_at_recall: THRESHOLDS.map(() => 0.9),
      },
    ],
    confusion: { labels: ["scratch", "background"], matrix: [[8, 2], [1, 0]] },
    most_confused: [],
    error_split: { ap: 0.81, gain: { miss: 0.1 }, intervals: {}, count: {} },
    by_size: [],
    by_tile_edge: [],
    quality: {},
    regressions: [],
    traits: [],
    overall: {},
    details: {},
    ...part,
  } as unknown as Report;
}

export function judgement(part: Partial<Judgement> = {}): Judgement {
  return { version: "V1", state: "completed", reason: "", progress: { percent: 100, stage: "" }, revision: 1, ...part };
}

export function errorImage(part: Partial<ErrorImage> = {}): ErrorImage {
  return {
    image_id: "i1",
    name: "part-1.jpg",
    width: 640,
    height: 480,
    annotate: "/projects/p1/annotate/i1",
    marks: [{ kind: "missed", label: "scratch", box: [10, 10, 60, 40], score: null, confused_with: null, rle: null, shape_id: "s1" }],
    ...part,
  };
}
