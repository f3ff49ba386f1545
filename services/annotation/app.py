"""The composition root of the annotation service."""

from fastapi import APIRouter

from services.annotation.api import annotation_routes
from services.annotation.exporting import Exporting
from services.annotation.freezing import Freezing
from services.annotation.handlers import Annotations
from services.annotation.images import Images
from services.annotation.importing import Importing
from services.annotation.label_api import label_routes
from services.annotation.labels import Labels
from services.annotation.parsing import ArchiveParser
from services.annotation.repository import COLLECTIONS, SERVICE
from services.annotation.saving import AnnotationStore
from services.annotation.settings import AnnotationSettings
from services.annotation.spreading import Spreading
from services.annotation.subscriptions import subscriptions
from services.annotation.transfer_api import transfer_routes
from shared.projects.directory import ProjectDirectory
from shared.service import Service
from shared.stores import Stores


def build(stores: Stores) -> Service:
    """Wire the annotation service over ``stores``."""
    settings = AnnotationSettings()
    documents = stores.documents
    projects = ProjectDirectory(documents, SERVICE)
    images = Images(documents)
    store = AnnotationStore(documents)
    labels = Labels(documents, store, images)
    annotations = Annotations(
        documents, projects=projects, images=images, labels=labels, store=store
    )
    freezing = Freezing(documents, stores.blobs, projects=projects, images=images, store=store)
    parser = ArchiveParser(settings)
    importing = Importing(parser, images=images, labels=labels, store=store)
    exporting = Exporting(freezing, settings.staging_folder())
    router = APIRouter()
    router.include_router(annotation_routes(annotations))
    router.include_router(label_routes(labels, projects))
    router.include_router(
        transfer_routes(
            importing,
            exporting,
            projects,
            staging=settings.staging_folder(),
            max_bytes=settings.max_archive_mib << 20,
        )
    )
    return Service(
        name=SERVICE,
        summary="Labels, annotations and their history, imports, exports, snapshots",
        collections=COLLECTIONS,
        router=router,
        subscriptions=subscriptions(
            projects,
            annotations=annotations,
            spreading=Spreading(projects, images=images, store=store),
            labels=labels,
            freezing=freezing,
        ),
        background=(annotations.clearings.run,),
    )
