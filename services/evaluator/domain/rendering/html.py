"""A report as one HTML page that needs nothing else: no script, no font, no network."""

from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from services.evaluator.domain.rendering import charts
from services.evaluator.domain.rendering.phrases import (
    COLUMNS,
    MARKED,
    Language,
    figures,
    phrase,
    shown,
)

MATRIX_LABELS = 40  # a wider matrix cannot be read on a page

PAGE = """<!doctype html>
<html lang="{{ lang }}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{ t("title") }} {{ doc.version or "" }}</title>
<style>
body{font:15px/1.55 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;
max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2024}
h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2.2rem;border-bottom:1px solid #ddd}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .5rem;border-bottom:1px solid #eee;text-align:right}
th:first-child,td:first-child,.left{text-align:left}
.banner{background:#fff4d6;border:1px solid #e8c35a;padding:.6rem .9rem;border-radius:6px}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:.6rem}
.card{border:1px solid #e3e6ea;border-radius:6px;padding:.6rem .8rem}
.card b{display:block;font-size:1.35rem}.card small{color:#667}
.warn{background:#ffe9a8}.muted{color:#667}svg{max-width:34rem;width:100%}
.matrix{overflow-x:auto}.matrix td{text-align:center;border:1px solid #eee}
.dot{display:inline-block;width:.7rem;height:.7rem;border-radius:2px;margin-right:.4rem}
@media print{body{margin:0}}
</style></head><body>
<h1>{{ t("title") }} {{ doc.version or "" }}</h1>
<p class="muted">
{%- if doc.project_id %}{{ t("project") }} {{ doc.project_id }} · {% endif -%}
{%- if doc.dataset_hash %}{{ t("snapshot") }} {{ doc.dataset_hash[:12] }} · {% endif -%}
{{ t("images") }} {{ doc.images }}
{%- if doc.threshold is not none %} · {{ t("threshold") }} {{ "%.2f"|format(doc.threshold) }}
 · {{ t("iou") }} {{ "%.2f"|format(doc.iou_threshold) }}{% endif %}</p>
{% if doc.reference_only %}<p class="banner" role="note"><b>{{ t("reference_only") }}</b>
 {{ doc.notes[0][lang] }}</p>{% endif %}
<h2>{{ t("conclusion") }}</h2><p><b>{{ doc.conclusion[lang] }}</b></p>
<ul>{% for note in doc.notes %}<li>{{ note[lang] }}</li>{% endfor %}</ul>
{% if doc.question %}<h2>{{ t("question") }}</h2><p>{{ doc.question.text[lang] }}</p>
<ul>{% for answer in doc.question.answers %}<li>{{ answer.words[lang] }}</li>{% endfor %}</ul>
{% endif %}
<h2>{{ t("overall") }}</h2><div class="cards">
{% for name, value, ends in figures %}<div class="card">{{ name }}<b>{{ value }}</b>
<small>{{ t("interval") ~ " " ~ ends if ends else "" }}</small></div>{% endfor %}</div>
{% if doc.labels %}<h2>{{ t("labels") }}</h2><table><thead><tr><th>{{ t("label") }}</th>
{% for column in columns %}<th>{{ t(column) }}</th>{% endfor %}</tr></thead><tbody>
{% for row in doc.labels %}<tr><td>{{ row.label }}</td>{% for column, mark in columns.items() %}
<td{% if mark in row.warnings %} class="warn" title="⚠"{% endif %}>
{{- "⚠ " if mark in row.warnings else "" }}{{ shown(column, row[column]) }}</td>{% endfor %}</tr>
<tr><td colspan="5" class="left muted">{{ row.advice[lang] }}</td></tr>
{% endfor %}</tbody></table>{% endif %}
{% if f1_chart %}<h2>{{ t("f1_curve") }}</h2>{{ f1_chart }}{% endif %}
{% if tide_chart %}<h2>{{ t("tide") }}</h2>{{ tide_chart }}{% endif %}
{% if matrix %}<h2>{{ t("confusion") }}</h2><div class="matrix"><table><tr><th></th>
{% for name in matrix.labels %}<th>{{ t(name) }}</th>{% endfor %}</tr>
{% for name, cells in matrix.rows %}<tr><th>{{ t(name) }}</th>
{% for value, shade in cells %}<td style="background:rgba({{ shade }})">{{ value or "" }}</td>
{% endfor %}</tr>{% endfor %}</table></div>{% endif %}
{% if doc.traits %}<h2>{{ t("traits") }}</h2>
<ul>{% for trait in doc.traits %}<li>{{ trait.words[lang] }}</li>{% endfor %}</ul>{% endif %}
{% if doc.errors and doc.errors.samples %}<h2>{{ t("errors") }}</h2><table><thead><tr>
<th>{{ t("kind") }}</th><th class="left">{{ t("image") }}</th><th>{{ t("label") }}</th>
<th>{{ t("score") }}</th></tr></thead><tbody>
{% for error in doc.errors.samples %}<tr>
<td><i class="dot" style="background:{{ error.colour or "#8e4ec6" }}"></i>{{ t(error.kind) }}</td>
<td class="left">{{ error.image_id }}</td>
<td>{{ [error.true_label, error.predicted_label]|select|join(" → ") }}</td>
<td>{{ "%.2f"|format(error.score) if error.score is not none else "" }}</td></tr>
{% endfor %}</tbody></table>{% endif %}
</body></html>
"""


def render_html(document: dict[str, Any], *, language: Language = "zh-CN") -> str:
    """Write a report document as one self-contained page; all text from tenants is escaped."""
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    template = environment.from_string(PAGE)
    optional = dict.fromkeys(
        ("version", "project_id", "dataset_hash", "threshold", "question", "traits", "labels")
    )
    errors = document.get("errors") or {"samples": []}
    samples = [{"colour": None, **error} for error in errors["samples"]]
    return template.render(
        doc={**optional, **document, "errors": {**errors, "samples": samples}},
        lang=language,
        t=lambda key: phrase(key, language),
        shown=shown,
        columns={name: MARKED[name] for name in COLUMNS},
        figures=figures(document, language),
        f1_chart=_f1_chart(document),
        tide_chart=_tide_chart(document, language),
        matrix=_matrix(document),
    )


def _f1_chart(document: dict[str, Any]) -> Markup | None:
    curves = document.get("curves")
    if not curves:
        return None
    chart = charts.line_chart(curves["thresholds"], curves["f1"], mark_x=document["threshold"])
    return Markup(chart)  # noqa: S704 - our own SVG of numbers


def _tide_chart(document: dict[str, Any], language: Language) -> Markup | None:
    tide = document.get("tide")
    if not tide:
        return None
    names = [phrase(kind, language) for kind in tide["gain"]]
    return Markup(charts.bar_chart(names, list(tide["gain"].values())))  # noqa: S704 - escaped


def _matrix(document: dict[str, Any]) -> dict[str, Any] | None:
    confusion = document.get("confusion")
    if not confusion or len(confusion["labels"]) > MATRIX_LABELS:
        return None
    rows = []
    for place, (name, values) in enumerate(
        zip(confusion["labels"], confusion["matrix"], strict=True)
    ):
        total = max(sum(values), 1)
        cells = [
            (value, f"{'48,164,108' if place == column else '229,72,77'},{value / total * 0.7:.2f}")
            for column, value in enumerate(values)
        ]
        rows.append((name, cells))
    return {"labels": confusion["labels"], "rows": rows}
