/** Rooms of the console and the arrows between them: all point down, none runs in a circle. */
const above = {
  api: "^src/(app|features|editor|ui)/",
  i18n: "^src/(app|features|editor|ui|api)/",
  ui: "^src/(app|features|editor)/",
  editor: "^src/(app|features)/",
  features: "^src/app/",
};
/** A feature may look into those before it in this list: each knows what the earlier ones show. */
const features = ["session", "administration", "projects", "gallery", "annotate", "tiling", "train", "report", "test", "download"];

module.exports = {
  forbidden: [
    { name: "no-circle", severity: "error", from: {}, to: { circular: true } },
    ...Object.entries(above).map(([room, higher]) => ({
      name: `${room}-looks-down`,
      severity: "error",
      from: { path: `^src/${room}/` },
      to: { path: higher },
    })),
    ...features.map((feature, place) => ({
      name: `${feature}-knows-earlier-features`,
      severity: "error",
      from: { path: `^src/features/${feature}/` },
      to: { path: `^src/features/(?!${features.slice(0, place + 1).join("|")})` },
    })),
    { name: "no-orphan", severity: "error", from: { orphan: true, pathNot: "^src/main\\.tsx$|\\.d\\.ts$" }, to: {} },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { extensions: [".ts", ".tsx", ".js", ".css"] },
  },
};
