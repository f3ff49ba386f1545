/** Writes the key of an action of the editor; a tour names these. */
export type KeyOf = (
  action:
    | "tool select"
    | "undo"
    | "fit"
    | "labels"
    | "next shape"
    | "next unlabelled"
    | "next"
    | "nothing"
    | "previous"
    | "submit"
    | "help",
) => string;

export const tour = {
  title: "Tour of the editor",
  offer: "New here? Six steps show the editor",
  leave: "No tour",
  again: "Take the tour",
  skip: "Skip",
  back: "Back",
  next: "Next",
  done: "Done",
  steps: {
    tools: {
      title: "Tools",
      text: (key: KeyOf) =>
        `The tools of this project's task. Each says its key; ${key("tool select")} goes back to choosing. ${key("undo")} takes any step back, as often as you like.`,
    },
    picture: {
      title: "The picture",
      text: (key: KeyOf) =>
        `Draw here. The wheel zooms, dragging with the space bar held moves the picture, ${key("fit")} shows all of it. Arrow keys shift what is chosen by a pixel.`,
    },
    labels: {
      title: "Labels and objects",
      text: (key: KeyOf) =>
        `A digit chooses a label, ${key("labels")} finds one by its name. Below them are the objects of this image: ${key("next shape")} goes to the next one.`,
    },
    saving: {
      title: "Nothing is lost",
      text: () => "Every change is saved by itself, and this says so. A draft outlives a reload, a lost network and a crash.",
    },
    images: {
      title: "From image to image",
      text: (key: KeyOf) =>
        `${key("next")} and ${key("previous")} turn the page, ${key("next unlabelled")} leads to the next unprocessed image. Where there is nothing to mark, ${key("nothing")} says so. The list narrows the images to a status.`,
    },
    review: {
      title: "Review",
      text: (key: KeyOf) =>
        `${key("submit")} submits what is finished; an engineer accepts it, or returns it with a reason. ${key("help")} shows all keys, and this tour once more.`,
    },
  },
};
