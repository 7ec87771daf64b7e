"""`python -m spw_core.cli`, for places where the script is not on the path."""

import sys

from spw_core.cli import main

sys.exit(main())
