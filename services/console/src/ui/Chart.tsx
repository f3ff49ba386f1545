import { BarChart, HeatmapChart, LineChart } from "echarts/charts";
import {
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  MarkPointComponent,
  TooltipComponent,
  VisualMapComponent,
} from "echarts/components";
import { init, use as register, type EChartsCoreOption, type EChartsType } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef, type ReactNode } from "react";
import { useAppearance } from "./appearance";

register([
  BarChart,
  CanvasRenderer,
  GridComponent,
  HeatmapChart,
  LegendComponent,
  LineChart,
  MarkLineComponent,
  MarkPointComponent,
  TooltipComponent,
  VisualMapComponent,
]);

export type ChartOption = EChartsCoreOption;

interface Props {
  readonly option: ChartOption;
  readonly height: number;
  /** What the chart shows, for those who cannot see it. */
  readonly label: string;
}

/** An ECharts canvas that follows its container's width and the page's light or dark look. */
export function Chart({ option, height, label }: Props): ReactNode {
  const { appearance } = useAppearance();
  const holder = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);

  useEffect(() => {
    if (holder.current === null) return;
    const drawn = init(holder.current, appearance === "dark" ? "dark" : undefined);
    chart.current = drawn;
    const observer = new ResizeObserver(() => drawn.resize());
    observer.observe(holder.current);
    return () => {
      observer.disconnect();
      drawn.dispose();
      chart.current = null;
    };
  }, [appearance]);

  useEffect(() => {
    // Tooltips in HTML carry inline styles, which the page's policy forbids.
    const { tooltip, ...rest } = option;
    const drawn = tooltip === undefined ? {} : { tooltip: { ...(tooltip as object), renderMode: "richText" } };
    chart.current?.setOption({ backgroundColor: "transparent", ...rest, ...drawn }, { notMerge: true });
  }, [option, appearance]);

  return <div ref={holder} role="img" aria-label={label} style={{ height, width: "100%" }} />;
}
