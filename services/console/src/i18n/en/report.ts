export interface Outcome {
  readonly found: number;
  readonly truths: number;
  readonly wrong: number;
  readonly precision: string;
  readonly recall: string;
  readonly f1: string;
}

export const report = {
  allLabels: "Mean of labels",
  ap: "mAP (precision)",
  atBest: (threshold: string) => `at ${threshold}, the best F1`,
  atThreshold: (threshold: string) => `at threshold ${threshold}`,
  basis: (images: number, iou: string) =>
    `Judged on ${images} held-out images that took no part in training, at IoU ${iou}.`,
  computing: "The report is being computed; it will be here in a moment.",
  confusion: "Confusion matrix",
  confusionHelp:
    "Rows are what is there, columns what the version said. Off the diagonal stand the labels that are taken for one another, targets not found and findings where nothing is.",
  count: "Annotations",
  details: "Error details",
  detectionRate: "Detection rate",
  errorImages: (count: number) => `${count} ${count === 1 ? "image" : "images"} with errors`,
  errors: "Errors on images",
  everyLabel: "Every label",
  f1Curve: "F1 at every threshold",
  f1Help: "Harmonic mean of precision and recall, averaged over the labels. Near 1 is best when both matter.",
  goTrain: "Go to training",
  kinds: { false: "False detection", missed: "Missed", correct: "Correct" },
  label: "Label",
  labels: "Analysis by label",
  labelsHelp: "A model is good only when detection rate and precision are both good. Yellow marks show what to work on.",
  mapHelp: "Area under the precision-recall curve at IoU 0.5, averaged over the labels.",
  mapRangeHelp: "The same, averaged over IoU 0.5 to 0.95: it also asks for tight boxes.",
  noErrors: "No such error at this threshold.",
  none: "There is no version yet, so there is nothing to report.",
  notFound: "not found",
  nothingThere: "nothing there",
  prCurve: "Precision and recall",
  precision: "Precision",
  precisionHelp: "Correct findings over all findings: low means false detections.",
  prediction: "prediction",
  preferences: { precision: "Fewer false detections", balanced: "Both alike", recall: "Fewer misses" },
  rate: "Average detection rate",
  recall: "Recall",
  recallHelp: "Targets found over all targets: low means misses.",
  remedyFalse: "Many false detections of one look? Give that look its own label and annotate it everywhere.",
  remedyMissed: "Many misses of one look? Add training images that show it. If the annotation itself is wrong, correct it.",
  save: (form: string) => `Save as ${form}`,
  share: "Share",
  threshold: "Detection threshold",
  traits: "What errors have in common",
  traitsHelp: "Traits of images or targets with clearly more errors than the rest: add training data that shows them.",
  truth: "truth",
  use: "Use it",
  warnings: {
    rate: "Detection rate is low: check how much of this label is annotated and whether it is annotated everywhere, tightly and in one way.",
    metric: "Precision (mAP) is low: look at the false detections; split looks that differ into labels of their own.",
    share: "Share of annotations is small: the label is drowned by the others; add images that show it.",
    count: "There are few annotations: a label needs several dozen examples; annotate more of it.",
  },
  outcome: ({ found, truths, wrong, precision, recall, f1 }: Outcome) =>
    `At this threshold ${found} of ${truths} targets are found (recall ${recall}) and ${wrong} findings are wrong (precision ${precision}); F1 ${f1}.`,
};
