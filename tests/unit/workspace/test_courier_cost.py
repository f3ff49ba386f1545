"""Looking for what is due costs what is due, not what is kept: work is counted, never time."""

from datetime import timedelta
from pathlib import Path

from services.workspace.adapters.receivers import Receivers
from services.workspace.domain.addresses import Allowed
from services.workspace.handlers.courier import Courier
from services.workspace.handlers.deliveries import Deliveries
from services.workspace.repository import COLLECTIONS, WEBHOOKS, Delivery, Webhook
from shared.clock import utc_now
from shared.documents.embedded import EmbeddedDocuments
from shared.documents.port import EveryTenant
from shared.sqlite import SqliteFile

NOW = utc_now()
TENANTS = ("acme", "beta")


def webhook(tenant: str) -> Webhook:
    return Webhook(
        id=f"w-{tenant}",
        tenant=tenant,
        name="mes",
        url="https://mes.example/",
        events=("model.deployed",),
        secret="whsec_AAAA",
        created_at=NOW,
    )


def row(tenant: str, number: int) -> tuple[str, str, int, str]:
    message = Delivery(
        id=f"{number:05}",
        tenant=tenant,
        webhook_id=f"w-{tenant}",
        message_id="m",
        event="model.deployed",
        body="{}",
        created_at=NOW,
        state="delivered" if number % 2 else "waiting",
        next_at=NOW + timedelta(hours=1),
    )
    return tenant, message.id, 1, message.model_dump_json(exclude={"version"})


async def test_a_look_for_what_is_due_passes_over_what_is_kept_and_what_waits(
    tmp_path: Path,
) -> None:
    database = SqliteFile(tmp_path / "documents.sqlite", readers=1)
    documents = EmbeddedDocuments(database)
    await documents.open(COLLECTIONS)
    for tenant in TENANTS:
        await documents.collection(WEBHOOKS, EveryTenant()).insert(webhook(tenant))
    courier = Courier(documents, Deliveries(documents), Receivers.of(Allowed()))
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    await database.read(lambda connection: connection.set_progress_handler(step, 1))
    insert = 'INSERT INTO "workspace.deliveries" (tenant, id, version, body) VALUES (?, ?, ?, ?)'
    costs = []
    for numbers in (range(20), range(20, 2000)):
        rows = [row(tenant, number) for tenant in TENANTS for number in numbers]
        await database.write(lambda c, rows=rows: c.executemany(insert, rows))
        steps = 0
        assert await courier.step() == 0
        costs.append(steps)
    await documents.close()
    assert costs[0] > 20
    assert costs[1] <= 1.2 * costs[0]
