export const common = {
  actions: "Actions",
  all: "All",
  cancel: "Cancel",
  crashed: "This page could not be shown",
  crashAdvice: "The platform may have been updated while the page was open. A reload usually helps.",
  darkLook: "Dark look",
  delete: "Delete",
  done: "Done",
  language: "Language",
  lightLook: "Light look",
  next: "Next",
  noData: "No data",
  ok: "OK",
  pageNotFound: "There is no such page.",
  reload: "Reload",
  retry: "Try again",
  save: "Save",
  skip: "Skip",
  tagline: "industrial vision",
  total: (count: number) => `${count} in total`,
  view: "View",
};

export const session = {
  intro: "Develop inspection models on your own images, on your own machines.",
  key: "API key",
  keyMissing: "Please enter the API key.",
  signIn: "Sign in",
  signOut: "Sign out",
  where:
    "The first key is made when the platform starts and is kept in the file admin.key in its data folder.",
};

export const tabs = { gallery: "Gallery", train: "Train", report: "Report", test: "Test" };

export const tasks = {
  detection: { name: "Object localisation", about: "Find, locate, classify and count targets." },
  classification: { name: "Image classification", about: "One label for the whole image." },
  instance_segmentation: { name: "Instance segmentation", about: "The exact outline of every single target." },
  semantic_segmentation: { name: "Pixel segmentation", about: "A label for every pixel." },
  ocr: { name: "Text recognition (OCR)", about: "Find printed characters and read them." },
};

export const imageStatus = { unlabelled: "Unprocessed", labelled: "Annotated", tested: "Tested" };

export const stage = { fit: "Fit", larger: "Zoom in", smaller: "Zoom out" };

/** Titles of the platform's errors by code; `unreachable` and `unexpected` are the console's own. */
export const problems = {
  unreachable: "The platform cannot be reached",
  unexpected: "Something unexpected happened",
  internal: "Internal error",
  "invalid-input": "The request cannot be accepted",
  "malformed-request": "The request cannot be read",
  unauthenticated: "A valid key is needed",
  forbidden: "Your role may not do that",
  "not-found": "No such object",
  conflict: "The object's state does not allow this",
  "already-exists": "It exists already",
  "version-conflict": "Somebody else changed this first",
  "too-large": "Too large",
  "unsupported-media": "This kind of file is not accepted",
  "quota-exceeded": "A quota is exceeded",
  "dependency-down": "A part of the platform does not answer",
  "image-file-too-large": "The file is larger than an image may be",
  "image-format-unsupported": "The file is not a JPEG, PNG or BMP image",
  "image-variant-unsupported": "This variant of the format is not supported",
  "image-truncated": "The image file is cut short",
  "image-corrupt": "The image file is damaged",
  "image-too-many-pixels": "The image has too many pixels",
  "image-too-few-pixels": "The image has too few pixels",
  "image-aspect-ratio": "The image is too long for its width",
  "image-tile-out-of-bounds": "A tile of the image would be too large or too small",
  "image-decode-too-costly": "The image takes too much memory or time to decode",
  "image-name-invalid": "The image's name cannot be used",
  "no-images": "The project has no image",
  "no-annotations": "No image is annotated",
  "training-waits": "A training waits already",
  "not-resumable": "The training cannot be resumed",
  "archive-refused": "The annotation archive cannot be read",
  "nothing-imported": "Nothing was imported",
  "model-server-down": "The model server does not answer",
  "model-not-ready": "The model is being loaded",
  "no-deployment": "No model of this project is deployed",
  "tile-plan-mismatch": "The image was cut by another tile plan than the model's",
  "not-an-image": "The file is not an image that can be tested",
  busy: "Too many predictions wait",
};
