"""The composition root of the annotation service."""

from functools import partial

from services.annotation.api import annotations as annotations_api
from services.annotation.api import drafts as drafts_api
from services.annotation.api import import_runs as import_runs_api
from services.annotation.api import label_checks as label_checks_api
from services.annotation.api import labels as labels_api
from services.annotation.api import statistics as statistics_api
from services.annotation.api import transfers as transfers_api
from services.annotation.api.archive_body import ArchiveBody
from services.annotation.api.roles import ROLES
from services.annotation.handlers.annotation_store import AnnotationStore
from services.annotation.handlers.annotations import Annotations
from services.annotation.handlers.drafts import Drafts
from services.annotation.handlers.exports import LabelExports
from services.annotation.handlers.import_reach import ImportReach
from services.annotation.handlers.import_runs import IMPORT, ImportRuns
from services.annotation.handlers.import_undo import ImportUndo
from services.annotation.handlers.imports import Imports
from services.annotation.handlers.kept_archives import KeptArchives
from services.annotation.handlers.label_checks import LabelChecks
from services.annotation.handlers.label_names import LabelNames
from services.annotation.handlers.labels import Labels
from services.annotation.handlers.predictions import KnownPredictions
from services.annotation.handlers.reviews import Reviews
from services.annotation.handlers.second_opinions import KnownOpinions
from services.annotation.handlers.snapshots import Snapshots
from services.annotation.handlers.statistics import Statistics
from services.annotation.handlers.tile_spread import TileSpread
from services.annotation.handlers.versions import KnownVersions
from services.annotation.process.archive_parser import ArchiveParser
from services.annotation.repository import (
    COLLECTIONS,
    HISTORY_TERM,
    IMPORTS_TERM,
    PREDICTIONS_TERM,
    SERVICE,
)
from services.annotation.settings import AnnotationSettings
from services.annotation.subscriptions import subscriptions
from services.annotation.work import ImportWork
from shared.hosting.service import Service
from shared.hosting.stores import Stores
from shared.images.directory import ImageDirectory
from shared.jobs.queue import JobQueue
from shared.jobs.worker import JobWorker, reap_forever
from shared.projects.directory import ProjectDirectory
from shared.staging import own_folder


def build(stores: Stores) -> Service:
    """Wire the annotation service over ``stores``."""
    settings = AnnotationSettings()
    documents = stores.documents
    projects = ProjectDirectory(documents, SERVICE)
    images = ImageDirectory(documents, SERVICE)
    predictions = KnownPredictions(documents)
    versions = KnownVersions(documents)
    store = AnnotationStore(documents, images=images)
    names = LabelNames(documents, store, images)
    labels = Labels(documents, names)
    drafts = Drafts(documents, projects=projects, images=images)
    annotations = Annotations(
        documents,
        projects=projects,
        images=images,
        names=names,
        predictions=predictions,
        versions=versions,
        store=store,
        drafts=drafts,
    )
    reviews = Reviews(projects=projects, images=images, store=store)
    snapshots = Snapshots(documents, stores.blobs, projects=projects, images=images, store=store)
    opinions = KnownOpinions(documents, stores.blobs, names)
    checks = LabelChecks(documents, projects=projects, snapshots=snapshots, opinions=opinions)
    statistics = Statistics(projects=projects, images=images, snapshots=snapshots)
    parser = ArchiveParser(settings)
    imports = Imports(parser, images=images, names=names, store=store)
    undoing = ImportUndo(images=images, names=names, store=store)
    jobs = JobQueue(documents, SERVICE)
    quota = settings.kept_archives_mib << 20
    runs = ImportRuns(
        documents,
        stores.blobs,
        jobs=jobs,
        archives=KeptArchives(documents, stores.blobs, jobs=jobs, quota_bytes=quota),
        reach=ImportReach(stores.blobs, store),
    )
    work = {IMPORT: ImportWork(documents, imports=imports, runs=runs, projects=projects).work}
    workers = [JobWorker(jobs, work) for _ in range(settings.parsers)]
    staging = own_folder(settings.staging_folder())
    body = ArchiveBody(staging, settings.max_archive_mib << 20)
    exports = LabelExports(snapshots, images=images, labels=labels, staging=staging)
    return Service(
        name=SERVICE,
        summary="Labels, annotations and their history, imports, exports, snapshots",
        collections=COLLECTIONS,
        routers=(
            annotations_api.router,
            drafts_api.router,
            labels_api.router,
            label_checks_api.router,
            statistics_api.router,
            transfers_api.router,
            import_runs_api.router,
            transfers_api.samples,
        ),
        roles=ROLES,
        use_cases=(
            annotations,
            reviews,
            drafts,
            labels,
            checks,
            statistics,
            projects,
            imports,
            runs,
            undoing,
            exports,
            body,
        ),
        subscriptions=subscriptions(
            projects,
            images,
            annotations=annotations,
            tile_spread=TileSpread(projects, images=images, names=names, store=store),
            labels=labels,
            names=names,
            snapshots=snapshots,
            predictions=predictions,
            versions=versions,
            opinions=opinions,
        ),
        background=(
            *(worker.run for worker in workers),
            partial(reap_forever, jobs),
            runs.keep,
        ),
        terms=(
            HISTORY_TERM.asking(store.is_past),
            IMPORTS_TERM.asking(runs.goes),
            PREDICTIONS_TERM,
        ),
    )
