"""``python -m tinyae``."""

import sys

from tinyae.cli import main

sys.exit(main())
