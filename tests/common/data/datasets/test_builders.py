import importlib

import pytest


@pytest.mark.parametrize(
    ("name", "configs"),
    [
        ("mirflickr25k", {"dcmh", "labelled", "ugach_paper"}),
        ("nus_wide", {"tc10", "tc21", "tc21_tagged", "10k", "10k_images"}),
        ("iapr_tc12", {"dcmh", "uch"}),
        ("coco_hashing", {"uch", "ssah"}),
    ],
)
def test_every_configuration_describes_itself(name, configs, tmp_path):
    module = importlib.import_module(
        f"common.data.datasets.{name}.{name}_dataset_builder"
    )

    assert configs <= set(module.Builder.builder_configs)
    for config in configs:
        builder = module.Builder(config=config, data_dir=tmp_path)
        features = builder.info.features
        assert builder.name == name
        assert features["text"].shape[0] >= 1000
        assert ("image" in features) == (
            name != "nus_wide" or config.endswith("_images")
        )
        assert builder.info.citation.startswith("@")
        assert "content.data-type.image" in builder.get_metadata().tags
        for archive in builder.builder_config.archives:
            assert archive.url in builder.MANUAL_DOWNLOAD_INSTRUCTIONS
