"""spw_core: the local, searchable memory of spec-driven agent work.

The public names are loaded on first use, so that the hook, which lives in this
package too, pays for nothing it does not need (PEP 562).
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from spw_core.api import Spec as Spec
    from spw_core.api import Workspace as Workspace
    from spw_core.errors import SpwError as SpwError
    from spw_core.search.library import Document as Document
    from spw_core.search.library import SearchIndex as SearchIndex

__version__ = "0.1.0"
__all__ = ["Document", "SearchIndex", "Spec", "SpwError", "Workspace", "__version__"]

_HOMES = {
    "Workspace": "spw_core.api",
    "Spec": "spw_core.api",
    "SpwError": "spw_core.errors",
    "SearchIndex": "spw_core.search.library",
    "Document": "spw_core.search.library",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(home), name)
