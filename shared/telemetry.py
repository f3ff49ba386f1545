"""What a running service tells: JSON logs, Prometheus metrics, traces, with the same ids."""

import logging
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager

import structlog
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.propagate import extract, inject
from opentelemetry.sdk.trace import TracerProvider
from prometheus_client import Counter, Gauge, Histogram

HTTP_SECONDS = Histogram(
    "loupe_http_request_seconds", "Time to answer", ["service", "method", "route", "status"]
)
HANDLER_SECONDS = Histogram(
    "loupe_handler_seconds", "Time of one event handler", ["service", "type", "outcome"]
)
CONSUMER_LAG = Gauge("loupe_consumer_lag", "Events not yet handled", ["group", "topic"])
OUTBOX_DEPTH = Gauge("loupe_outbox_depth", "Events written and not yet published", ["relay"])
JOBS = Gauge("loupe_jobs", "Jobs by state", ["service", "state"])
DEAD_LETTERS = Counter("loupe_dead_letters_total", "Events set aside", ["service", "topic"])

TRACER = trace.get_tracer("loupe")


def configure(service: str, *, level: str = "INFO") -> None:
    """Send structured JSON lines of ``service`` to standard error and make traces real."""
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        trace.set_tracer_provider(TracerProvider())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _add_trace_id,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(service=service)


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the log of the module ``name``."""
    log: structlog.stdlib.BoundLogger = structlog.get_logger(module=name)
    return log


def _add_trace_id(
    _logger: object, _method: str, event: MutableMapping[str, object]
) -> MutableMapping[str, object]:
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        event["trace_id"] = format(span.trace_id, "032x")
    return event


def traceparent() -> str:
    """Return the W3C trace context of the current span, or the empty string."""
    carrier: dict[str, str] = {}
    inject(carrier)
    return carrier.get("traceparent", "")


@contextmanager
def continue_trace(headers: Mapping[str, str], span: str, **context: str) -> Iterator[None]:
    """Run a block inside ``span``, a child of the trace in ``headers``; log ``context`` in it."""
    token = otel_context.attach(extract(dict(headers)))
    try:
        with TRACER.start_as_current_span(span), structlog.contextvars.bound_contextvars(**context):
            yield
    finally:
        otel_context.detach(token)
