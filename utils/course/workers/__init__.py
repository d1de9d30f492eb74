"""Those who perform the jobs: processes of this machine, or the workers of a dask cluster.

They run any function that they are given, and do not know what a notebook is.
"""
