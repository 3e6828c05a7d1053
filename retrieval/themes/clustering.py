"""From vectors to themes and to places on a map. Needs scikit-learn, which serving does not.

Vectors of one encoder lie on one side of the sphere, so their mean is taken away first; the fifty directions that say
most are kept. HDBSCAN finds the dense regions among them and leaves everything else without a theme, as most rumours
are about something of their own. Above `MAX_POINTS` articles, near ones are drawn together first, so that the time a
map takes stays bounded. t-SNE lays the points out: what is near on the map is near in meaning, what is far need not be.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DIRECTIONS = 50
MAX_POINTS = 3_000
MIN_ARTICLES = 12
"""With fewer there is nothing to map."""
MIN_THEME = 5
"""Articles in the smallest theme."""
CORE_NEIGHBOURS = 3
PERPLEXITY = 30.0
SEED = 20260321
NO_THEME = -1

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Layout:
    """Of each article: its theme (`NO_THEME`: none), and its place, both coordinates within 0 and 1."""

    themes: Numbers
    places: Floats


def lay_out(vectors: Floats) -> Layout:
    """Find themes and places of unit rows. The same vectors give the same map."""
    count = len(vectors)
    if count < MIN_ARTICLES:
        return Layout(np.full(count, NO_THEME), np.full((count, 2), 0.5, np.float32))
    reduced = _reduce(vectors)
    groups, centres = _draw_together(reduced)
    themes, places = _find_themes(centres)[groups], _place(centres)[groups]
    if len(centres) < count:
        places = _spread(places, reduced - centres[groups])
    return Layout(_by_size(themes), _fit(places))


def _reduce(vectors: Floats) -> Floats:
    centred = vectors - vectors.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    kept: Floats = centred @ directions[:, ::-1][:, :DIRECTIONS]
    lengths = np.linalg.norm(kept, axis=1, keepdims=True)
    return np.ascontiguousarray(kept / np.maximum(lengths, 1e-9), dtype=np.float32)


def _draw_together(points: Floats) -> tuple[Numbers, Floats]:
    """The group of each point, and the groups' centres: every point by itself where there are few."""
    if len(points) <= MAX_POINTS:
        return np.arange(len(points)), points
    from sklearn.cluster import MiniBatchKMeans

    model = MiniBatchKMeans(MAX_POINTS, random_state=SEED, batch_size=8_192, n_init=1, max_iter=20)
    groups: Numbers = model.fit_predict(points).astype(np.int64)
    return groups, model.cluster_centers_.astype(np.float32)


def _find_themes(points: Floats) -> Numbers:
    from sklearn.cluster import HDBSCAN

    model = HDBSCAN(min_cluster_size=MIN_THEME, min_samples=CORE_NEIGHBOURS, cluster_selection_method="leaf", copy=True)
    themes: Numbers = model.fit_predict(points).astype(np.int64)
    return themes


def _place(points: Floats) -> Floats:
    from sklearn.manifold import TSNE

    perplexity = min(PERPLEXITY, (len(points) - 1) / 3)
    model = TSNE(2, perplexity=perplexity, init="pca", random_state=SEED, max_iter=500, n_jobs=1)
    places: Floats = model.fit_transform(points)
    return places


def _spread(places: Floats, residuals: Floats) -> Floats:
    """Set the articles of one group around its place, by what tells them apart."""
    away = residuals[:, :2]
    reach = 0.004 * (places.max() - places.min()) / max(float(np.abs(away).max()), 1e-9)
    return np.asarray(places + away * reach, dtype=np.float32)


def _by_size(themes: Numbers) -> Numbers:
    """Number the themes anew, the largest first."""
    found, sizes = np.unique(themes[themes >= 0], return_counts=True)
    order = {int(old): new for new, old in enumerate(found[np.argsort(-sizes, kind="stable")])}
    return np.array([order.get(int(theme), NO_THEME) for theme in themes], dtype=np.int64)


def _fit(places: Floats) -> Floats:
    """Into the unit square, each direction by itself."""
    low, high = places.min(axis=0), places.max(axis=0)
    fitted: Floats = ((places - low) / np.maximum(high - low, 1e-9)).astype(np.float32)
    return fitted
