"""What a running service tells: JSON logs, Prometheus metrics, trace contexts, with the same ids.

Traces are carried on from message to message and stand in every log line. Spans are recorded only
where an OpenTelemetry provider is installed (by its agent, say); without one they would cost more
than the handling of a small event.
"""

import logging
import random
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.propagate import extract
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context
from prometheus_client import Counter, Gauge, Histogram

HTTP_SECONDS = Histogram(
    "loupe_http_request_seconds", "Time to answer", ["service", "method", "route", "status"]
)
HANDLER_SECONDS = Histogram(
    "loupe_handler_seconds", "Time of one event handler", ["service", "type", "outcome"]
)
CONSUMER_LAG = Gauge(
    "loupe_consumer_lag", "Events of this member's partitions not yet handled", ["group", "topic"]
)
OUTBOX_DEPTH = Gauge("loupe_outbox_depth", "Documents with events not yet published", ["relay"])
JOBS = Gauge("loupe_jobs", "Jobs by state", ["service", "state"])
DEAD_LETTERS = Counter("loupe_dead_letters_total", "Events set aside", ["service", "topic"])
LOOP_LAG = Gauge(
    "loupe_event_loop_lag_seconds", "The longest that something kept the event loop of late"
)

_HANDLER = "loupe-json"
_PARENT = re.compile("00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})")


class _StandardError:
    """Whatever ``sys.stderr`` is when a line is written."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def configure(service: str, *, level: str = "INFO") -> None:
    """Send the log lines of ``service``, and of the libraries in it, as JSON to standard error."""
    common: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _add_trace_id,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    as_json = structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[*common, as_json],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(_StandardError()),  # type: ignore[arg-type]
        cache_logger_on_first_use=False,
    )
    _catch_libraries(common, as_json)
    structlog.contextvars.bind_contextvars(service=service)


def _catch_libraries(common: list[Any], as_json: structlog.processors.JSONRenderer) -> None:
    """Give the root of the standard library's loggers one handler that writes the same lines."""
    handler = logging.StreamHandler(_StandardError())
    handler.set_name(_HANDLER)
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *common],
            processors=[remove_meta, as_json],
        )
    )
    root = logging.getLogger()
    for old in [h for h in root.handlers if h.get_name() == _HANDLER]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)


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
    span = trace.get_current_span().get_span_context()
    if not span.is_valid:
        return ""
    return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}"


class ContinuedTrace:
    """A block that carries on the trace in ``headers``, or begins one; logs tell ``context`` in it.

    ``span`` is what a recorded span is called.
    """

    __slots__ = ("_bound", "_context", "_headers", "_recorded", "_span", "_token")

    def __init__(self, headers: Mapping[str, str], span: str, **context: str) -> None:
        self._headers = headers
        self._span = span
        self._context = context

    def __enter__(self) -> None:
        """Enter the block."""
        self._recorded: trace.Span | None = None
        provider = trace.get_tracer_provider()
        span: trace.Span
        if isinstance(provider, trace.ProxyTracerProvider | trace.NoOpTracerProvider):
            span = NonRecordingSpan(_next_span(self._headers.get("traceparent", "")))
        else:
            parent = extract(dict(self._headers))
            span = provider.get_tracer("loupe").start_span(self._span, context=parent)
            self._recorded = span
        self._token = otel_context.attach(set_span_in_context(span))
        self._bound = structlog.contextvars.bind_contextvars(**self._context)

    def __exit__(self, _class: object, error: BaseException | None, _traceback: object) -> None:
        """Leave the block."""
        structlog.contextvars.reset_contextvars(**self._bound)
        otel_context.detach(self._token)
        if self._recorded is not None:
            if isinstance(error, Exception):
                self._recorded.record_exception(error)
            self._recorded.end()


def _next_span(parent: str) -> SpanContext:
    """Return a new span of the trace that a ``traceparent`` names, or of a new trace."""
    known = _PARENT.fullmatch(parent)
    trace_id = int(known[1], 16) if known else 0
    flags = int(known[2], 16) if known else TraceFlags.SAMPLED
    return SpanContext(
        trace_id or random.getrandbits(128),
        random.getrandbits(64),
        is_remote=False,
        trace_flags=TraceFlags(flags),
    )
