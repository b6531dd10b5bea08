"""Embeddings as they are saved after CLIP, SigLIP, sentence-transformers."""

from common.data.layouts import layout

LAYOUT = layout.Whole(
    "embeddings",
    roles={
        "image": (
            "image_embeddings",
            "image_features",
            "image_emb",
            "img_emb",
            "img_embeddings",
            "img",
            "imgs",
        ),
        "text": (
            "text_embeddings",
            "text_features",
            "text_emb",
            "txt_emb",
            "caption_embeddings",
            "captions",
            "caption",
            "txt",
            "tags",
        ),
        "labels": (
            "LAB",
            "Lab",
            "L",
            "targets",
            "target",
            "classes",
            "class_ids",
            "gnd",
            "y",
        ),
        "ids": ("image_path", "key", "names", "filenames"),
    },
)
