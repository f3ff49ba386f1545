"""Publishing, loading, inference and unloading on the real Triton server."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from tritonclient.grpc import InferenceServerClient
from tritonclient.utils import InferenceServerException

from services.inference.adapters.triton.client import TritonClient
from services.inference.adapters.triton.session import Circuit, TritonSession
from services.inference.errors import ModelNotReady, TritonUnavailable
from shared.runtime.onnx_session import OnnxSession
from tests.running import until


def images(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 48, 64, 3), dtype=np.uint8)


async def eventually(condition) -> None:
    """Wait for a condition that may block."""
    await until(lambda: asyncio.to_thread(condition))


@pytest.mark.parametrize("count", [1, 3, 8, 16])
async def test_triton_answers_bit_for_bit_like_onnx_runtime(bench, count):
    model = bench.publish(number=3)
    await bench.reconciler.reconcile()
    session = TritonSession(bench.client, (model.name, 3), circuit=Circuit())
    batch = images(count)
    served = await asyncio.to_thread(session.run, batch)
    local = OnnxSession(bench.onnx[model.name]).run(batch)
    assert np.array_equal(served["boxes"], local["boxes"])
    assert np.array_equal(served["scores"], local["scores"])


async def test_reconciliation_loads_what_is_desired_and_unloads_the_rest(bench):
    first, second = bench.publish(number=1), bench.publish(number=2, seed=1)
    await bench.reconciler.reconcile()
    assert bench.client.ready_models() == {(first.name, 1), (second.name, 2)}
    del bench.desired[first.name]
    await bench.reconciler.reconcile()
    assert bench.client.ready_models() == {(second.name, 2)}


async def test_killed_triton_heals_and_the_waiting_request_is_answered(bench):
    model = bench.publish()
    await bench.reconciler.reconcile()
    session = TritonSession(bench.client, (model.name, 1), circuit=Circuit(), budget_s=30)
    before = await asyncio.to_thread(session.run, images(1))
    killed = bench.server.pid
    os.kill(killed, signal.SIGKILL)
    after = await asyncio.to_thread(session.run, images(1))
    assert np.array_equal(before["boxes"], after["boxes"])
    assert bench.server.pid != killed
    assert bench.supervisor.restarts == 1


async def test_unloaded_model_is_reported_and_wakes_the_reconciler(bench):
    woken = []
    session = TritonSession(
        bench.client,
        ("01ARZ3NDEKTSV4RRFFQ69G5FAV", 1),
        circuit=Circuit(),
        budget_s=0.2,
        on_not_ready=lambda name, broken: woken.append((name, broken)),
    )
    with pytest.raises(ModelNotReady):
        await asyncio.to_thread(session.run, images(1))
    assert set(woken) == {("01ARZ3NDEKTSV4RRFFQ69G5FAV", False)}


async def test_one_broken_model_does_not_keep_others_from_loading(bench):
    bench.publish(data=b"no ONNX at all")
    whole = bench.publish(seed=1)
    await bench.reconciler.reconcile()
    assert bench.client.ready_models() == {(whole.name, 1)}


async def test_replacing_a_version_under_load_fails_no_request(bench):
    """Requests run on while new versions are loaded and old ones unloaded behind the alias."""
    current = bench.publish(number=1)
    await bench.reconciler.reconcile()
    circuit, batch = Circuit(), images(1)
    alias = [(current.name, 1)]
    stop = asyncio.Event()
    answers: list[int] = []

    async def client() -> None:
        while not stop.is_set():
            served = alias[0]
            run = TritonSession(bench.client, served, circuit=circuit).run
            found = await asyncio.to_thread(run, batch)
            expected = OnnxSession(bench.onnx[served[0]], threads=1).run(batch)
            assert np.array_equal(found["scores"], expected["scores"])
            answers.append(served[1])

    clients = [asyncio.create_task(client()) for _ in range(3)]
    for number in (2, 3, 4):
        fresh = bench.publish(number=number, seed=number)
        await bench.reconciler.reconcile()
        alias[0] = (fresh.name, number)
        answered = len(answers)
        await eventually(lambda answered=answered: len(answers) >= answered + 6)
        bench.desired.pop(current.name)
        await bench.reconciler.reconcile()
        current = fresh
    stop.set()
    await asyncio.gather(*clients)
    assert set(answers) == {1, 2, 3, 4}


async def test_dangerous_endpoints_are_closed_to_everybody(bench):
    ours = InferenceServerClient(bench.server.address)
    for call in (ours.get_log_settings, ours.get_system_shared_memory_status):
        with pytest.raises(InferenceServerException, match="restricted"):
            call(client_timeout=5)
    ours.close()


async def test_wrong_input_is_refused_and_harms_nobody(bench):
    model = bench.publish()
    await bench.reconciler.reconcile()
    wrong = np.zeros((1, 47, 64, 3), np.uint8)
    with pytest.raises(Exception, match="unexpected shape"):
        bench.client.infer((model.name, 1), wrong)
    assert len(bench.client.infer((model.name, 1), images(1))["boxes"]) == 1


async def test_hanging_triton_is_killed_and_replaced(bench):
    first = bench.server.pid
    os.kill(first, signal.SIGSTOP)
    await eventually(lambda: bench.server.pid not in (None, first))
    await eventually(bench.client.is_live)


def test_silent_address_is_reported_as_a_dependency_that_is_down():
    client = TritonClient("127.0.0.1:9", timeout_s=0.5)
    with pytest.raises(TritonUnavailable):
        client.ready_models()
    client.close()


async def test_model_whose_process_died_is_loaded_anew(bench):
    model = bench.publish()
    await bench.reconciler.reconcile()
    session = TritonSession(
        bench.client,
        (model.name, 1),
        circuit=Circuit(),
        budget_s=30,
        on_not_ready=bench.reconciler.report,
    )
    for stub in _children(bench.server.pid):
        os.kill(stub, signal.SIGKILL)
    found = await asyncio.to_thread(session.run, images(1))
    expected = OnnxSession(bench.onnx[model.name], threads=1).run(images(1))
    assert np.array_equal(found["scores"], expected["scores"])
    assert bench.supervisor.restarts == 0


async def test_answers_leave_no_trace_in_the_log(bench, tmp_path):
    model = bench.publish()
    await bench.reconciler.reconcile()
    log = tmp_path / "triton" / "triton.log"
    before = log.stat().st_size
    for _ in range(3):
        bench.client.infer((model.name, 1), images(1))
    assert log.stat().st_size == before


async def test_memory_left_by_a_dead_platform_is_removed_and_that_of_a_living_one_kept(bench):
    ended = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await ended.wait()
    shared = Path("/dev/shm")  # noqa: S108  # where the server's own regions lie
    dead, living = (shared / f"loupe_{pid}_1_test" for pid in (ended.pid, os.getppid()))
    for path in (dead, living):
        path.write_bytes(b"x")
    try:
        os.kill(bench.server.pid, signal.SIGKILL)  # the next server sweeps before it starts
        await eventually(lambda: not dead.exists())
        assert living.exists()
    finally:
        living.unlink(missing_ok=True)


async def test_no_stub_outlives_a_killed_server(bench):
    bench.publish()
    await bench.reconciler.reconcile()
    stubs = _children(bench.server.pid)
    assert len(stubs) == 1
    bench.supervisor._task.cancel()  # nobody sweeps up: the stub must end by itself
    os.kill(bench.server.pid, signal.SIGKILL)
    await eventually(lambda: not any(_runs(stub) for stub in stubs))


def test_triton_dies_with_the_process_that_started_it(tmp_path: Path):
    program = textwrap.dedent(
        """
        import asyncio, os, sys
        from pathlib import Path
        from services.inference.adapters.triton.binary import find_python_runtime, find_triton
        from services.inference.adapters.triton.server import EmbeddedTriton, TritonFolders

        async def main():
            folders = TritonFolders(Path(sys.argv[1]))
            server = EmbeddedTriton(find_triton(), find_python_runtime(), folders)
            await server.spawn()
            print(server.pid, flush=True)
            await asyncio.sleep(60)

        asyncio.run(main())
        """
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    child = next(int(line) for line in parent.stdout if line.strip().isdigit())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    for _ in range(1800):
        if not _runs(child):
            return
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    pytest.fail("tritonserver outlived its parent")


def _children(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in threads for child in (task / "children").read_text().split()]


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
