"""All scores of a run, from the codes of its query and retrieval rows."""

import numpy as np

from common.data import arrays
from common.data import splits
from common.metrics import evaluation
from common.metrics import pairs
from common.runs import encoding


def score(
    data: arrays.CrossModalData,
    split: splits.Split,
    found: encoding.SplitCodes,
    scored: evaluation.Evaluation | None = None,
) -> dict:
    """Scores with labels, where there are any, and scores by own pairs.

    Args:
        data: The data set.
        split: Its rows.
        found: Codes of the split's query and retrieval rows.
        scored: Their evaluation, if it is made already.

    Returns:
        A dict that JSON can hold: what `Evaluation.metrics` returns, or
        without labels its `bits` and `codes` alone; `map_all_unseen` in each
        direction, see `unseen`; all nine `directions` where labels are hashed;
        `pairs`, see `common.metrics.pairs`; and `warnings`, sentences.
    """
    if data.labels is None:
        metrics = found.statistics()
    else:
        labels = encoding.split_labels(data, split)
        scored = scored or found.evaluation(*labels)
        metrics = scored.metrics()
        for direction, value in unseen(data, split, found).items():
            metrics[direction]["map_all_unseen"] = value
        metrics |= found.label_directions(*labels)
    metrics["pairs"] = own_pairs(data, split, found)
    metrics["warnings"] = evaluation.collapse_warnings(metrics)
    return metrics


def own_pairs(
    data: arrays.CrossModalData,
    split: splits.Split,
    found: encoding.SplitCodes,
) -> dict:
    """How the queries' own pairs are found; texts of one picture are one item.

    See `common.metrics.pairs.scores`.
    """
    groups = None if data.groups is None else data.groups[split.query]
    return pairs.scores(found.query_image, found.query_text, groups)


def unseen(
    data: arrays.CrossModalData,
    split: splits.Split,
    found: encoding.SplitCodes,
) -> dict[str, float | None]:
    """`map_all` over the retrieval rows that were not trained on.

    Retrieval rows are training rows too by the custom of this field, and a
    model may know them by heart.

    Returns:
        By direction; None where all retrieval rows were trained on, or none of
        the others is relevant to a query.
    """
    new = np.flatnonzero(~np.isin(split.retrieval, split.train))
    if not len(new):
        return {"i2t": None, "t2i": None}
    kept = evaluation.Evaluation(
        found.query_image,
        found.query_text,
        found.retrieval_image.take(new),
        found.retrieval_text.take(new),
        data.labels[split.query],
        data.labels[split.retrieval[new]],
    )
    return {
        direction: evaluation.mean_over_queries(values)
        for direction, values in kept.average_precision().items()
    }
