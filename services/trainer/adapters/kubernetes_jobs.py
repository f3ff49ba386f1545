"""The Jobs of a Kubernetes namespace."""

import asyncio
from collections.abc import Callable
from typing import Any

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from shared.errors import DependencyDown

_TIMEOUT_S = 10
_CONFLICT = 409


class KubernetesCluster:
    """The namespace that this pod runs in, with the rights of its service account."""

    def __init__(self, namespace: str, labels: dict[str, str]) -> None:
        configure: Callable[[], None] = config.load_incluster_config
        configure()
        self._api = client.BatchV1Api()
        self._namespace = namespace
        self._selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))

    async def jobs(self) -> dict[str, bool]:
        """Return the name of each of our Jobs, and whether it still runs."""
        found = await self._call(
            self._api.list_namespaced_job, self._namespace, label_selector=self._selector
        )
        return {
            job.metadata.name: not (job.status.succeeded or job.status.failed)
            for job in found.items
        }

    async def create(self, manifest: dict[str, Any]) -> None:
        """Make a Job; one of that name that exists is enough."""
        await self._call(self._api.create_namespaced_job, self._namespace, manifest)

    async def _call(self, method: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        try:
            return await asyncio.to_thread(
                method, *arguments, _request_timeout=_TIMEOUT_S, **options
            )
        except ApiException as error:
            if error.status == _CONFLICT:
                return None
            raise DependencyDown(f"the cluster refused: {error.status}") from error
        except Exception as error:
            raise DependencyDown("the cluster does not answer") from error
