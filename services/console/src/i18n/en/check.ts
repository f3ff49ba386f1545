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
};
