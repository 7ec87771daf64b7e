"""A BERT-family encoder evaluated in numpy, and the pooling of its outputs to one vector for each text.

Devlin et al., "BERT", 2018; post-norm layers, learned positions, GELU. MiniLM, bge and e5 (also the
multilingual ones) are of this shape. Padding is masked out of attention and pooling alike.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spw_core.search.scan import Floats

_MASKED = np.float32(-1e9)
_TENSORS_OF_LAYER = (
    *("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"),
    *("attention.output.LayerNorm", "intermediate.dense", "output.dense", "output.LayerNorm"),
)
_EMBEDDINGS = ("word_embeddings", "position_embeddings", "token_type_embeddings")


class NotThisModel(ValueError):
    """The files do not describe a BERT encoder that can be evaluated here."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What `config.json` says."""

    layers: int
    heads: int
    width: int
    positions: int
    epsilon: float

    @classmethod
    def of(cls, config: Mapping[str, object]) -> Shape:
        """Raises NotThisModel for another architecture or missing numbers."""
        if config.get("model_type") != "bert":
            raise NotThisModel(f"model type {config.get('model_type')!r} is not supported, only 'bert'")
        if config.get("hidden_act", "gelu") != "gelu":
            raise NotThisModel(f"activation {config.get('hidden_act')!r} is not supported, only 'gelu'")
        if config.get("position_embedding_type", "absolute") != "absolute":
            raise NotThisModel("relative positions are not supported")
        names = ("num_hidden_layers", "num_attention_heads", "hidden_size", "max_position_embeddings")
        numbers = [config.get(name) for name in names]
        layers, heads, width, positions = (
            value if isinstance(value, int) and not isinstance(value, bool) else 0 for value in numbers
        )
        epsilon = config.get("layer_norm_eps", 1e-12)
        if min(layers, heads, width, positions) < 1 or width % heads or not isinstance(epsilon, float | int):
            raise NotThisModel(f"config.json does not say {', '.join(names)}")
        return cls(layers, heads, width, positions, float(epsilon))


@dataclass(frozen=True, slots=True)
class Encoder:
    """Weights by their usual names, float32, and `by_first` for pooling by the first token, else the mean."""

    shape: Shape
    tensors: Mapping[str, Floats]
    by_first: bool

    @classmethod
    def of(cls, shape: Shape, tensors: Mapping[str, npt.NDArray[np.generic]], *, by_first: bool) -> Encoder:
        """Raises NotThisModel when a tensor is missing or of another shape."""
        usable = {
            name.removeprefix("bert."): np.ascontiguousarray(tensor, np.float32)
            for name, tensor in tensors.items()
            if np.issubdtype(tensor.dtype, np.floating)
        }
        wanted = [f"embeddings.{name}.weight" for name in _EMBEDDINGS]
        wanted += [f"embeddings.LayerNorm.{kind}" for kind in ("weight", "bias")]
        wanted += [
            f"encoder.layer.{layer}.{name}.{kind}"
            for layer in range(shape.layers)
            for name in _TENSORS_OF_LAYER
            for kind in ("weight", "bias")
        ]
        missing = [name for name in wanted if name not in usable]
        if missing:
            raise NotThisModel(f"model.safetensors has no {missing[0]}")
        if usable["embeddings.word_embeddings.weight"].shape[1:] != (shape.width,):
            raise NotThisModel("model.safetensors and config.json disagree about the width")
        return cls(shape, usable, by_first)

    def encode(self, ids: Sequence[Sequence[int]]) -> Floats:
        """Unit vectors for texts given as token ids, one row each. Ids beyond the last position are cut."""
        longest = min(max(map(len, ids)), self.shape.positions)
        tokens = np.zeros((len(ids), longest), np.intp)
        mask = np.zeros((len(ids), longest), np.float32)
        for row, text in enumerate(ids):
            length = min(len(text), longest)
            tokens[row, :length] = text[:length]
            mask[row, :length] = 1
        states = self._embedded(tokens)
        attention_mask = ((1 - mask) * _MASKED)[:, None, None, :]
        for layer in range(self.shape.layers):
            states = self._layer(states, attention_mask, f"encoder.layer.{layer}.")
        pooled = states[:, 0] if self.by_first else (states * mask[:, :, None]).sum(axis=1)
        vectors: Floats = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        return vectors

    def _embedded(self, tokens: npt.NDArray[np.intp]) -> Floats:
        words, positions, types = (self.tensors[f"embeddings.{name}.weight"] for name in _EMBEDDINGS)
        states = words[tokens] + positions[: tokens.shape[1]] + types[0]
        return self._normed(states, "embeddings.LayerNorm")

    def _layer(self, states: Floats, mask: Floats, prefix: str) -> Floats:
        batch, length, width = states.shape
        heads = self.shape.heads
        size = width // heads

        def split(name: str) -> Floats:
            projected = self._linear(states, f"{prefix}attention.self.{name}")
            return projected.reshape(batch, length, heads, size).transpose(0, 2, 1, 3)

        query, key, value = split("query"), split("key"), split("value")
        scores = query @ key.transpose(0, 1, 3, 2) * np.float32(1 / math.sqrt(size)) + mask
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        mixed = (scores / scores.sum(axis=-1, keepdims=True)) @ value
        joined = mixed.transpose(0, 2, 1, 3).reshape(batch, length, width)
        attended = self._linear(joined, f"{prefix}attention.output.dense") + states
        attended = self._normed(attended, f"{prefix}attention.output.LayerNorm")
        inner = gelu(self._linear(attended, f"{prefix}intermediate.dense"))
        return self._normed(
            self._linear(inner, f"{prefix}output.dense") + attended, f"{prefix}output.LayerNorm"
        )

    def _linear(self, states: Floats, name: str) -> Floats:
        result: Floats = states @ self.tensors[f"{name}.weight"].T + self.tensors[f"{name}.bias"]
        return result

    def _normed(self, states: Floats, name: str) -> Floats:
        centred = states - states.mean(axis=-1, keepdims=True)
        variance = (centred * centred).mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt(variance + np.float32(self.shape.epsilon))
        result: Floats = scaled * self.tensors[f"{name}.weight"] + self.tensors[f"{name}.bias"]
        return result


def gelu(x: Floats) -> Floats:
    """x · Φ(x), with erf by Abramowitz and Stegun 7.1.26 (off by less than 2e-7); numpy has none."""
    z = np.abs(x) * np.float32(math.sqrt(0.5))
    t = 1 / (1 + np.float32(0.3275911) * z)
    polynomial: Any = np.float32(1.061405429)
    for coefficient in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        polynomial = polynomial * t + np.float32(coefficient)
    erf = np.copysign(1 - polynomial * t * np.exp(-z * z), x)
    result: Floats = np.float32(0.5) * x * (1 + erf)
    return result
