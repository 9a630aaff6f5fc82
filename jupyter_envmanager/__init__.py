"""The environment manager for JupyterLab."""
