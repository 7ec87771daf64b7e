"""`python -m spw_core.hook EVENT`: the form for Windows, where the script cannot be run by its name."""

from spw_core.hook.main import start

if __name__ == "__main__":
    start()
