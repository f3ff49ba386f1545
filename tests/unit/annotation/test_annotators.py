"""An annotator draws and imports with labels that are there, and writes over nobody's work."""

import httpx

from shared.hosting.stores import Stores
from tests.running import credentials
from tests.unit.annotation.platform import BASE, Factory, box, factory, labelme, packed

ANNOTATOR = credentials(role="annotator")
ZIP = {"Content-Type": "application/zip"}


async def imported(
    world: Factory, *labels: str, caller: dict[str, str] = ANNOTATOR, **asked: str
) -> httpx.Response:
    archive = packed({"a.json": labelme(*labels)})
    return await world.client.post(
        f"{BASE}/imports", content=archive, params=asked, headers=ZIP | caller
    )


def action_of(answer: httpx.Response) -> str:
    """Return what became of the one file of an import."""
    counts = answer.json()["counts"]
    (action,) = [name for name in ("new", "replaced", "merged", "kept") if counts[name]]
    return str(action)


async def labels_of(world: Factory) -> list[str]:
    answer = await world.client.get(f"{BASE}/labels")
    return [label["name"] for label in answer.json()["items"]]


async def test_an_annotator_draws_no_label_that_an_engineer_did_not_define(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        await world.client.post(f"{BASE}/labels", json={"name": "pit"})
        refused = await world.put(image, box("crack"), headers=ANNOTATOR)
        assert await labels_of(world) == ["pit"]
        drawn = await world.put(image, box("pit"), headers=ANNOTATOR)
        engineer = await world.put(image, box("crack"), headers=credentials(role="engineer"))
        assert await labels_of(world) == ["pit", "crack"]
    assert (refused.status_code, drawn.status_code, engineer.status_code) == (403, 200, 200)
    assert "(crack)" in refused.json()["detail"]


async def test_an_annotator_imports_no_label_that_an_engineer_did_not_define(
    stores: Stores,
) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        await world.client.post(f"{BASE}/labels", json={"name": "pit"})
        for asked in ({"dry_run": "true"}, {}):
            refused = await imported(world, "crack", **asked)
            assert (refused.status_code, "(crack)" in refused.json()["detail"]) == (422, True)
        assert await labels_of(world) == ["pit"]
        assert (await world.client.get(f"{BASE}/images/{image}")).json()["annotated"] is False
        assert (await imported(world, "pit")).status_code == 201


async def test_an_annotator_may_look_what_replacing_would_do_and_not_do_it(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        await world.put(image, box("pit"))
        looked = await imported(world, "pit", on_conflict="replace", dry_run="true")
        refused = await imported(world, "pit", on_conflict="replace")
        archive = packed({"a.json": labelme("pit")})
        for place in ("import-runs", f"import-runs/{image}:again"):
            queued = await world.client.post(
                f"{BASE}/{place}",
                content=archive,
                params={"on_conflict": "replace"},
                headers=ZIP | ANNOTATOR,
            )
            assert queued.status_code == 403, place
        assert (await world.client.get(f"{BASE}/images/{image}")).json()["version"] == 1
    assert (looked.status_code, refused.status_code) == (200, 403)


async def test_an_annotator_takes_back_what_an_own_import_merged(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        await world.client.post(f"{BASE}/labels", json={"name": "pore"})
        await world.put(image, box("pit"))
        merged = (await imported(world, "pore", on_conflict="merge")).json()
        undo = f"{BASE}/imports/{merged['import_id']}:undo"
        foreign = await world.client.post(undo, headers=credentials(role="annotator", subject="x"))
        own = await world.client.post(undo, headers=ANNOTATOR)
        shapes = (await world.client.get(f"{BASE}/images/{image}")).json()["shapes"]
    assert merged["counts"]["merged"] == 1
    assert (foreign.status_code, own.status_code) == (403, 200)
    assert [shape["label"] for shape in shapes] == ["pit"]


async def test_an_annotator_replaces_only_what_an_own_import_brought(stores: Stores) -> None:
    async with factory(stores) as world:
        image = await world.image("a.jpg")
        for name in ("pit", "pore"):
            await world.client.post(f"{BASE}/labels", json={"name": name})
        engineer = credentials(role="engineer", subject="engineer")
        assert (await imported(world, "pit", caller=engineer)).status_code == 201
        actions = []
        for caller, labels in ((ANNOTATOR, ()), (engineer, ()), (ANNOTATOR, ("pore",))):
            answer = await imported(world, *labels, caller=caller)
            actions.append(action_of(answer))
        assert actions == ["kept", "replaced", "kept"]
        await world.client.delete(f"{BASE}/images/{image}")
        for labels, action in ((("pit",), "new"), (("pore",), "replaced")):
            answer = await imported(world, *labels)
            assert action_of(answer) == action
