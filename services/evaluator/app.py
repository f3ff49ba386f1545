"""The composition root of the evaluator."""

from functools import partial

from services.evaluator.api import judgements as judgement_routes
from services.evaluator.api import reports as report_routes
from services.evaluator.api.roles import ROLES
from services.evaluator.handlers.judgements import JUDGE, Judgements, tell_of_end
from services.evaluator.handlers.reports import Reports
from services.evaluator.repository import JOBS, PROJECTS, REPORTS
from services.evaluator.settings import EvaluatorSettings
from services.evaluator.subscriptions import subscriptions
from services.evaluator.work.judge import Judge
from services.evaluator.work.yardsticks import Yardsticks
from shared.hosting.service import Service
from shared.hosting.stores import Stores
from shared.jobs.queue import JobQueue
from shared.jobs.worker import JobWorker, reap_forever
from shared.projects.directory import ProjectDirectory

NAME = "evaluator"


def build(stores: Stores) -> Service:
    """Wire the evaluator over ``stores``."""
    settings, documents = EvaluatorSettings(), stores.documents
    projects = ProjectDirectory(documents, NAME)
    queue = JobQueue(documents, NAME, lease_s=settings.lease_s)
    judgements = Judgements(documents, queue, projects)
    reports = Reports(stores.blobs, settings, judgements=judgements)
    yardsticks = Yardsticks(documents, stores.blobs, settings)
    judge = Judge(documents, stores.blobs, settings, yardsticks=yardsticks)
    worker = JobWorker(queue, {JUDGE: judge.judge}, ended=tell_of_end)
    return Service(
        name=NAME,
        summary="Reports on versions: figures, errors, advice and comparisons",
        collections=(REPORTS, PROJECTS, JOBS),
        routers=(report_routes.router, judgement_routes.router),
        roles=ROLES,
        use_cases=(reports, judgements),
        subscriptions=subscriptions(judgements, projects),
        background=(partial(reap_forever, queue, tell_of_end),),
        work=(worker.run,),
        long_columns=True,
    )
