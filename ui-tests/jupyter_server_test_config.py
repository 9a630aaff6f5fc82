"""The server of the browser stories: Galata's test settings, behind a base URL as under JupyterHub."""

import os

from jupyterlab.galata import configure_jupyter_server

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - the loader of this file provides it
configure_jupyter_server(c)

c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port = int(os.environ["ENVMANAGER_PORT"])
# What JupyterHub puts before everything: an address built without it is a bug that a plain server hides.
c.ServerApp.base_url = "/user/ann/"
c.EnvManagerApp.pypi_index = os.environ["ENVMANAGER_INDEX"]
c.EnvManagerApp.environment_templates = [os.environ["ENVMANAGER_TEMPLATES"]]
# What a group shares, and where its files may be fetched from.
c.EnvManagerApp.shared_locations = [{"path": os.environ["ENVMANAGER_SHARED"], "label": "The lab's"}]
c.EnvManagerApp.file_urls = [os.environ["ENVMANAGER_FILES"]]
# What most users of a cluster have: GPUs elsewhere.
c.EnvManagerApp.gpu_targets = [
    {
        "name": "h100",
        "title": "H100 nodes",
        "description": "partition gpu",
        "cuda": "12.6",
        "compute_capability": "9.0",
    }
]
# Containers run tests as root.
c.ServerApp.allow_root = True
# Starts and redirects are no news between the stories.
c.Application.log_level = "WARN"
# Notebook 7 is started by the same server; Galata finds each application in `window.jupyterapp`.
c.JupyterNotebookApp.expose_app_in_browser = True
