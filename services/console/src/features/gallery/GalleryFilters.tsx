import { useQuery } from "@tanstack/react-query";
import { Button, DatePicker, Form, Input, InputNumber, Select, Space } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import type { ReactNode } from "react";
import { listLabels } from "../../api/annotation";
import { IMAGE_STATUSES, type ImageStatus } from "../../api/gallery";
import { useWords } from "../../i18n/language";
import type { Filters } from "./filters";

interface Fields {
  readonly name?: string;
  readonly label?: string;
  readonly status: ImageStatus | "";
  readonly uploaded?: [Dayjs | null, Dayjs | null] | null;
  readonly width?: number | null;
  readonly height?: number | null;
}

interface Props {
  readonly projectId: string;
  readonly filters: Filters;
  readonly onQuery: (filters: Filters) => void;
  readonly onReset: () => void;
}

function shown(filters: Filters): Fields {
  return {
    name: filters.name,
    ...(filters.label === "" ? {} : { label: filters.label }),
    status: filters.status,
    uploaded:
      filters.from === "" && filters.to === ""
        ? null
        : [filters.from === "" ? null : dayjs(filters.from), filters.to === "" ? null : dayjs(filters.to)],
    width: filters.width,
    height: filters.height,
  };
}

function asked(fields: Fields): Filters {
  const [from, to] = fields.uploaded ?? [null, null];
  return {
    name: fields.name?.trim() ?? "",
    label: fields.label ?? "",
    status: fields.status,
    from: from?.format("YYYY-MM-DD") ?? "",
    to: to?.format("YYYY-MM-DD") ?? "",
    width: fields.width ?? null,
    height: fields.height ?? null,
  };
}

export function GalleryFilters({ projectId, filters, onQuery, onReset }: Props): ReactNode {
  const words = useWords();
  const labels = useQuery({ queryKey: ["labels", projectId], queryFn: () => listLabels(projectId) });
  return (
    <Form<Fields>
      layout="inline"
      className="filters"
      initialValues={shown(filters)}
      onFinish={(fields) => onQuery(asked(fields))}
    >
      <Form.Item name="name" label={words.gallery.name}>
        <Input allowClear placeholder={words.gallery.namePart} className="filter-name" />
      </Form.Item>
      <Form.Item name="label" label={words.gallery.label}>
        <Select
          allowClear
          showSearch
          placeholder={words.common.all}
          popupMatchSelectWidth={false}
          className="filter-label"
          options={(labels.data?.items ?? []).map(({ name }) => ({ value: name, label: name }))}
        />
      </Form.Item>
      <Form.Item name="status" label={words.gallery.status}>
        <Select
          className="filter-select"
          options={[
            { value: "", label: words.common.all },
            ...IMAGE_STATUSES.map((status) => ({ value: status, label: words.imageStatus[status] })),
          ]}
        />
      </Form.Item>
      <Form.Item name="uploaded" label={words.gallery.uploadedAt}>
        <DatePicker.RangePicker allowEmpty={[true, true]} className="filter-range" />
      </Form.Item>
      <Form.Item label={words.gallery.resolution}>
        <Space.Compact>
          <Form.Item name="width" noStyle>
            <InputNumber min={1} precision={0} controls={false} placeholder={words.gallery.width} className="filter-pixels" />
          </Form.Item>
          <Form.Item name="height" noStyle>
            <InputNumber min={1} precision={0} controls={false} placeholder={words.gallery.height} className="filter-pixels" />
          </Form.Item>
        </Space.Compact>
      </Form.Item>
      <Space className="filter-buttons">
        <Button type="primary" htmlType="submit">
          {words.gallery.query}
        </Button>
        <Button onClick={onReset}>{words.gallery.reset}</Button>
      </Space>
    </Form>
  );
}
