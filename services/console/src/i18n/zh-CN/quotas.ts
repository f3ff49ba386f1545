export const quotas = {
  title: "配额",
  subtitle: "本租户可保存和上传的数量，以及已用数量",
  name: "配额",
  used: "已用",
  limit: "上限",
  unlimited: "无上限",
  own: "专为本租户设置",
  common: "与其他租户相同",
  from: "来源",
  help: "配额由平台的运维人员设置。超出配额的内容会保留；在腾出空间之前不再接收新内容。",
  names: {
    images: "图像（含切图）",
    size_bytes: "图像文件大小",
    uploads_per_minute: "每分钟上传文件数",
  },
};
