"""The other end of `_foreign.Server`: runs in the peer's environment, needs the library alone.

Usage: ``python -I _serve.py SCRIPT``. The script has ``VERSIONS``, the distributions whose versions
decide what a figure means, and ``JOBS``: by name a function that takes the data and returns either
the job, or the job and what gives its result afterwards (which is not timed). Requests and answers
are pickles on standard input and output; it ends at the end of its input.
"""

import gc
import importlib.metadata
import os
import pickle
import runpy
import sys
import time
import traceback


def serve(script, requests, answers):
    """Answer requests until there are no more."""
    module = runpy.run_path(script)
    jobs = {}

    def answer(good, value):
        answers.write(pickle.dumps((good, value), protocol=4))
        answers.flush()

    def open_job(key, job, data):
        made = module["JOBS"][job](data)
        jobs[key] = made if isinstance(made, tuple) else (made, None)

    def run_job(key, times, clock, cores):
        """Nanoseconds for as many calls, as the harness measures its own, and the result."""
        job, result_of = jobs[key]
        if cores is not None:
            os.sched_setaffinity(0, cores)
        now, repeat = getattr(time, clock), range(times)
        gc.disable()
        try:
            if times > 1:
                job()  # a short one: another process has had the caches in the meantime
            start = now()
            for _ in repeat:
                result = job()
            took = now() - start
        finally:
            gc.enable()
            gc.collect()
        return took, result if result_of is None else result_of()

    answer(True, {name: importlib.metadata.version(name) for name in module["VERSIONS"]})
    while True:
        try:
            what, *rest = pickle.load(requests)
        except EOFError:
            return
        try:
            answer(True, {"open": open_job, "run": run_job}[what](*rest))
        except Exception:
            answer(False, traceback.format_exc())


if __name__ == "__main__":
    # What a library prints must not get among the answers.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.argv[1], sys.stdin.buffer, out)
