"""Servers of Apache Beam's, as test processes start them."""

import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator


@contextlib.contextmanager
def portable() -> Iterator[tuple[str, ...]]:
    """Options of a job service and a worker pool, each its own process."""
    portability = "apache_beam.runners.portability"
    with (
        _service(f"{portability}.local_job_service_main", "--job_port") as jobs,
        _service(
            "apache_beam.runners.worker.worker_pool_main", "--service_port"
        ) as pool,
    ):
        yield (
            "--",
            "--runner=PortableRunner",
            f"--job_endpoint={jobs}",
            "--environment_type=EXTERNAL",
            f"--environment_config={pool}",
        )


@contextlib.contextmanager
def _service(module: str, port_flag: str) -> Iterator[str]:
    """A server process of Beam's that listens on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # A worker pool starts what `python` is on the path.
    path = os.pathsep.join(
        [str(pathlib.Path(sys.executable).parent), os.environ["PATH"]]
    )
    server = subprocess.Popen(
        [sys.executable, "-m", module, f"{port_flag}={port}"],
        env={**os.environ, "PATH": path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            time.sleep(0.1)
        yield f"localhost:{port}"
    finally:
        # The pool ends its workers when it is interrupted.
        server.send_signal(2)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
