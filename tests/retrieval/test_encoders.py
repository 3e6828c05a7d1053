"""The contract of an `Encoder`, over the one that serves and over the door."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from retrieval.bundled_model import NAME, PROMPTS
from retrieval.onnx_encoder import OnnxEncoder, open_encoder
from retrieval.parity_texts import ODD_TEXTS, PARITY_TEXTS
from retrieval.types import Encoder

if TYPE_CHECKING:
    from retrieval.sentence_transformers_encoder import SentenceTransformersEncoder

pytestmark = [pytest.mark.model, pytest.mark.filterwarnings("ignore")]

CLAIM, SAME_CLAIM, OTHER = "喝溫檸檬水可以治好癌症", "溫檸檬水能殺死癌細胞", "颱風天台電今晚八點全台停電"


@pytest.fixture(scope="session")
def onnx(encoder_folder: Path) -> OnnxEncoder:
    return open_encoder(encoder_folder)


@pytest.fixture(scope="session")
def door() -> "SentenceTransformersEncoder":
    from retrieval.sentence_transformers_encoder import open_sentence_transformers  # torch: seconds of every collection

    return open_sentence_transformers(NAME)


@pytest.fixture(params=["onnx", "door"])
def encoder(request: pytest.FixtureRequest) -> Encoder:
    chosen: Encoder = request.getfixturevalue(request.param)
    return chosen


def test_it_names_its_weights_and_how_they_are_run(onnx: OnnxEncoder, door: "SentenceTransformersEncoder") -> None:
    assert onnx.model_id.startswith(f"{NAME}@")
    assert onnx.model_id.partition("#")[0] == door.model_id.partition("#")[0]
    assert onnx.model_id != door.model_id
    assert onnx.dimension == door.dimension == 384


def test_it_gives_one_unit_row_a_text(encoder: Encoder) -> None:
    vectors = encoder.encode([CLAIM, OTHER, CLAIM])

    assert vectors.shape == (3, encoder.dimension)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    assert np.allclose(vectors[0], vectors[2], atol=1e-6)


def test_it_gives_no_rows_for_no_texts(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.dimension)


def test_it_puts_the_same_claim_nearer_than_another(encoder: Encoder) -> None:
    claim, same, other = encoder.encode([CLAIM, SAME_CLAIM, OTHER])

    assert claim @ same > claim @ other + 0.03


@pytest.mark.parametrize("text", ["", " ", "\0", "\ud83d", "👍🏽\ufe0f", "轉" * 9000, "a" * 20000, "<mask></s>"])
def test_it_takes_any_text(encoder: Encoder, text: str) -> None:
    vectors = encoder.encode([text])

    assert np.isfinite(vectors).all()
    assert np.linalg.norm(vectors[0]) == pytest.approx(1, abs=1e-5)


def test_both_give_nearly_the_same_vectors(onnx: OnnxEncoder, door: "SentenceTransformersEncoder") -> None:
    from retrieval.model_preparation import measure_parity  # torch again

    texts = PARITY_TEXTS + ODD_TEXTS

    assert measure_parity(door.encode(texts), onnx.encode(texts)).holds


def test_a_vector_does_not_depend_on_what_is_encoded_beside_it(onnx: OnnxEncoder) -> None:
    alone = onnx.encode([CLAIM])[0]
    beside = onnx.encode([OTHER * 30, CLAIM, ""])[1]

    assert np.array_equal(alone, beside)


def test_the_source_model_has_its_own_prompt_for_documents(door: "SentenceTransformersEncoder") -> None:
    passage = door.model.encode_document([CLAIM], normalize_embeddings=True)[0]
    by_hand = door.model.encode([PROMPTS["passage"] + CLAIM], prompt="", normalize_embeddings=True)[0]

    assert passage @ by_hand == pytest.approx(1, abs=1e-5)
    assert passage @ door.encode([CLAIM])[0] < 0.999


def test_it_counts_tokens_beyond_its_limit(onnx: OnnxEncoder) -> None:
    assert onnx.count_tokens("") < 10
    assert onnx.count_tokens(PARITY_TEXTS[0] * 60) > onnx.max_tokens == 512
