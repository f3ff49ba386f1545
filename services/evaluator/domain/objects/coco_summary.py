"""The twelve numbers of COCO, under the names torchmetrics and others use."""

from services.evaluator.domain.objects.average_precision import MAX_RANKS, mean, recall_at_ranks
from services.evaluator.domain.objects.evaluation import Evaluation


def coco_summary(evaluation: Evaluation) -> dict[str, float]:
    """Mean AP and AR over labels and IoU thresholds; nan where nothing defines them.

    ``map`` is over IoU 0.50:0.95; ``mar_n`` the recall with ``n`` detections an image and label.
    """
    whole, matches = evaluation.precisions, evaluation.matches
    out = {
        "map": mean(whole.ap),
        "map_50": mean(whole.ap[matches.at(0.5)]),
        "map_75": mean(whole.ap[matches.at(0.75)]),
    }
    sizes = evaluation.by_area
    out |= {f"map_{name}": mean(part.ap) for name, part in sizes.items()}
    recalls = recall_at_ranks(evaluation.arranged, matches.verdict, evaluation.positives)
    out |= {f"mar_{rank}": recall for rank, recall in zip(MAX_RANKS, recalls, strict=True)}
    return out | {f"mar_{name}": mean(part.recall) for name, part in sizes.items()}
