"""Where may a new environment go, and what may it be called?

::

    allowed    the folders that are allowed here: the prefix of a request, the file that one names
    names      what an environment may be called
    free       whether one can be made at a prefix
    locations  the locations for names, as the panel shows them
    space      how much room there is
    picker     the sub-folders of a folder, to choose from
"""

from .allowed import Targets
from .locations import locations
from .space import nearest_folder, too_full

__all__ = ["Targets", "locations", "nearest_folder", "too_full"]
