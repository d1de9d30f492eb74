"""The data sets that have to be fetched, by name: a module each."""

import shutil

from data_scripts import cats_vs_dogs, cifar10, fashion_mnist
from data_scripts.fetch import alone, disk_errors, fetch, sync_folder
from data_scripts.prepared import cache_folder, prepared

DATA_SETS = {module.NAME: module for module in (fashion_mnist, cifar10, cats_vs_dogs)}


def available(name):
    """The arrays of a data set that is on this machine (``prepared`` says which), or ``None``; downloads nothing."""
    arrays = prepared(name)
    if arrays is None and name == fashion_mnist.NAME:
        return fashion_mnist.installed()
    return arrays


def fetch_data_set(name, **how):
    """Download, check and prepare a data set; what is there already is kept. ``how`` goes to ``fetch``.

    The data set appears in the cache folder all at once or not at all; its archives are deleted then.
    Raises ``FetchError``.
    """
    module, cache = DATA_SETS[name], cache_folder()
    folder, unfinished, downloads = cache / name, cache / f".{name}.part", cache / "downloads"
    with disk_errors(folder), alone(cache):
        if available(name) is not None:
            return
        archives = [fetch(remote, downloads, **how) for remote in module.FILES]
        shutil.rmtree(unfinished, ignore_errors=True)
        try:
            module.prepare(downloads, unfinished)
            shutil.rmtree(folder, ignore_errors=True)  # what is there is damaged
            unfinished.rename(folder)
            sync_folder(cache)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        for archive in archives:
            archive.unlink()
