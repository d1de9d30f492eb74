"""Seeing jobs through: which begins when, which is tried again, and what happens when somebody asks to stop."""

from collections import Counter, deque

from utils.course.workers.calls import ended
from utils.course.workers.process_pool import Lost
from utils.notebook_files.status import Status

CRASHED = {Status.KILLED, Status.LOST, Status.NOT_EXECUTED}  # not the notebook's own doing, perhaps


def see_through(jobs, perform, workers, on_outcome, stop, *, after=None, retries=1, on_look=lambda: None):
    """Have the workers perform the jobs, as many at a time as they want, and give ``on_outcome`` each job's last word.

    ``after`` maps a job to those that must have ended before it begins. A job whose worker was lost or whose kernel
    crashed is tried ``retries`` times more, after all the others. ``on_look`` is called several times a second. When
    ``stop.asked`` is true nothing new is begun; when ``stop.at_once`` is, what runs is ended.
    """
    after, attempts, unended, waiting = after or {}, Counter(), set(jobs), deque(jobs)

    def may_begin(job):
        return not stop.asked and unended.isdisjoint(after.get(job, ()))

    def look():
        if stop.at_once:
            workers.kill()
        on_look()

    for job, future in ended(workers, perform, waiting, may_begin, look):
        attempts[job] += 1
        outcome = _result(future, job)
        outcome.attempts = attempts[job]
        if stop.asked and outcome.status == Status.LOST:
            continue  # ended by whoever stopped the batch
        if outcome.status in CRASHED and attempts[job] <= retries and not stop.asked:
            waiting.append(job)
        else:
            unended.discard(job)
            on_outcome(outcome)


def _result(future, job):
    try:
        return future.result()
    except Lost as loss:
        return job.outcome(Status.LOST, f"the worker ended in the middle of it: {loss}")
    except Exception as error:
        return job.outcome(Status.LOST, f"{type(error).__name__}: {error}")
