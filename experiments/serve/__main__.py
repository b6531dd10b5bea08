r"""Serves a finished run as a search page and over HTTP.

python -m experiments.serve
python -m experiments.serve --run=runs/photos --port=8080
python -m experiments.serve --run=runs/photos --host=0.0.0.0 --token_file=FILE
python -m experiments.serve --run=runs/photos --milvus=http://127.0.0.1:19530

Needs the `serve` extra. Without --run it is the newest run on the embedded
drawings, and where there is none one is trained first. Pictures that are added
and items that are removed are kept in --store.
"""

import pathlib

from absl import flags

from common.runs import finished as finished_runs
from common.runs import flags as common_flags
from common.runs import runner
from common.system import extras
from experiments import milvus_index
from experiments.serve import runs

_PACKAGES = ("fastapi", "uvicorn", "python_multipart", "prometheus_client")


def _define_flags() -> None:
    common_flags.define_path(
        "run",
        "",
        "Folder of a finished run; empty: the newest on the embedded drawings "
        "in runs/, or one that is trained first.",
    )
    common_flags.define_dataset()
    common_flags.define_path(
        "store", "", "File of what is added and removed; empty: in the run."
    )
    common_flags.define_path(
        "weights", "", "For pictures; empty: as extracted."
    )
    flags.DEFINE_string("host", "127.0.0.1", "Address to bind.")
    flags.DEFINE_integer("port", 8000, "Port; 0: a free one.", 0, 65535)
    common_flags.define_path(
        "token_file", "", "A file with the token that writers have to show."
    )
    flags.DEFINE_bool("token_reads", False, "Readers have to show it, too.")
    flags.DEFINE_integer("max_k", 1000, "Most results of a search.", 1)
    flags.DEFINE_integer("max_upload_mb", 20, "Largest picture file.", 1)
    flags.DEFINE_integer("max_pictures", 16, "Most pictures of a request.", 1)
    flags.DEFINE_integer(
        "max_megapixels", 64, "Most pixels of a picture, in millions.", 1
    )
    flags.DEFINE_string(
        "milvus", "", "A Milvus server that searches the codes; empty: here."
    )
    flags.DEFINE_string(
        "collection", "", "Its collection; empty: named after the run."
    )
    flags.DEFINE_string("milvus_token", "", "user:password or key for it.")


def _folder() -> pathlib.Path:
    given = flags.FLAGS
    if given.run:
        return pathlib.Path(given.run)
    found = runs.newest_of_drawings(pathlib.Path("runs"))
    if found is None:
        found = pathlib.Path("runs", "drawings")
        print(
            "There is no run on the embedded drawings in runs/ yet: training "
            f"UGACH on them, about a minute, into {found}.",
            flush=True,
        )
        runs.train_on_drawings(found)
    return found


def _codes(finished):
    given = flags.FLAGS
    if not given.milvus:
        return None
    from common import hamming
    from experiments.serve import codes

    # Apart from what `milvus_index` loads, which has retrieval items only.
    name = f"serve_{milvus_index.collection_name(finished.directory)}"
    server = hamming.MilvusIndex(
        given.milvus,
        given.collection or name,
        finished.bits,
        given.milvus_token,
        # Only this process changes it.
        consistency="Session",
    )
    print(f"Sending what {server.name} on {given.milvus} lacks.", flush=True)
    return codes.MilvusCodes(server)


def _service(finished):
    from experiments import serve as services

    given = flags.FLAGS
    path = given.store or finished.directory / "service" / "items.sqlite"
    limits = services.Limits(
        k=given.max_k,
        upload_bytes=given.max_upload_mb * 1_000_000,
        pictures=given.max_pictures,
        megapixels=given.max_megapixels,
    )
    store = services.Store(path, runs.owner(finished))
    return services.Service(
        finished, store, _codes(finished), given.weights, limits
    )


def _main(arguments: list[str]) -> None:
    runner.refuse_arguments(arguments)
    given = flags.FLAGS
    with runner.one_sentence_errors():
        for package in _PACKAGES:
            extras.load(package, package, "serve")
        from experiments.serve.web import guards

        token = guards.read_token(given.token_file) if given.token_file else ""
        access = guards.Access(given.host, token, given.token_reads)
        finished = finished_runs.open_run(_folder(), given.dataset)
    runner.import_tensorflow()
    from experiments.serve.web import application
    from experiments.serve.web import server

    with runner.one_sentence_errors():
        service = _service(finished)
    try:
        with runner.one_sentence_errors():
            service.warm_up()
            server.run(
                application.build(service, access),
                given.host,
                given.port,
                lambda address: _tell(service, address),
            )
    finally:
        service.close()


def _tell(service, address) -> None:
    print(
        f"Serving {len(service.items):,} items of {service.finished.directory} "
        f"at {address}",
        flush=True,
    )


if __name__ == "__main__":
    _define_flags()
    runner.run(_main)
