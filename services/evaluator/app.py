"""The composition root of the evaluator."""

from services.evaluator.api.reports import routes
from services.evaluator.handlers.reports import Reports
from services.evaluator.repository import PROJECTS, REPORTS
from services.evaluator.settings import EvaluatorSettings
from services.evaluator.subscriptions import subscriptions
from services.evaluator.work.judge import Judge
from shared.hosting.service import Service
from shared.hosting.stores import Stores
from shared.projects.directory import ProjectDirectory


def build(stores: Stores) -> Service:
    """Wire the evaluator over ``stores``."""
    settings = EvaluatorSettings()
    projects = ProjectDirectory(stores.documents, "evaluator")
    judge = Judge(stores.documents, stores.blobs, settings)
    reports = Reports(stores.documents, stores.blobs, settings, projects=projects, judge=judge)
    return Service(
        name="evaluator",
        summary="Reports on versions: figures, errors, advice and comparisons",
        collections=(REPORTS, PROJECTS),
        routers=(routes(reports),),
        subscriptions=subscriptions(judge, projects),
    )
