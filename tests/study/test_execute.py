import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from soilscope.study.execute import executor, on_threads


@pytest.fixture
def cluster():
    """Start a scheduler that has no workers; yield its address."""
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    address = next(line for line in process.stderr if "Scheduler at:" in line).split()[-1]
    yield address
    process.terminate()
    process.communicate(timeout=30)


@pytest.fixture
def heard():
    """Let Ctrl-C interrupt also where the tests run in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def ctrl_c_once_it_is_heard(begun=lambda: True):
    """Press Ctrl-C as soon as a run listens; before that the signal would end the test itself."""
    before = signal.getsignal(signal.SIGINT)

    def press():
        while signal.getsignal(signal.SIGINT) is before or not begun():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press, daemon=True).start()


def test_every_item_is_done_once_and_counted():
    seen, counts, lock = [], [], threading.Lock()

    def work(item):
        with lock:
            seen.append(item)

    on_threads(work, range(20), counts.append)
    assert sorted(seen) == list(range(20))
    assert counts == list(range(1, 21))


def test_an_error_in_a_task_reaches_the_caller():
    def work(item):
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        on_threads(work, [1, 2], lambda _: None)


def test_without_workers_the_tasks_run_on_threads():
    with executor(workers=None, scheduler=None) as execute:
        assert execute is on_threads


def test_after_a_failure_nothing_is_begun_and_what_runs_is_finished():
    begun, ended, first = [], [], threading.Lock()

    def work(item):
        begun.append(item)
        if first.acquire(blocking=False):  # tasks are begun in any order
            raise OSError(28, "No space left on device")
        threading.Event().wait(0.05)
        ended.append(item)

    with pytest.raises(OSError, match="No space left"):
        on_threads(work, range(50), lambda _: None)
    assert len(begun) < 50
    assert len(ended) == len(begun) - 1


@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals to send on Windows")
def test_ctrl_c_ends_a_run_that_waits_for_workers_that_never_come(cluster, heard):
    ctrl_c_once_it_is_heard()
    with executor(workers=None, scheduler=cluster) as execute, pytest.raises(KeyboardInterrupt):
        execute(str, [1, 2], lambda _: None)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals to send on Windows")
def test_a_slow_end_after_ctrl_c_is_told(caplog, monkeypatch, heard):
    monkeypatch.setattr("soilscope.study.execute._SOON", 0.05)

    begun = threading.Event()

    def work(_):
        begun.set()
        time.sleep(1.0)

    ctrl_c_once_it_is_heard(begun.is_set)
    with pytest.raises(KeyboardInterrupt):
        on_threads(work, range(9), lambda _: None)
    said = [record.getMessage() for record in caplog.records]
    assert sum("pressed again, all ends at once" in text for text in said) == 1, said
