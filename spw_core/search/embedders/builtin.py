"""The embedder that is always there: no model, no network, learned from the workspace's own texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from spw_core.search.embedders import BUILTIN, Model
from spw_core.search.embedders.bag import stem, weigh_words
from spw_core.search.embedders.random_index import DIMENSION, Known, embed
from spw_core.search.scan import Floats

_NAME = "subword-1"


def builtin_model(generation: str) -> Model:
    """The model that learns, or has learned, what is stored with this generation."""
    return Model(BUILTIN, _NAME, DIMENSION, generation)


class BuiltinEmbedder:
    """Embeds with what was learned from `texts` texts; `look_up` gives what is known of some stems."""

    def __init__(self, model: Model, texts: int, look_up: Callable[[list[str]], Known]) -> None:
        self._model = model
        self._texts = texts
        self._look_up = look_up
        self._known: dict[str, tuple[int, bytes]] = {}
        self._asked: set[str] = set()

    @property
    def model(self) -> Model:
        return self._model

    def embed_documents(self, texts: Sequence[str]) -> list[Floats | None]:
        bags = [weigh_words(text) for text in texts]
        stems = {stem(word) for bag in bags for word in bag} - self._asked
        if stems:
            self._known.update(self._look_up(sorted(stems)))
            self._asked |= stems
        return embed(bags, self._known, self._texts)

    def embed_query(self, text: str) -> Floats | None:
        return self.embed_documents([text])[0]
