"""What embedders that ask a server share: batches, prefixes, checks, halving what is too long, and leaving
out what the model stumbles over."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from spw_core.search.embedders import EmbedderFailed, Model
from spw_core.search.embedders.http import Server
from spw_core.search.scan import Floats, InvalidVector, unit_rows

# A text is cut in half at most so often before it is given up.
_HALVINGS = 6
_SHORTEST = 64


class TooLong(EmbedderFailed):
    """The server refused a batch for something in it: too long for the model, most of the time."""


class Stumbled(EmbedderFailed):
    """The server failed at a batch: for all texts, or for one of them of which its model makes no numbers."""


# Every model makes a vector of it.
_HARMLESS = "dimension"

# From a server, the name of a model, texts and seconds to lists of numbers, one for each text. Raises
# EmbedderFailed, TooLong, Stumbled.
Ask = Callable[[Server, str, Sequence[str], float], object]


class ServedEmbedder:
    """Embeds with a model that is known, by whatever `ask` does with its server."""

    def __init__(
        self,
        server: Server,
        model: Model,
        ask: Ask,
        *,
        timeout_s: float,
        query_timeout_s: float,
        batch_size: int = 32,
    ) -> None:
        self._server = server
        self._model = model
        self._ask = ask
        self._timeout_s = timeout_s
        self._query_timeout_s = query_timeout_s
        self._batch_size = batch_size

    @property
    def model(self) -> Model:
        return self._model

    def embed_documents(self, texts: Sequence[str]) -> list[Floats | None]:
        vectors: list[Floats | None] = []
        for start in range(0, len(texts), self._batch_size):
            batch = [self._model.document_prefix + text for text in texts[start : start + self._batch_size]]
            vectors += self._batch(batch)
        return vectors

    def embed_query(self, text: str) -> Floats | None:
        return self._asked([self._model.query_prefix + text], self._query_timeout_s)[0]

    def _asked(self, texts: Sequence[str], timeout_s: float | None = None) -> list[Floats | None]:
        answer = self._ask(self._server, self._model.name, texts, timeout_s or self._timeout_s)
        return checked(answer, len(texts), self._model.dimension)

    def _batch(self, texts: list[str]) -> list[Floats | None]:
        try:
            return self._asked(texts)
        except TooLong:
            if len(texts) == 1:
                return [self._shortened(texts[0])]
        except Stumbled:
            # One text must not keep all others waiting for ever; but without the server there is no result.
            self._asked([_HARMLESS])
            if len(texts) == 1:
                return [None]
        middle = len(texts) // 2
        return self._batch(texts[:middle]) + self._batch(texts[middle:])

    def _shortened(self, text: str) -> Floats | None:
        """The vector of as much of a text as the server takes; None when it takes none of it."""
        for _ in range(_HALVINGS):
            text = text[: len(text) // 2]
            if len(text) < _SHORTEST:
                break
            try:
                return self._asked([text])[0]
            except TooLong:
                continue
        return None


def checked(answer: object, count: int, dimension: int) -> list[Floats | None]:
    """As many unit vectors as texts were sent. Raises EmbedderFailed for anything else,
    Stumbled where it may be that of a single text."""
    if not isinstance(answer, list) or len(answer) != count:
        got = len(answer) if isinstance(answer, list) else "no list"
        raise EmbedderFailed(f"the server sent {got} vectors for {count} texts")
    vectors: list[Floats | None] = []
    for numbers in answer:
        if not isinstance(numbers, list):
            raise Stumbled("the server sent something that is no vector")
        if len(numbers) != dimension:
            raise EmbedderFailed(f"the server sent {len(numbers)} dimensions instead of {dimension}")
        try:
            [unit] = unit_rows([numbers], dimension)
        except InvalidVector as error:
            raise Stumbled(f"the server sent a bad vector: {error.message}") from error
        vectors.append(unit)
    return vectors


def dimension_of(answer: object) -> int:
    """How many numbers the vector for one text has. Raises EmbedderFailed when there is none."""
    if not isinstance(answer, list) or len(answer) != 1 or not isinstance(answer[0], list) or not answer[0]:
        raise EmbedderFailed("the server sent no vector")
    dimension = len(answer[0])
    checked(answer, 1, dimension)
    return dimension
