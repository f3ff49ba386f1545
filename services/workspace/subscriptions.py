"""What the workspace listens to."""

from services.workspace.handlers.audit_log import AuditLog
from shared.contracts.audit_events import ChangeAsked
from shared.events.subscriptions import Subscription, on


def subscriptions(audit: AuditLog) -> tuple[Subscription, ...]:
    """Return the table: event class → handlers, in order."""
    return (on(ChangeAsked, audit.keep),)
