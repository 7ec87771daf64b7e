"""What turns texts into vectors, behind one protocol. Importing this loads no numpy and no network."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Protocol

from spw_core.errors import SpwError

if TYPE_CHECKING:
    from spw_core.search.scan import Floats

BUILTIN, LOCAL, OLLAMA, OPENAI = "builtin", "local", "ollama", "openai"

# Grows when the texts of chunks are made differently, so that their vectors are made anew.
_CHUNK_SCHEME = 1


class EmbedderFailed(SpwError):
    """No vectors could be had. The message says why in a few words, without the content of any text."""


@dataclass(frozen=True, slots=True)
class Model:
    """What vectors come from. Two models with equal fingerprints make the same vectors of the same texts.

    `digest` tells versions of one name apart; for the built-in embedder it is what it learned.
    """

    provider: str
    name: str
    dimension: int
    digest: str = ""
    query_prefix: str = ""
    document_prefix: str = ""

    @property
    def fingerprint(self) -> str:
        text = json.dumps([_CHUNK_SCHEME, *asdict(self).values()])
        return f"{self.provider}:{self.name}:{hashlib.sha256(text.encode()).hexdigest()[:16]}"

    @property
    def title(self) -> str:
        """For people."""
        return "built-in vectors" if self.provider == BUILTIN else f"{self.name} ({self.provider})"

    @classmethod
    def from_details(cls, details: Mapping[str, object]) -> Model | None:
        """The model as `asdict` wrote it; None for anything else."""
        stored = details.get("model")
        names = [column.name for column in fields(cls)]
        if not isinstance(stored, Mapping) or set(stored) != set(names):
            return None
        model = cls(**stored)
        defaults = cls("", "", 0)
        fits = all(type(getattr(model, name)) is type(getattr(defaults, name)) for name in names)
        return model if fits and model.dimension > 0 else None


class Embedder(Protocol):
    """Makes vectors of unit length. Both methods raise EmbedderFailed, and never anything else."""

    @property
    def model(self) -> Model: ...

    def embed_documents(self, texts: Sequence[str]) -> list[Floats | None]:
        """One vector for each text; None for a text that can have none, now or later."""
        ...

    def embed_query(self, text: str) -> Floats | None:
        """The vector of a query; None when there is nothing in it that has a meaning."""
        ...
