"""A deleted project is cleared in small steps, outside of the event that says so."""

from services.annotation.handlers.clearing import Clearings
from services.annotation.repository import CLEARINGS, COLLECTIONS, IMAGES, LABELS, ImageView, Label
from shared.clock import utc_now
from shared.contracts.envelope import EventStamp, pack, unpack
from shared.contracts.project_events import ProjectDeleted
from shared.documents.port import EveryTenant, Query, TenantScope
from shared.hosting.stores import Stores

MANY = 450


async def test_a_large_project_goes_in_steps_and_others_stay(stores: Stores) -> None:
    await stores.documents.open(COLLECTIONS)
    images = stores.documents.collection(IMAGES, TenantScope("t"))
    labels = stores.documents.collection(LABELS, TenantScope("t"))
    for number in range(MANY):
        view = ImageView(id=f"I{number:03d}", tenant="t", sequence=1, project_id="gone")
        await images.insert(view)
    await images.insert(ImageView(id="kept", tenant="t", sequence=1, project_id="other"))
    label = Label(
        id="L",
        tenant="t",
        project_id="gone",
        name="dent",
        unique_name="dent",
        created_at=utc_now(),
    )
    await labels.insert(label)
    clearings = Clearings(stores.documents)
    packed = pack([ProjectDeleted(project_id="gone")], EventStamp.of("t", "gone", 2))[0]
    event = unpack(ProjectDeleted, packed.value_bytes())
    await clearings.project_deleted(event)
    await clearings.project_deleted(event)  # an event may come twice
    assert await images.count() == MANY + 1  # nothing is removed while the event is handled
    steps = []
    while removed := await clearings.step():
        steps.append(removed)
    assert steps == [201, 200, 50]
    assert [view.id for view in await images.query(Query())] == ["kept"]
    assert await labels.count() == 0
    assert await stores.documents.collection(CLEARINGS, EveryTenant()).count() == 0
