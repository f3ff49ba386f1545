"""The whole loop as `make demo` walks it, on a small set; `tests/chaos` kills it on the way."""

from pathlib import Path

import pytest

from services.cli.synthetic.dataset import DatasetPlan, PartPlan, write_dataset
from tests.e2e.demo_process import Demo, free_port

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1800)]

PLAN = DatasetPlan(
    train=PartPlan(small=28, large=1, anodised_share=0.05, dim_share=0.0),
    test=PartPlan(small=10, large=1, anodised_share=0.1, dim_share=0.1),
    unseen=PartPlan(small=7, large=1, anodised_share=0.4, dim_share=0.2),
)
IMAGES = 29 + 11 + 8


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    write_dataset(folder, seed=11, plan=PLAN)
    return folder


def test_the_loop_ends_in_a_table_of_two_versions(images: Path, tmp_path: Path) -> None:
    demo = Demo(tmp_path / "data", images, free_port())
    said = demo.finish()
    again = demo.finish()
    done = demo.asked()
    for text in ("deploy V1 on Triton", "retraining fires by event", "V1 against V2", "mAP@0.5"):
        assert text in said
    assert "V1 against V2" in again  # a second start finds everything done
    assert len(done["images"]) == IMAGES
    assert [t["trigger"] for t in done["trainings"]] == ["policy", "person"]
    assert [v["version"] for v in done["versions"]] == ["V2", "V1"]
    assert len(done["test_runs"]) == 1
    first = done["versions"][1]
    assert first["annotated_images"] == 40
    corrected = [a for a in done["annotations"].values() if a["corrected"]]
    assert len(corrected) >= 3
    assert all(a["image_name"].startswith("unseen_") for a in corrected)
    assert done["versions"][0]["corrections"] == len(corrected)
