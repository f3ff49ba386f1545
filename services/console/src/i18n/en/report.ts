export interface Outcome {
  readonly found: number;
  readonly truths: number;
  readonly wrong: number;
  readonly precision: string;
  readonly recall: string;
}

export const report = {
  allLabels: "Mean of labels",
  ap: "mAP (precision)",
  basis: (images: number, threshold: string, iou: string) =>
    `Judged on ${images} held-out images that took no part in training, at threshold ${threshold} and IoU ${iou}.`,
  confusion: "Confusion matrix",
  confusionHelp:
    "Rows are what is there, columns what the version said. Off the diagonal stand the labels that are taken for one another, targets not found and findings where nothing is.",
  confusionTruth: "Truth",
  count: "Annotations",
  details: "Error details",
  detectionRate: "Detection rate",
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
  onlyAnnotated: "These figures speak for the annotated images only; test images that look different may do worse.",
  prCurve: "Precision and recall",
  precision: "Precision",
  precisionHelp: "Correct findings over all findings: low means false detections.",
  prediction: "prediction",
  preferences: { precision: "Fewer false detections", balanced: "Both alike", recall: "Fewer misses" },
  publishAdvice: "Test the version on new images before it goes to the line: that gives the fuller view.",
  question: "What matters more on your line?",
  rate: "Average detection rate",
  recall: "Recall",
  recallHelp: "Targets found over all targets: low means misses.",
  recommended: (threshold: string) => `Recommended threshold: ${threshold}`,
  referenceOnly: (images: number) =>
    `For reference only: the project has fewer than 100 annotated images, and these figures rest on ${images} of them.`,
  remedyFalse: "Many false detections of one look? Give that look its own label and annotate it everywhere.",
  remedyMissed: "Many misses of one look? Add training images that show it. If the annotation itself is wrong, correct it.",
  share: "Share",
  threshold: "Detection threshold",
  thresholdTitle: "Detection threshold",
  truth: "truth",
  use: "Use it",
  verdicts: {
    good: (rate: string, map: string) => `The version is good: average detection rate ${rate}, mAP ${map}.`,
    fair: (rate: string, map: string) =>
      `The version is usable but not yet good: average detection rate ${rate}, mAP ${map}.`,
    poor: (rate: string, map: string) =>
      `The version is not ready: average detection rate ${rate}, mAP ${map}. Improve the data before testing offline.`,
    none: () => "The held-out images hold no targets, so there is nothing to judge by.",
  },
  warnings: {
    rate: "Detection rate is low: check how much of this label is annotated and whether it is annotated everywhere, tightly and in one way.",
    metric: "Precision (mAP) is low: look at the false detections; split looks that differ into labels of their own.",
    share: "Share of annotations is small: the label is drowned by the others; add images that show it.",
    count: "There are few annotations: a label needs several dozen examples; annotate more of it.",
  },
  weakest: (label: string, rate: string) =>
    `Start with “${label}” (detection rate ${rate}): its row below says what to do.`,
  outcome: ({ found, truths, wrong, precision, recall }: Outcome) =>
    `At this threshold ${found} of ${truths} targets are found (recall ${recall}) and ${wrong} findings are wrong (precision ${precision}).`,
};
