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
from contextlib import AbstractContextManager
from contextvars import ContextVar
from types import TracebackType
from typing import Any, TextIO, cast

import structlog
from opentelemetry import trace
from opentelemetry.propagate import extract, inject
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
CONNECTIONS = Gauge("loupe_connections", "Connections of clients that are open")
REFUSED_CONNECTIONS = Counter(
    "loupe_connections_refused_total", "Connections that were refused or cut", ["reason"]
)
STORED_BYTES = Gauge("loupe_stored_bytes", "Bytes that are stored, when last looked at", ["kind"])
FREED_BYTES = Counter("loupe_freed_bytes_total", "Bytes that nothing named and that went", ["kind"])
EXPIRED = Counter("loupe_expired_documents_total", "Documents that were past their term", ["kind"])
SIGN_INS = Counter("loupe_sign_ins_total", "API keys shown, by what came of it", ["outcome"])
JOURNAL_LEFT_OUT = Counter(
    "loupe_journal_left_out_total", "Refused changes beyond those that are kept", ["service"]
)
LOOP_LAG = Gauge(
    "loupe_event_loop_lag_seconds", "The longest that something kept the event loop of late"
)

_HANDLER = "loupe-json"
_PARENT = re.compile("00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")
_provider: trace.TracerProvider | None = None


class _StandardError:
    """Whatever ``sys.stderr`` is when a line is written."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def configure(service: str, *, level: str = "INFO") -> None:
    """Send the log lines of ``service``, and of the libraries in it, as JSON to standard error.

    Spans are recorded from now on if an OpenTelemetry provider is installed.
    """
    global _provider
    installed = trace.get_tracer_provider()
    none = isinstance(installed, trace.ProxyTracerProvider | trace.NoOpTracerProvider)
    _provider = None if none else installed
    common: list[Any] = [
        _add_context,
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    as_json = structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[*common, as_json],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _StandardError())),
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


def _add_context(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    block = _block.get()
    if block is not None:
        for name, value in block.context.items():
            event.setdefault(name, value)
        event["trace_id"] = block.traceparent.split("-")[1]
    return event


def traceparent() -> str:
    """Return the W3C trace context of the current span, or the empty string."""
    block = _block.get()
    return "" if block is None else block.traceparent


class ContinuedTrace:
    """A block that carries on the trace in ``headers``, or begins one; logs tell ``context`` in it.

    ``span`` is what a recorded span is called.
    """

    __slots__ = ("_headers", "_recorded", "_span", "_token", "_traceparent", "context")

    def __init__(self, headers: Mapping[str, str], span: str, **context: str) -> None:
        self.context = context
        self._headers = headers
        self._span = span
        self._recorded: AbstractContextManager[object] | None = None
        self._traceparent = ""

    @property
    def traceparent(self) -> str:
        """The W3C trace context of this block's span."""
        if not self._traceparent:
            self._traceparent = _next_span(self._headers.get("traceparent", ""))
        return self._traceparent

    def __enter__(self) -> None:
        """Enter the block."""
        if _provider is not None:
            parent = extract(dict(self._headers))
            tracer = _provider.get_tracer("loupe")
            self._recorded = tracer.start_as_current_span(self._span, context=parent)
            self._recorded.__enter__()
            carrier: dict[str, str] = {}
            inject(carrier)
            self._traceparent = carrier.get("traceparent", "")
        self._token = _block.set(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the block."""
        _block.reset(self._token)
        if self._recorded is not None:
            self._recorded.__exit__(kind, error, traceback)


_block: ContextVar[ContinuedTrace | None] = ContextVar("loupe_block", default=None)


def _next_span(parent: str) -> str:
    """Return a new span of the trace that a ``traceparent`` names, or of a new trace."""
    known = _PARENT.fullmatch(parent)
    trace_id, flags = (known[1], known[2]) if known else (f"{random.getrandbits(128):032x}", "01")
    return f"00-{trace_id}-{random.getrandbits(64):016x}-{flags}"
