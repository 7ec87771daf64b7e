"""SHA-256 for small commands.

`hashlib` loads OpenSSL, which hashes five times as fast as Python's own module, and takes as long to load as
that takes for a megabyte. CPython's `random` gets its SHA-512 in the same way.
"""

from __future__ import annotations

import sys
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hashlib import _Hash

_OWN = ("_sha2", "_sha256")  # of Python 3.12, and of 3.11; some systems ship neither


def new_sha256(content: bytes = b"") -> _Hash:
    """A SHA-256 that was given `content`: OpenSSL's where something has loaded that, else Python's own."""
    if "hashlib" not in sys.modules:
        for name in _OWN:
            with suppress(ImportError):
                own: _Hash = __import__(name).sha256(content)
                return own
    from hashlib import sha256

    return sha256(content)


def sha256_hex(content: bytes) -> str:
    """The SHA-256 of some bytes in hexadecimal."""
    return new_sha256(content).hexdigest()
