"""Executing many notebooks, several at a time, each in a process of its own."""

from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from multiprocessing import get_context

from utils.batch.runner import Result, execute


def execute_all(jobs, after, workers, on_event=lambda job, event: None):
    """Execute the jobs, ``workers`` at a time, and return their results in the order of ``jobs``.

    ``after`` maps a job to the jobs that must have ended before it starts. ``on_event(job, event)`` hears
    ``("cell", number, cells)`` as cells start, and the ``Result`` when a job ends.
    """
    context = get_context("spawn")
    results, running, waiting = {}, {}, list(jobs)
    with context.Manager() as manager, ProcessPoolExecutor(workers, mp_context=context) as pool:
        events = manager.Queue()
        while waiting or running:
            for job in [job for job in waiting if all(other in results for other in after.get(job, ()))]:
                if len(running) < workers:
                    waiting.remove(job)
                    running[pool.submit(_execute_and_tell, job, jobs.index(job), events)] = job
            ended, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
            while not events.empty():
                index, *event = events.get()
                on_event(jobs[index], event)
            for future in ended:
                job = running.pop(future)
                results[job] = _outcome(future, job)
                on_event(job, results[job])
    return [results[job] for job in jobs]


def _execute_and_tell(job, index, events):
    return execute(job, lambda number, cells: events.put((index, "cell", number, cells)))


def _outcome(future, job):
    try:
        return future.result()
    except Exception as failure:
        return Result(job.source.stem, "died", 0.0, f"the process that ran it was lost: {failure}")
