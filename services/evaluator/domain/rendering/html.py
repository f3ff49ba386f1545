"""A report as one HTML page that needs nothing else: no script, no font, no network."""

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from services.evaluator.domain.rendering import charts
from services.evaluator.domain.rendering.phrases import Language
from services.evaluator.domain.rendering.sections import CurveBlock, View, blocks
from services.evaluator.domain.report.tree.reports import AnyReport

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
.warn{background:#ffe9a8}.muted{color:#667}svg{max-width:34rem;width:100%}
.wide{overflow-x:auto}.key{margin-right:.8rem}
.dot{display:inline-block;width:.7rem;height:.7rem;border-radius:2px;margin-right:.4rem}
@media print{body{margin:0}}
</style></head><body>
<h1>{{ t("title") }} {{ doc.version or "" }}</h1>
<p class="muted">
{%- if doc.project_id %}{{ t("project") }} {{ doc.project_id }} · {% endif -%}
{%- if doc.dataset_hash %}{{ t("snapshot") }} {{ doc.dataset_hash[:12] }} · {% endif -%}
{{ t("images") }} {{ doc.images }}
{%- if doc.question %} · {{ t("threshold") }} {{ "%.2f"|format(doc.threshold) }}
 · {{ t("iou") }} {{ "%.2f"|format(doc.iou_threshold) }}{% endif %}</p>
{% if doc.reference_only %}<p class="banner" role="note"><b>{{ t("reference_only") }}</b>
 {{ doc.notes[0][lang] }}</p>{% endif %}
{% for block in blocks %}<h2>{{ block.title }}</h2>
{% if block.lines is defined %}<ul>{% for line in block.lines %}<li>{{ line }}</li>{% endfor %}</ul>
{% elif block.rows is defined %}<div class="wide"><table><thead><tr>
{% for name in block.head %}<th>{{ name }}</th>{% endfor %}</tr></thead><tbody>
{% for row in block.rows %}<tr>{% for cell in row %}<td
{%- if cell.warn %} class="warn" title="⚠"{% endif %}
{%- if cell.shade %} style="background:{{ tint(cell.shade) }}"{% endif %}>
{%- if cell.dot %}<i class="dot" style="background:{{ cell.dot }}"></i>{% endif %}
{{- "⚠ " if cell.warn else "" }}
{%- if cell.link %}<a href="{{ cell.link }}">{{ cell.text }}</a>{% else %}{{ cell.text }}{% endif %}
</td>{% endfor %}</tr>{% endfor %}</tbody></table></div>
{% else %}{{ chart(block) }}<p class="muted">{{ block.axes[0] }} → {{ block.axes[1] }}:
{% for name in block.names %}<span class="key"><i class="dot"
 style="background:{{ colours[loop.index0 % colours|length] }}"></i>{{ name }}</span>
{% endfor %}</p>{% endif %}
{% if block.note %}<p class="muted">{{ block.note }}</p>{% endif %}
{% endfor %}</body></html>
"""


def render_html(report: AnyReport, *, language: Language = "zh-CN", console_url: str = "") -> str:
    """Write a report as one self-contained page; all text from tenants is escaped.

    With the address of the console, images link to their annotation.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    template = environment.from_string(PAGE)
    project = report.project_id
    known = console_url and project
    annotate = f"{console_url.rstrip('/')}/projects/{project}/annotate" if known else None
    view = View(language, MATRIX_LABELS, annotate)
    return template.render(
        doc=report,
        lang=language,
        t=view.say,
        blocks=list(blocks(report, view)),
        chart=_chart,
        tint=_tint,
        colours=charts.COLOURS,
    )


def _chart(block: CurveBlock) -> Markup:
    return Markup(charts.line_chart(block.curves, mark_x=block.mark_x))  # noqa: S704 - our own SVG of numbers


def _tint(shade: tuple[bool, float]) -> str:
    right, part = shade
    return f"rgba({'48,164,108' if right else '229,72,77'},{part * 0.7:.2f})"
