import type { KeyOf } from "../en/tour";

export const tour = {
  title: "编辑器导览",
  offer: "第一次使用？六步了解编辑器",
  leave: "不看导览",
  again: "查看导览",
  skip: "跳过",
  back: "上一步",
  next: "下一步",
  done: "完成",
  steps: {
    tools: {
      title: "工具",
      text: (key: KeyOf) => `这里是该项目任务可用的工具，每个按钮都标明快捷键；${key("tool select")} 回到选择。${key("undo")} 可撤销任意多步。`,
    },
    picture: {
      title: "画面",
      text: (key: KeyOf) => `在这里绘制。滚轮缩放，按住空格拖动画面，${key("fit")} 显示整幅图像。方向键把所选目标移动一个像素。`,
    },
    labels: {
      title: "标签和目标",
      text: (key: KeyOf) => `数字键选择标签，${key("labels")} 按名称查找标签。下方是该图像的目标：${key("next shape")} 转到下一个。`,
    },
    saving: {
      title: "不会丢失任何内容",
      text: () => "每次修改都会自动保存，这里显示保存状态。重新加载、断网或崩溃之后，草稿仍在。",
    },
    images: {
      title: "切换图像",
      text: (key: KeyOf) =>
        `${key("next")} 和 ${key("previous")} 翻页，${key("next unlabelled")} 转到下一张未处理的图像。没有可标注的目标时按 ${key("nothing")}。列表可按状态筛选图像。`,
    },
    review: {
      title: "审核",
      text: (key: KeyOf) => `完成后按 ${key("submit")} 提交审核；由工程师通过，或说明原因后退回。${key("help")} 显示所有快捷键，也可再次查看本导览。`,
    },
  },
};
