"""Who performs the jobs: processes of this machine, or the workers of a dask cluster."""
