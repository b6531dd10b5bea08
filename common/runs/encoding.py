"""Packed codes of a data set's rows, in memory and on disk."""

import dataclasses
import os
from collections.abc import Callable

import numpy as np

from common.data import arrays
from common.data import pipeline
from common.data import splits
from common.hamming import codes
from common.metrics import evaluation
from common.models import base
from common.system import files

_PARTS = ("query_image", "query_text", "retrieval_image", "retrieval_text")
_MODALITIES = ("image", "text", "label")
_LABEL_PARTS = ("query_label", "retrieval_label")


@dataclasses.dataclass(frozen=True)
class Encoders:
    """Functions from float32 inputs [n, ...] to packed codes.

    A model's methods and an exported model's signatures both fit.

    Attributes:
        bits: K, the code length.
        image: Maps image features or pixels to [n, ceil(K / 8)] uint8.
        text: Maps bags of words to [n, ceil(K / 8)] uint8.
        label: Maps multi-hot labels to the same, or None.
    """

    bits: int
    image: Callable
    text: Callable
    label: Callable | None = None

    def image_codes(
        self, data: arrays.CrossModalData, rows: np.ndarray
    ) -> codes.PackedCodes:
        """Hashes the images of the chosen rows, in order."""
        return self._encode(self.image, data.image_features, rows)

    def text_codes(
        self, data: arrays.CrossModalData, rows: np.ndarray
    ) -> codes.PackedCodes:
        """Hashes the texts of the chosen rows, in order."""
        return self._encode(self.text, data.text_features, rows)

    def label_codes(
        self, data: arrays.CrossModalData, rows: np.ndarray
    ) -> codes.PackedCodes | None:
        """Hashes the labels of the chosen rows; None without an encoder."""
        if self.label is None:
            return None
        return self._encode(
            self.label, lambda at: data.labels[at].astype(np.float32), rows
        )

    def _encode(self, encoder, features, rows) -> codes.PackedCodes:
        packed = pipeline.encode(
            encoder, lambda block: features(rows[block]), len(rows)
        )
        return codes.PackedCodes(packed, self.bits)


def model_encoders(model: base.HashingModel) -> Encoders:
    """The encoders of a model in memory."""
    signatures = model.signatures()
    label = signatures.get("encode_label")
    return Encoders(
        model.bits,
        model.encode_image,
        model.encode_text,
        label.encode if label else None,
    )


@dataclasses.dataclass(frozen=True)
class SplitCodes:
    """Codes of the query and retrieval parts, one per modality.

    Label codes are there only where the method hashes labels.
    """

    query_image: codes.PackedCodes
    query_text: codes.PackedCodes
    retrieval_image: codes.PackedCodes
    retrieval_text: codes.PackedCodes
    query_label: codes.PackedCodes | None = None
    retrieval_label: codes.PackedCodes | None = None

    def save(self, path: str | os.PathLike) -> None:
        """Writes the packed rows and the code length as one `.npz`."""
        parts = _PARTS if self.query_label is None else _PARTS + _LABEL_PARTS
        rows = {part: getattr(self, part).rows for part in parts}
        files.write_npz(path, bits=np.array(self.query_image.bits), **rows)

    def evaluation(
        self, query_labels: np.ndarray, retrieval_labels: np.ndarray
    ) -> evaluation.Evaluation:
        """Both directions of cross-modal retrieval with these codes."""
        return evaluation.Evaluation(
            self.query_image,
            self.query_text,
            self.retrieval_image,
            self.retrieval_text,
            query_labels,
            retrieval_labels,
        )

    def statistics(self) -> dict:
        """What codes tell without labels: `bits`, and `codes` of each kind."""
        return {
            "bits": self.query_image.bits,
            "codes": evaluation.code_statistics(
                self.retrieval_image, self.retrieval_text
            ),
        }

    def label_directions(
        self, query_labels: np.ndarray, retrieval_labels: np.ndarray
    ) -> dict:
        """All nine directions as `{"directions": ...}`.

        Empty where the method hashes no labels.
        """
        if self.query_label is None:
            return {}
        parts = [
            {name: getattr(self, f"{side}_{name}") for name in _MODALITIES}
            for side in ("query", "retrieval")
        ]
        return {
            "directions": evaluation.all_directions(
                *parts,
                query_labels,
                retrieval_labels,
            )
        }


def load(path: str | os.PathLike) -> SplitCodes:
    """Reads what `SplitCodes.save` wrote.

    Raises:
        ValueError: The file does not hold such codes.
    """
    try:
        stored = files.read_npz(path, expect_digest=True)
        parts = _PARTS + (_LABEL_PARTS if _LABEL_PARTS[0] in stored else ())
        bits = int(stored["bits"])
        return SplitCodes(
            *(codes.PackedCodes(stored[part], bits) for part in parts)
        )
    except (KeyError, ValueError, TypeError) as error:
        raise ValueError(
            f"{path} does not hold the codes of a run: {error}"
        ) from error


def encode_split(
    encoders: Encoders,
    data: arrays.CrossModalData,
    query: np.ndarray,
    retrieval: np.ndarray,
) -> SplitCodes:
    """Hashes every modality of query and retrieval rows."""
    return SplitCodes(
        encoders.image_codes(data, query),
        encoders.text_codes(data, query),
        encoders.image_codes(data, retrieval),
        encoders.text_codes(data, retrieval),
        encoders.label_codes(data, query),
        encoders.label_codes(data, retrieval),
    )


def split_labels(
    data: arrays.CrossModalData, split: splits.Split
) -> tuple[np.ndarray, np.ndarray]:
    """Labels of the query and of the retrieval rows.

    Raises:
        ValueError: The data set has no labels.
    """
    if data.labels is None:
        raise ValueError(
            "The data set has no `labels`, and a MAP needs them to tell which "
            "items are relevant; add `labels` [n, c] of 0 and 1."
        )
    return data.labels[split.query], data.labels[split.retrieval]
