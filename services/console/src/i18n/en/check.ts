/** What is told of a finding. */
interface Finding {
  readonly label: string;
  readonly other_label: string;
  readonly figure: number;
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;

export const check = {
  title: "Check labels",
  open: "Check labels",
  hint: "What is probably wrong, as the annotations and the looks of the pictures tell. Everything here is a question: what is right can be left out for good.",
  again: "Check again",
  image: "Image",
  wholeProject: "whole project",
  rule: "What",
  reason: "Why",
  rules: {
    outside: "Outside the image",
    contradicting: "Contradicting labels",
    mislabelled: "Another label",
    misread: "Read otherwise",
    missing: "Not annotated",
    loose: "Loose outline",
    alike: "Same picture, other labels",
    leaked: "Same picture on both sides",
    twice: "Drawn twice",
    tiny: "Tiny",
    few: "Few annotations",
  },
  reasons: {
    outside: ({ label, figure }: Finding) => `“${label}”: only ${percent(figure)} of it lies in the image.`,
    contradicting: ({ label, other_label: other, figure }: Finding) =>
      `“${label}” and “${other}” say of one place (${percent(figure)} in common) what cannot both be true.`,
    mislabelled: ({ label, other_label: other, figure }: Finding) =>
      `“${label}” is annotated here; the model is ${percent(figure)} sure that it is “${other}”.`,
    misread: ({ label, other_label: other, figure }: Finding) => `“${label}” is annotated here; the model reads “${other}” (${percent(figure)} sure).`,
    missing: ({ label, figure }: Finding) =>
      `The model is ${percent(figure)} sure of “${label}” where nobody annotated anything. Annotate it, or cover it with an ignore region.`,
    loose: ({ label, figure }: Finding) =>
      `“${label}”: its outline and that of the model have only ${percent(figure)} in common. Too large, too small, or beside it? The frame in the editor is what the model found.`,
    alike: ({ label, other_label: other, figure }: Finding) =>
      `Two pictures that look nearly the same (${percent(figure)} alike): “${label === "" ? "nothing" : label}” on the first, “${other === "" ? "nothing" : other}” on the second.`,
    leaked: ({ figure }: Finding) =>
      `The first picture judges the model, the second one teaches it, and they look nearly the same (${percent(figure)} alike): the report would flatter. Delete the first one.`,
    twice: ({ label, figure }: Finding) => `“${label}” is there twice (${percent(figure)} in common).`,
    tiny: ({ label, figure }: Finding) => `“${label}” is ${figure} px long: a click by mistake?`,
    few: ({ label, figure }: Finding) => `“${label}” has ${figure} ${figure === 1 ? "annotation" : "annotations"}; at least 30 are recommended. A slip of the pen in its name?`,
  },
  mend: "Fix",
  annotateMore: "Annotate more",
  noError: "Not an error",
  nothing: "No image is annotated yet.",
  clean: (images: number) => `Nothing found on ${images} annotated ${images === 1 ? "image" : "images"}.`,
  more: (shown: number, found: number) => `${shown} of ${found} are listed. Fix some, then check again.`,
  dismissed: (count: number) => `${count} ${count === 1 ? "is" : "are"} left out as no error.`,
  showAgain: "Show again",
  opinion: {
    title: "Second opinion of the model",
    hint: "The model looks at the annotated images. Where it is sure and differs, that is listed below: another label, something left out, a loose outline. It learnt from these labels and errs, too: every entry is a question.",
    needsVersion: "Loose outlines, wrong labels and what was left out can be found once the project has a version that serves: train a first one.",
    ask: (version: string) => `Ask ${version}`,
    stop: "Stop",
    looking: (version: string, done: number, images: number) => `${version} looks at the annotated images: ${done} of ${images}`,
    looked: (version: string, seen: number, images: number, at: string) => `${version} looked at ${seen} of the ${images} annotated images, ${at}.`,
    older: (version: string) => `${version} serves by now.`,
    failed: "The model could not look",
    stopped: "The look was stopped; what an earlier one found stays.",
  },
};
