"""Seeing jobs through: which begins when, which is tried again, and what happens when somebody asks to stop."""

import time
from collections import Counter, deque
from concurrent.futures import FIRST_COMPLETED, wait

from utils.course.workers.process_pool import Lost
from utils.notebook_files.status import Status

CRASHED = {Status.KILLED, Status.LOST, Status.NOT_EXECUTED}  # not the notebook's own doing, perhaps
LOOK_SECONDS = 0.2


def see_through(jobs, perform, workers, on_outcome, stop, *, after=None, retries=1, on_look=lambda: None):
    """Have the workers perform the jobs, as many at a time as they want, and give ``on_outcome`` each job's last word.

    ``after`` maps a job to those that must have ended before it begins. A job whose worker was lost or whose kernel
    crashed is tried ``retries`` times more, after all the others. ``on_look`` is called several times a second. When
    ``stop.asked`` is true nothing new is begun; when ``stop.at_once`` is, what runs is ended.
    """
    after = after or {}
    waiting, running, attempts, unended = deque(jobs), {}, Counter(), set(jobs)
    while running or (waiting and not stop.asked):
        while waiting and len(running) < workers.window() and not stop.asked:
            job = next((each for each in waiting if unended.isdisjoint(after.get(each, ()))), None)
            if job is None:
                break
            waiting.remove(job)
            attempts[job] += 1
            running[workers.submit(perform, job)] = job
        if running:
            ended, _ = wait(running, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
        else:
            ended = ()
            time.sleep(LOOK_SECONDS)  # for a window to open
        if stop.at_once:
            workers.kill()
        on_look()
        for future in ended:
            job = running.pop(future)
            if future.cancelled():  # its scheduler went away; that is not the job's fault
                attempts[job] -= 1
                waiting.append(job)
                continue
            outcome = _result(future, job)
            outcome.attempts = attempts[job]
            if stop.asked and outcome.status == Status.LOST:
                continue  # ended by whoever stopped the batch
            if outcome.status in CRASHED and attempts[job] <= retries and not stop.asked:
                waiting.append(job)
                continue
            unended.discard(job)
            on_outcome(outcome)


def _result(future, job):
    try:
        return future.result()
    except Lost as loss:
        return job.outcome(Status.LOST, f"the worker ended in the middle of it: {loss}")
    except Exception as error:
        return job.outcome(Status.LOST, f"{type(error).__name__}: {error}")
