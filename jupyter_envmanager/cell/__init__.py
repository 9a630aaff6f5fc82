"""The service in a cell of a notebook: ``%envmanager …``, and ``kernels.create()``."""
