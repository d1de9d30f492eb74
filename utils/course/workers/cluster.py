"""The workers of a dask cluster: one that runs, or one whose workers are jobs of SLURM or PBS."""

import shutil

QUEUED_PER_THREAD = 2
CONNECT_SECONDS = 10  # for a scheduler that may not be there at all
RECONNECT_SECONDS = 60  # for one that was there, and is being started anew
WORKER_MEMORY = 3000  # MB, where no bound is set for a notebook
SUBMIT = {"slurm": "sbatch", "pbs": "qsub"}


class CannotStart(RuntimeError):
    """There is nobody to do the work; the message says why."""


class WorkersGone(RuntimeError):
    """Nobody is left to do the work; the message says why."""


def cluster_workers(scheduler=None, system=None, workers=None, memory=None):
    """The ``DaskWorkers`` for these options of ``course batch``; ``CannotStart`` if there are none."""
    if system and not shutil.which(SUBMIT[system]):
        raise CannotStart(f"--{system}: there is no command {SUBMIT[system]} here; type this where jobs are submitted")
    try:
        from distributed import Client
    except ImportError as error:
        raise CannotStart("a cluster needs more packages: pip install 'convnet-course[cluster]'") from error
    if system:
        cluster = queued_cluster(system, memory)
        cluster.adapt(minimum_jobs=workers or 1, maximum_jobs=workers or 1)  # also starts anew those that ended
        return DaskWorkers(Client(cluster))
    try:
        Client(scheduler, timeout=CONNECT_SECONDS).close()
        return DaskWorkers(Client(scheduler, timeout=RECONNECT_SECONDS))
    except (OSError, ValueError) as error:
        raise CannotStart(f"{scheduler}: no dask scheduler answers there: {error}") from error


class DaskWorkers:
    """The workers behind a ``distributed.Client``. What they have begun when it is killed, they finish unheard."""

    def __init__(self, client):
        self._client, self._executor = client, client.get_executor(pure=False)

    def window(self):
        """How many calls to give them at a time: 0 while the client connects again, ``WorkersGone`` if it cannot."""
        if self._client.status == "closed":
            raise WorkersGone("the dask scheduler is gone, and did not come back")
        try:
            return max(1, QUEUED_PER_THREAD * sum(self._client.nthreads().values()))
        except (OSError, TimeoutError):
            return 0

    def submit(self, function, /, *arguments):
        return self._executor.submit(function, *arguments)

    def kill(self):
        """Hear no more of the calls."""
        self._client.close(timeout=1)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if exception[0]:
            self.kill()
        else:
            self._executor.shutdown()


def queued_cluster(system, memory=None):
    """A dask cluster whose workers are jobs of SLURM or PBS, each performing one notebook at a time.

    Queue, account, walltime and what a job runs first come from dask-jobqueue's own configuration file.
    """
    from dask_jobqueue import PBSCluster, SLURMCluster

    kind = {"slurm": SLURMCluster, "pbs": PBSCluster}[system]
    return kind(cores=1, processes=1, memory=f"{(memory or WORKER_MEMORY) + 500} MB")
