"""The three stores of a deployment, by its settings: embedded in one folder, or the real ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from shared.blobs.embedded import EmbeddedBlobs
from shared.blobs.port import Blobs
from shared.contracts.catalogue import DEAD_LETTERS_SUFFIX, PARTITIONS
from shared.documents.embedded import EmbeddedDocuments
from shared.documents.port import CollectionSpec, Documents
from shared.events.embedded import EmbeddedEventLog
from shared.events.port import EventLog
from shared.settings import KeepSettings, StoreSettings
from shared.sqlite import SqliteFile

DATABASE, BLOBS = "loupe.db", "blobs"
"""What the embedded stores call their file and their folder."""


@dataclass(frozen=True)
class Stores:
    """Documents, events and blobs; services never know which kind."""

    documents: Documents
    events: EventLog
    blobs: Blobs

    @classmethod
    def of(cls, settings: StoreSettings, *, keep: KeepSettings | None = None) -> Self:
        """Build the stores that ``settings`` name, not yet opened.

        ``keep`` says how long the log keeps what; without it the environment does.
        """
        keep = keep or KeepSettings()
        if settings.stores == "embedded":
            database = SqliteFile(settings.data / DATABASE)
            return cls(
                EmbeddedDocuments(database),
                EmbeddedEventLog(database, keep=keep),
                EmbeddedBlobs(settings.data / BLOBS),
            )
        return cls._cluster(settings, keep)

    @classmethod
    def _cluster(cls, settings: StoreSettings, keep: KeepSettings) -> Self:
        from shared.blobs.minio import MinioBlobs, S3Server
        from shared.documents.mongo import MongoDocuments
        from shared.events.kafka import KafkaEventLog

        password = settings.store_password.get_secret_value()
        s3 = S3Server(
            settings.s3_endpoint,
            settings.s3_access_key or settings.store_user,
            settings.s3_secret_key.get_secret_value() or password,
            secure=settings.s3_secure,
            region=settings.s3_region,
        )
        return cls(
            MongoDocuments(
                settings.mongo_url.get_secret_value(),
                settings.mongo_database,
                user=settings.store_user,
                password=password,
            ),
            KafkaEventLog(
                settings.kafka_servers,
                instance=settings.instance or None,
                security=settings.kafka_security,
                keep=keep,
            ),
            MinioBlobs(s3, settings.s3_bucket),
        )

    async def open(self, specs: Sequence[CollectionSpec[Any]]) -> None:
        """Open all three: collections of ``specs``, all topics of the catalogue, the bucket."""
        await self.documents.open(specs)
        await self.events.open(with_dead_letters(PARTITIONS))
        await self.blobs.open()

    async def close(self) -> None:
        """Close all three."""
        await self.events.close()
        await self.documents.close()
        await self.blobs.close()


def with_dead_letters(topics: Mapping[str, int]) -> dict[str, int]:
    """Return ``topics`` and, for each, its topic of dead letters with one partition."""
    return {**topics, **{topic + DEAD_LETTERS_SUFFIX: 1 for topic in topics}}
