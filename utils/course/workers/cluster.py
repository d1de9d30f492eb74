"""Who performs a batch's jobs: processes of this machine, or the workers of a dask cluster."""

import os
from collections.abc import Callable
from concurrent.futures import Executor
from typing import NamedTuple

from utils.course.workers.process_pool import LocalPool

QUEUED_PER_THREAD = 2
CONNECT_SECONDS = 10
WORKER_MEMORY = 3000  # MB, where no bound is set for a notebook


class CannotStart(RuntimeError):
    """There is nobody to do the work; the message says why."""


class CrewGone(RuntimeError):
    """Nobody is left to do the work; the message says why."""


class Crew(NamedTuple):
    """An executor, how many jobs to give it at a time, and how to end those that it has."""

    executor: Executor
    window: Callable[[], int]
    kill: Callable[[], None]


def local_crew(workers=None):
    """A crew of processes on this machine, by default one a core. They begin to start now, not at their first job."""
    cores = os.cpu_count() or 1
    workers = workers or cores
    pool = LocalPool(workers)
    for _ in range(min(workers, cores)):
        pool.submit(_prepare)
    return Crew(pool, lambda: workers, pool.kill)


def _prepare():
    """Import what a job needs; the first page, too, takes its time."""
    from nbformat.v4 import new_notebook

    from utils.course.batches.perform import notebook_page

    notebook_page(new_notebook())


def cluster_crew(scheduler=None, system=None, workers=None, memory=None):
    """The crew for these options of ``course batch``; ``CannotStart`` if there is none."""
    try:
        from distributed import Client
    except ImportError as error:
        raise CannotStart("a cluster needs more packages: pip install 'convnet-course[cluster]'") from error
    if system:
        cluster = queued_cluster(system, memory)
        cluster.adapt(minimum_jobs=workers or 1, maximum_jobs=workers or 1)  # also starts anew those that ended
        return dask_crew(Client(cluster))
    try:
        return dask_crew(Client(scheduler, timeout=CONNECT_SECONDS))
    except (OSError, ValueError) as error:
        raise CannotStart(f"{scheduler}: no dask scheduler answers there: {error}") from error


def dask_crew(client):
    """The crew behind a ``distributed.Client``. What its workers have begun when it is killed, they finish unheard."""

    def window():
        if client.status == "closed":
            raise CrewGone("the dask scheduler is gone, and did not come back")
        try:
            return max(1, QUEUED_PER_THREAD * sum(client.nthreads().values()))
        except (OSError, TimeoutError):
            return 0  # the client is connecting again

    def kill():
        client.close(timeout=1)

    return Crew(client.get_executor(pure=False), window, kill)


def queued_cluster(system, memory=None):
    """A dask cluster whose workers are jobs of SLURM or PBS, each performing one notebook at a time.

    Queue, account, walltime and what a job runs first come from dask-jobqueue's own configuration file.
    """
    from dask_jobqueue import PBSCluster, SLURMCluster

    kind = {"slurm": SLURMCluster, "pbs": PBSCluster}[system]
    return kind(cores=1, processes=1, memory=f"{(memory or WORKER_MEMORY) + 500} MB")
