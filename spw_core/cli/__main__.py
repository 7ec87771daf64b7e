"""`python -m spw_core.cli`, for places where the script is not on the path."""

from spw_core.cli import start

start()
