export const common = {
  actions: "操作",
  all: "全部",
  cancel: "取消",
  crashed: "页面无法显示",
  crashAdvice: "平台可能在页面打开期间更新过，重新加载通常可以解决。",
  darkLook: "深色外观",
  delete: "删除",
  done: "完成",
  language: "语言",
  lightLook: "浅色外观",
  next: "下一步",
  noData: "暂无数据",
  ok: "确定",
  pageNotFound: "没有这个页面。",
  reload: "重新加载",
  retry: "重试",
  save: "保存",
  skip: "跳过",
  tagline: "工业视觉",
  total: (count: number) => `共 ${count} 条`,
  view: "查看",
};

export const session = {
  intro: "用自己的图像，在自己的机器上开发检测模型。",
  key: "API 密钥",
  keyMissing: "请输入 API 密钥。",
  signIn: "登录",
  signOut: "退出登录",
  where: "首个密钥在平台启动时生成，保存在数据目录下的 admin.key 文件中。",
};

export const tabs = { gallery: "图库", train: "训练", report: "评估报告", test: "测试" };

export const tasks = {
  detection: { name: "目标定位", about: "识别、定位、分类并计数目标。" },
  classification: { name: "图像分类", about: "整张图像对应一个标签。" },
  instance_segmentation: { name: "实例分割", about: "勾勒每个目标的精确轮廓。" },
  semantic_segmentation: { name: "像素分割", about: "为每个像素赋予标签。" },
  ocr: { name: "OCR 识别", about: "找到印刷字符并读出内容。" },
};

export const imageStatus = { unlabelled: "未处理", labelled: "已标注", tested: "已测试" };

export const stage = { fit: "适应窗口", larger: "放大", smaller: "缩小" };

export const problems = {
  unreachable: "无法连接平台",
  unexpected: "发生意外错误",
  internal: "内部错误",
  "invalid-input": "请求内容不被接受",
  "malformed-request": "请求无法读取",
  unauthenticated: "需要有效的密钥",
  forbidden: "当前角色无权执行此操作",
  "not-found": "对象不存在",
  conflict: "对象当前状态不允许此操作",
  "already-exists": "已经存在",
  "version-conflict": "内容已被他人修改",
  "too-large": "文件或请求过大",
  "unsupported-media": "不支持的文件类型",
  "quota-exceeded": "超出配额",
  "dependency-down": "平台的某个组件没有响应",
  "image-file-too-large": "图像文件过大",
  "image-format-unsupported": "文件不是 JPEG、PNG 或 BMP 图像",
  "image-variant-unsupported": "不支持该格式的这种变体",
  "image-truncated": "图像文件不完整",
  "image-corrupt": "图像文件已损坏",
  "image-too-many-pixels": "图像分辨率过高",
  "image-too-few-pixels": "图像分辨率过低",
  "image-aspect-ratio": "图像长宽比超出限制",
  "image-tile-out-of-bounds": "切出的小图过大或过小",
  "image-decode-too-costly": "图像解码消耗过大",
  "image-name-invalid": "图像名称不可用",
  "no-images": "项目中没有图像",
  "no-annotations": "没有已标注的图像",
  "training-waits": "已有训练在排队",
  "not-resumable": "该训练无法继续",
  "archive-refused": "标注压缩包无法读取",
  "nothing-imported": "没有导入任何标注",
  "model-server-down": "模型服务没有响应",
  "model-not-ready": "模型正在加载",
  "no-deployment": "该项目还没有已部署的模型",
  "tile-plan-mismatch": "图像的切分方式与模型不一致",
  "not-an-image": "该文件不是可测试的图像",
  busy: "等待中的预测过多",
};
