"""How many tests of an image a tenant may ask for in a second."""

import time
from collections.abc import Callable

from services.inference.errors import TooManyPredictions
from shared.attempts import Paces
from shared.quotas import Limits, Used


class PredictionQuota:
    """Counts what a tenant asks for in this process; what test runs predict is not counted."""

    def __init__(self, limits: Limits, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._paces = Paces(period_s=1.0, clock=clock)

    async def begin(self, tenant: str) -> None:
        """Count a request; raise TooManyPredictions, then it does not count."""
        limit = (await self._limits.of(tenant)).predictions_per_second
        if limit is not None and (wait_s := self._paces.begin(tenant, limit)):
            raise TooManyPredictions(
                f"this tenant may ask for {limit} predictions a second; wait", retry_after_s=wait_s
            )

    async def told(self, tenant: str) -> tuple[Used, ...]:
        """Return the quota of a tenant, and how much of it is used."""
        limit = (await self._limits.of(tenant)).predictions_per_second
        late = 0 if limit is None else self._paces.counted(tenant, limit)
        return (Used("predictions_per_second", late, limit, limit is not None),)
