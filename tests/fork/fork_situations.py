"""One way to fork after parallel kernels have run: ``python fork_situations.py NAME``.

Each situation is a process of its own, started by `tests/test_fork.py`: a child that hangs is
ended by its alarm and fails the situation, and the process that runs the tests is never forked.
"""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

import fork_kernels

from fastcore import _core, build_info, get_num_threads

#: Seconds after which a child counts as hanging; it needs a fraction of one.
PATIENCE = 60
#: Of the two threads that the kernels ask for.
THREADS = 2 if _core.build_info()["openmp"] else 1


def tasks() -> int:
    """Threads of this process, by the kernel's count."""
    return len(os.listdir("/proc/self/task"))


def check() -> None:
    """Both of what a child must do: the same, and on as many threads as it says."""
    assert fork_kernels.digest() == fork_kernels.EXPECTED
    assert build_info()["threads"] == get_num_threads()


def check_parallel() -> None:
    """And that it did use threads."""
    assert get_num_threads() == THREADS
    check()
    # In a child, whose other threads are gone, there are only those that its own regions made.
    assert tasks() >= THREADS


def in_child(body: Callable[[], None]) -> None:
    """Fork, run `body` there, and fail if that failed or hung."""
    pid = os.fork()
    if pid == 0:
        code = 1
        signal.alarm(PATIENCE)  # the system's own action: also where no Python code runs any more
        try:
            body()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    assert status == 0, f"the child ended with {os.waitstatus_to_exitcode(status)}"


def os_fork() -> None:
    for _ in range(5):
        in_child(check_parallel)
        check_parallel()  # here too, afterwards


def fork_within_a_fork() -> None:
    in_child(lambda: (check_parallel(), in_child(lambda: (check(), in_child(check_parallel)))))
    in_child(lambda: in_child(check_parallel))  # without a region in between


def fork_from_a_thread() -> None:
    """The pool that matters is that of the thread that forks."""

    def work() -> None:
        check()
        in_child(check_parallel)
        done.append(True)

    done: list[bool] = []
    for _ in range(3):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert done == [True] * 3


def fork_beside_a_region() -> None:
    """Another thread is inside a region nearly all the time: most children stay on one thread."""
    stop = threading.Event()
    numbers = fork_kernels.NUMBERS.repeat(10, axis=0)

    def work() -> None:
        while not stop.is_set():
            fork_kernels.DENSE.transform(numbers, threads=2)

    def alone() -> None:
        check()
        os._exit(7 if get_num_threads() == 1 else 0)

    before = tasks()
    thread = threading.Thread(target=work)
    thread.start()
    codes: list[int] = []
    try:
        while len(codes) < 5 or (7 not in codes and len(codes) < 100):
            pid = os.fork()
            if pid == 0:
                signal.alarm(PATIENCE)
                try:
                    alone()
                finally:
                    os._exit(1)
            codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    finally:
        stop.set()
        thread.join()
    assert set(codes) <= {0, 7}, codes
    assert 7 in codes, "no fork fell into a region"
    # The ended thread's pool ends by itself, a little later. The address sanitizer's allocator is
    # not made for a fork meanwhile: a lock that a thread holds as it ends stays shut in the child.
    while tasks() > before:
        time.sleep(0.001)
    in_child(check_parallel)  # and once it is over, children use threads again


def _pool_check(_: int) -> bool:
    check_parallel()
    return os.getpid() != fork_kernels.OWNER  # what was imported came with the fork


def _through(method: str) -> None:
    context = multiprocessing.get_context(method)
    if method == "forkserver":
        context.set_forkserver_preload(["fork_kernels"])
    with context.Pool(2) as pool:
        assert all(pool.map_async(_pool_check, range(6)).get(timeout=PATIENCE))
    check_parallel()


def multiprocessing_fork() -> None:
    _through("fork")


def multiprocessing_forkserver() -> None:
    _through("forkserver")


def preloaded_server() -> None:
    import fork_app

    assert os.getpid() == fork_app.fork_kernels.OWNER
    fork_app.serve(2, PATIENCE)


def main(name: str) -> None:
    check_parallel()
    situation: Callable[[], None] = globals()[name]
    situation()
    print(name, "passed")


if __name__ == "__main__":
    main(sys.argv[1])
