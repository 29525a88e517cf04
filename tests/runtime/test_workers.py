import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kubeaid_ci.runtime.workers import Done, Limits, Pool, Worker, WorkerError


def double(number):
    return number * 2


def fail(number):
    raise ValueError(f"bad {number}")


def die(how):
    os.kill(os.getpid(), how)


def die_or_double(number):
    if number < 0:
        die(-number)
    return double(number)


def chatter(number):
    print("to standard output")
    os.write(1, b"and to its descriptor")
    return number


def allocate(size):
    return len(bytearray(size))


def own_process(_):
    return os.getpid()


def own_process_slowly(_):
    time.sleep(0.05)
    return os.getpid()


def sleep(seconds):
    time.sleep(seconds)
    return seconds


@pytest.fixture
def worker():
    made = Worker(Limits(seconds=20))
    yield made
    made.close()


def test_a_worker_gives_results_and_raises_what_was_raised(worker):
    assert worker.run(double, 21) == 42
    with pytest.raises(ValueError, match="bad 3"):
        worker.run(fail, 3)
    assert worker.run(double, 1) == 2


def test_output_of_a_task_does_not_disturb_its_answer(worker):
    assert worker.run(chatter, 5) == 5


@pytest.mark.parametrize("how", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_a_crash_is_one_tasks_error_and_the_next_task_runs(worker, how):
    with pytest.raises(WorkerError, match=how.name):
        worker.run(die, how)
    assert worker.run(double, 2) == 4


def test_a_task_over_its_time_is_stopped():
    worker = Worker(Limits(seconds=0.5))
    with pytest.raises(WorkerError, match=r"more than 0\.5 seconds"):
        worker.run(sleep, 60)
    worker.close()


def test_a_task_over_its_memory_fails():
    worker = Worker(Limits(memory=512 * 1024**2))
    with pytest.raises(WorkerError, match="needed more than 512 MiB of memory"):
        worker.run(allocate, 1024**3)
    assert worker.run(double, 2) == 4
    worker.close()


def test_a_worker_that_grew_is_replaced():
    worker = Worker(Limits(replace_above=1))
    assert worker.run(own_process, 0) != worker.run(own_process, 0)
    worker.close()


def test_a_pool_yields_every_result():
    assert results(Pool(2).map(double, [1, 2, 3])) == {0: 2, 1: 4, 2: 6}


def fail_or_double(number):
    return fail(number) if number < 0 else double(number)


@pytest.mark.parametrize("lasting", [False, True])
@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("tasks", [[-1, 2, 3], [1, -2, 3], [1, 2, -3], [-1, -1, 3], [-1]])
def test_a_bug_is_raised_after_all_other_results(tasks, jobs, lasting):
    pool, found = Pool(jobs, lasting=lasting), {}
    with pytest.raises(ValueError, match="bad -"):
        collect(pool.map(fail_or_double, tasks), found)
    assert found == {number: task * 2 for number, task in enumerate(tasks) if task > 0}
    if lasting:
        assert results(pool.map(double, [4])) == {0: 8}
    pool.close()


def collect(outcomes, found):
    for outcome in outcomes:
        found[outcome.number] = outcome.value if isinstance(outcome, Done) else outcome.error


def results(outcomes):
    found = {}
    collect(outcomes, found)
    return found


def test_leaving_a_pool_early_ends_its_workers():
    began = time.monotonic()
    for outcome in Pool(2, Limits(seconds=60)).map(sleep, [0, 50, 50]):
        assert outcome == Done(0, 0, 0)
        break
    assert time.monotonic() - began < 30


def run_out(words):
    os.write(2, words.encode())
    os.abort()


@pytest.mark.parametrize(
    "words",
    [
        "memory allocation of 109051904 bytes failed",
        "runtime: out of memory: cannot allocate 4194304-byte block (2549284864 in use)\nfatal error: out of memory",
        "fatal error: runtime: cannot allocate memory",
        "runtime/cgo: pthread_create failed: Resource temporarily unavailable",
    ],
)
def test_an_engine_that_runs_out_of_memory_is_no_crash_to_people(worker, words):
    with pytest.raises(WorkerError, match="needed more than 4096 MiB of memory"):
        worker.run(run_out, words)


def test_tasks_that_belong_together_are_done_by_one_worker_one_after_another():
    tasks = ["a", "b", "b", "a", "b"]
    done = results(Pool(2).map(own_process_slowly, tasks, together=str))
    assert {name: len({done[n] for n, task in enumerate(tasks) if task == name}) for name in "ab"} == {"a": 1, "b": 1}
    assert len(set(done.values())) == 2


def test_tasks_of_one_kind_are_still_shared_out():
    done = results(Pool(2).map(own_process_slowly, range(4), together=lambda _: "all"))
    assert sorted(list(done.values()).count(process) for process in set(done.values())) == [2, 2]


def test_one_of_the_tasks_that_belong_together_may_crash():
    found = results(Pool(1).map(die_or_double, [1, -signal.SIGKILL, 2], together=lambda _: "all"))
    assert (found[0], found[2], type(found[1])) == (2, 4, WorkerError)


def test_leaving_a_pool_early_starts_none_of_the_tasks_that_wait_together():
    began = time.monotonic()
    for _ in Pool(1).map(sleep, [0, 20, 20], together=lambda _: "all"):
        break
    assert time.monotonic() - began < 15


def test_workers_of_a_lasting_pool_wait_for_the_next_tasks():
    pool = Pool(1, Limits(seconds=20), lasting=True)
    try:
        (first,) = results(pool.map(own_process, [0])).values()
        (second,) = results(pool.map(own_process, [0])).values()
    finally:
        pool.close()
    assert first == second
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)


def test_when_several_tasks_took_too_long_the_others_get_less_time():
    began = time.monotonic()
    found = results(Pool(1, Limits(seconds=3.0)).map(sleep, [60] * 6))
    assert all("was stopped" in str(result) for result in found.values())
    assert "as others of this run had taken too long" in str(found[5])
    assert time.monotonic() - began < 15


def test_a_large_parent_does_not_cost_the_workers_their_lives():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from kubeaid_ci.runtime.workers import Limits, Pool\n"
        "from tests.runtime.test_workers import own_process\n"
        "large = bytearray(b'x') * (1100 << 20)\n"
        "print(len({done.value for done in Pool(1, Limits(seconds=60)).map(own_process, [0] * 6)}))\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code, str(root)], capture_output=True, text=True, cwd=root)
    assert done.stdout.strip() == "1", done.stderr
