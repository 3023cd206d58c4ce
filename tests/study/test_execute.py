import threading

import pytest

from soilscope.study.execute import executor, on_threads


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
    begun, ended = [], []

    def work(item):
        begun.append(item)
        if item == 0:
            raise OSError(28, "No space left on device")
        threading.Event().wait(0.05)
        ended.append(item)

    with pytest.raises(OSError, match="No space left"):
        on_threads(work, range(50), lambda _: None)
    assert len(begun) < 50
    assert len(ended) == len(begun) - 1
