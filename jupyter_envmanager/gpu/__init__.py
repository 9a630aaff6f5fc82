"""GPUs: which are here, which an environment is for, which build a package is, and whether it works.

::

    nvml        NVML -> what this machine has; the only importer of pynvml
    processes   who is the process that uses a GPU?
    troubles    a driver that does not answer as it should, in words
    figures     CUDA versions and compute capabilities as people write them
    target      what an environment can be made for: this machine, a target of the site, none
    versions    does this CUDA version fit that constraint?
    builds      a record -> is it a GPU build, and for which CUDA?
    candidates  packages that are worth a look at all their variants
    advice      target, plan and variants -> which build came out, why, and what helps; pure
    wheels      what to ask of the Python package index for a target: which index (torchwheels), which extra
    wheelbuilds a wheel -> is it a GPU build, and for which CUDA? What that means: wheeladvice
    check       ask the frameworks of an environment, inside the environment
    asking      what runs there; running starts it, and ends it with all that it has started
    verdict     what they have told -> does it work, and if not, why?
    archs       does code for these architectures run on that device?
    installed   which GPU and CPU builds are in an environment?
    results     what the last checks found, kept over restarts
"""

from .nvml import NO_DEVICES, NO_DRIVER, probe

__all__ = ["NO_DEVICES", "NO_DRIVER", "probe"]
