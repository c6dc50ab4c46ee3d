"""JupyterLab on a workspace, set so that it serves its own user on this machine, and nobody else."""
