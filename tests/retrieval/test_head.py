"""The map behind the encoder: which encoder it belongs to, and what it does to texts that resemble each other."""

import numpy as np
import pytest

from retrieval.calibration import CALIBRATION_PATH
from retrieval.head import HEAD_PATH, Head, NoHead, find_head, fit_head

MANY = np.random.default_rng(0).normal(size=(500, 24)).astype(np.float32) * np.linspace(3, 0.1, 24) + 2
VECTORS = (MANY / np.linalg.norm(MANY, axis=1, keepdims=True)).astype(np.float32)


def test_it_belongs_to_the_encoder_the_calibration_belongs_to() -> None:
    model_id = str(np.load(HEAD_PATH)["model_id"])
    assert model_id in CALIBRATION_PATH.read_text(encoding="utf-8")
    assert isinstance(find_head(model_id.partition("#")[0] + "#another"), Head)


def test_it_leaves_another_encoders_vectors_as_they_are() -> None:
    head = find_head("another/model@0123#onnx-int8")
    assert isinstance(head, NoHead)
    assert head.apply(VECTORS) is VECTORS


def test_it_counts_a_difference_for_less_where_texts_differ_anyway() -> None:
    head = fit_head(VECTORS)
    assert np.linalg.norm(head.apply(VECTORS), axis=1) == pytest.approx(1, abs=1e-5)
    text, step = VECTORS[3], np.eye(24, dtype=np.float32) * 0.1
    widest, narrowest = (head.apply(text + step[axis]) @ head.apply(text) for axis in (0, 23))
    assert 1 - widest < (1 - narrowest) / 2


def test_it_brings_languages_together_and_keeps_what_they_say_apart() -> None:
    random = np.random.default_rng(1)
    said = random.normal(size=(40, 24)) / 1.5
    rows = [said + 3 * random.normal(size=24) for _ in range(4)]
    languages = [(one / np.linalg.norm(one, axis=1, keepdims=True)).astype(np.float32) for one in rows]

    def found_among_both(head: Head) -> float:
        """How many texts are nearer to themselves in the other language than to anything else in their own."""
        one, other = head.apply(languages[0]), head.apply(languages[1])
        strangers = one @ one.T - 2 * np.eye(len(said))
        return float((np.sum(one * other, axis=1) > strangers.max(axis=1)).mean())

    alone, helped = found_among_both(fit_head(languages[0])), found_among_both(fit_head(languages[0], languages))
    assert helped > alone + 0.2


def test_it_maps_one_vector_as_it_maps_many() -> None:
    head = fit_head(VECTORS)
    assert head.apply(VECTORS[3]) == pytest.approx(head.apply(VECTORS)[3], abs=1e-5)


def test_it_names_itself_by_what_it_does() -> None:
    head = fit_head(VECTORS)
    assert head.head_id != fit_head(VECTORS[:400]).head_id
    assert head.head_id == Head(head.matrix.copy()).head_id
