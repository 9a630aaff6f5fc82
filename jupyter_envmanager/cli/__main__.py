"""``python -m jupyter_envmanager.cli``."""

import sys

from .main import main

sys.exit(main())
