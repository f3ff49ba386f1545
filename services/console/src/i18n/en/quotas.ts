export const quotas = {
  title: "Quotas",
  subtitle: "What this tenant may keep and send, and how much of it is used",
  name: "Quota",
  used: "Used",
  limit: "Limit",
  unlimited: "No limit",
  own: "Set for this tenant",
  common: "As for every tenant",
  from: "Where it comes from",
  help: "The operator of the platform sets quotas. What is over one stays; nothing more is taken in until there is room.",
  names: {
    images: "Images, with their tiles",
    size_bytes: "Size of the image files",
    uploads_per_minute: "Uploaded files in a minute",
  },
};
