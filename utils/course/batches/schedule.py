"""Executing notebooks in a ``LocalPool``, those after others that they need."""

from collections import Counter
from concurrent.futures import FIRST_COMPLETED, wait
from queue import SimpleQueue

from utils.course.engine.execute import Result, execute
from utils.course.workers.process_pool import LocalPool, Lost, tell
from utils.notebook_files.status import Status

CRASHES_ALLOWED = 1


def execute_all(jobs, after, workers, on_event=lambda job, event: None):
    """Execute the jobs, ``workers`` at a time, and return their results in the order of ``jobs``.

    ``after`` maps a job to the jobs that must have ended before it starts. ``on_event(job, event)`` hears
    ``("cell", number, cells)`` as cells start, and the ``Result`` when a job ends. A job whose process died is
    executed once more.
    """
    told = SimpleQueue()
    results, running, waiting, crashes = {}, {}, list(jobs), Counter()
    with LocalPool(workers, lambda arguments, said: told.put((arguments[1], said))) as pool:
        while waiting or running:
            for job in [job for job in waiting if all(other in results for other in after.get(job, ()))]:
                if len(running) < workers:
                    waiting.remove(job)
                    running[pool.submit(_execute_and_tell, job, jobs.index(job))] = job
            ended, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
            while not told.empty():
                index, event = told.get()
                on_event(jobs[index], list(event))
            for future in ended:
                job = running.pop(future)
                if isinstance(future.exception(), Lost) and crashes[job] < CRASHES_ALLOWED:
                    crashes[job] += 1
                    waiting.insert(0, job)
                    continue
                results[job] = _outcome(future, job)
                on_event(job, results[job])
    return [results[job] for job in jobs]


def _execute_and_tell(job, index):
    return execute(job, lambda number, cells: tell("cell", number, cells))


def _outcome(future, job):
    try:
        return future.result()
    except Exception as failure:
        return Result(job.source.stem, Status.LOST, 0.0, f"the process that ran it was lost: {failure}")
