"""How the bytes of a file lie in the database: as they are, or compressed where that pays."""

from __future__ import annotations

from spw_core.digest import sha256_hex
from spw_core.errors import CorruptStore

REPAIR_HINT = "`spw doctor --rebuild` saves what is readable and builds the rest anew."

PLAIN = ""
ZLIB = "zlib"

# Below this a page is hardly saved, and most files of a run are below it.
_WORTH_TRYING = 4096
_WORTH_KEEPING = 0.8
_LEVEL = 1  # higher levels gain a tenth on Markdown and cost three times as much


class DamagedBytes(CorruptStore, ValueError):
    """Stored bytes that cannot be unpacked."""


def pack(content: bytes | None) -> tuple[bytes | None, str]:
    """(stored bytes, encoding) for the bytes of a file."""
    if content is not None and len(content) >= _WORTH_TRYING:
        import zlib  # by those who need it: small commands do not

        packed = zlib.compress(content, _LEVEL)
        if len(packed) < len(content) * _WORTH_KEEPING:
            return packed, ZLIB
    return content, PLAIN


def unpack_sound(stored: bytes | None, encoding: str, content_hash: str) -> bytes | None:
    """As `unpack`, for bytes that leave the database: they must have the SHA-256 they were stored with.

    SQLite does not notice a page whose bytes were changed, and wrong bytes are worse than none.
    """
    content = unpack(stored, encoding)
    if content is not None and sha256_hex(content) != content_hash:
        raise DamagedBytes("the stored bytes have another hash", REPAIR_HINT)
    return content


def unpack(stored: bytes | None, encoding: str) -> bytes | None:
    """The bytes that `pack` was given. Raises DamagedBytes."""
    if stored is None or encoding == PLAIN:
        return stored
    if encoding != ZLIB:
        raise DamagedBytes(
            f"stored in an encoding that this version does not know: {encoding!r}", REPAIR_HINT
        )
    import zlib

    try:
        return zlib.decompress(stored)
    except zlib.error as error:
        raise DamagedBytes(f"the stored bytes are damaged: {error}", REPAIR_HINT) from error
