"""The text beside an exported model: what it is, and how a server is asked."""

import dataclasses
import json

import yaml

from common.models import base


@dataclasses.dataclass(frozen=True)
class Entry:
    """A signature of an exported model.

    Attributes:
        name: Such as `encode_text`.
        argument: Name of its input.
        shape: Shape of one item; () of a string.
        dtype: `float32` or `string`.
    """

    name: str
    argument: str
    shape: tuple[int, ...]
    dtype: str = "float32"


class _Writer(yaml.SafeDumper):
    """Keeps every string on its line, whatever line breaks it holds."""

    def represent_scalar(self, tag, value, style=None):
        if "".join(value.split()) != value:
            style = '"'
        return super().represent_scalar(tag, value, style)


def entries(model: base.HashingModel, sentences: bool) -> tuple[Entry, ...]:
    """The signatures that `common.reports.export` writes for a model.

    Args:
        model: The model.
        sentences: Whether there is a vocabulary.
    """
    found = [
        Entry(name, signature.argument, tuple(signature.shape))
        for name, signature in model.signatures().items()
    ]
    if sentences:
        found.append(Entry("encode_sentence", "sentence", (), "string"))
    return tuple(found)


def render(record: dict, metrics: dict, signatures: tuple[Entry, ...]) -> str:
    """A model card in Markdown, with a head that model hubs read.

    Args:
        record: The run's `run.json`.
        metrics: Its `metrics.json`.
        signatures: What the SavedModel offers.
    """
    name, bits = record["method"], record["config"]["bits"]
    parts = [
        _head(record, metrics),
        f"# {name.upper()}, {bits} bits\n\nHashes images and texts into one "
        f"Hamming space of {bits} bits: items that belong together differ in "
        "few bits. Trained with the method's settings below.",
        "## Results\n\n" + _results(metrics),
        "## Signatures\n\n" + _signatures(signatures, bits),
        "## Serving\n\n" + _serving(name, signatures[-1]),
        "## Data\n\n" + _data(record),
        f"## Settings\n\n```json\n{json.dumps(record['config'], indent=2)}"
        "\n```",
    ]
    return "\n\n".join(parts) + "\n"


def _head(record, metrics) -> str:
    dataset = record["run"]["dataset"].rpartition("/")[2]
    reached = {
        f"map_all_{direction}": metrics.get(direction, {}).get("map_all")
        for direction in ("i2t", "t2i")
    }
    result = {
        "task": {"type": "cross-modal-retrieval"},
        "dataset": {"name": dataset, "type": dataset},
        "metrics": [
            {"type": name, "value": round(value, 4)}
            for name, value in reached.items()
            if value is not None
        ],
    }
    name = f"{record['method']}-{record['config']['bits']}"
    head = {
        "library_name": "keras",
        "tags": ["cross-modal-retrieval", "hashing"],
        "model-index": [{"name": name, "results": [result]}],
    }
    text = yaml.dump(
        head,
        Dumper=_Writer,
        sort_keys=False,
        allow_unicode=True,
        width=float("inf"),
    )
    return f"---\n{text}---"


def _results(metrics) -> str:
    columns = ("map_all", "map_at_50", "chance")
    lines = [f"| | {' | '.join(columns)} |", "|---|---|---|---|"]
    for direction, task in (("i2t", "image to text"), ("t2i", "text to image")):
        found = metrics.get(direction, {})
        values = [found.get(column) for column in columns]
        cells = ["" if value is None else f"{value:.4f}" for value in values]
        lines.append(f"| {task} | {' | '.join(cells)} |")
    return "\n".join(lines) + (
        "\n\n`map_all` is mean average precision over the whole ranked "
        "database, exact in the presence of ties; `chance` is what one "
        "constant code scores."
    )


def _signatures(signatures, bits) -> str:
    lines = ["| Signature | Input | Output |", "|---|---|---|"]
    width = (bits + 7) // 8
    for entry in signatures:
        shape = ", ".join(map(str, ("n", *entry.shape)))
        lines.append(
            f"| `{entry.name}` | `{entry.argument}` [{shape}] {entry.dtype} "
            f"| `bits` [n, {bits}] uint8 of 0 and 1, `packed` [n, {width}] "
            "uint8 |"
        )
    return "\n".join(lines) + (
        "\n\n`serving_default` is `encode_image`. Bit j of a code is in byte "
        "j // 8 of `packed` with value 128 >> (j % 8), the order of "
        "`numpy.packbits`; padding bits are zero. `assets.extra/` holds the "
        "vocabulary, a word for each column of `text`, and how image features "
        "were made, where these are known."
    )


def _serving(name, entry) -> str:
    item = "red flower" if entry.dtype == "string" else [0.0, "..."]
    request = {
        "signature_name": entry.name,
        "instances": [{entry.argument: item}],
    }
    answer = {"predictions": [{"bits": [0, "..."], "packed": [0, "..."]}]}
    return f"""TensorFlow Serving reads `saved_model/` as `{name}/1/`.

REST, port 8501:

```
POST /v1/models/{name}:predict
{json.dumps(request)}
```

answers `{json.dumps(answer)}`, one prediction for each instance. With
`"inputs": {{"{entry.argument}": [...]}}` in place of `instances` it answers
`{{"outputs": {{"bits": [...], "packed": [...]}}}}`.

gRPC, port 8500, `tensorflow.serving.PredictionService/Predict`: a
`PredictRequest` with `model_spec.name` "{name}", `model_spec.signature_name`
"{entry.name}" and a `TensorProto` under `inputs["{entry.argument}"]`; the
`PredictResponse` has `outputs["bits"]` and `outputs["packed"]`."""


def _data(record) -> str:
    data, split = record["data"], record["split"]
    parts = ", ".join(
        f"{count} {part}"
        for part, count in split.items()
        if isinstance(count, int)
    )
    name = record["run"]["dataset"].rpartition("/")[2]
    # A name ends neither its line nor its quotes.
    shown = " ".join(name.replace("`", "'").split())
    return (
        f"`{shown}`, {data['items']} items, SHA-256 `{data['sha256']}`; "
        f"{parts} rows, split SHA-256 "
        f"`{split['sha256']}`."
    )
