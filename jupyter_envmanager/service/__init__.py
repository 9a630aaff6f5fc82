"""The use cases, for REST and the command line alike: of environments, of kernels, of notebooks.

They check policy, ask the engine, and submit jobs. They know nothing of HTTP; what may block runs in a thread.

::

    environments  everything a user can do: puts the others together
    listing       which environments there are, with which kernels, and what works on them
    sizes         measures those whose size nobody knows yet
    status        what the panel needs before anything else
    catalogue     what the channels and the Python package index offer
    creator       previews of new environments, and the jobs that make them
    removal       what goes with an environment, and the job that removes it
    kernels       kernelspecs: listed, registered, edited, moved, test-started, removed
    notebooks     what their code needs, where their install lines lead; portrait describes an environment for them
    gpu           what is here, what environments are for; gpuchecks: does it work in them?
    files         files that say what an environment is made of; fetching, addresses, hangup bring one from the site
    comparisons   how an environment differs from another one, or from a file
    exports       an environment as a file; leftout says what that does not have
    packs         environments as archives
    sharing       can the group use an environment, and who can change it?
    terminals     an environment outside a notebook
"""

from .environments import EnvManagerService

__all__ = ["EnvManagerService"]
