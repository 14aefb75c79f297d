"""Who flies the runs: processes of this machine, or the workers of a Dask cluster.

Either gives each row as it comes, in any order, and each run's once: a worker that dies takes with it only
what it was flying, which another one flies again. The result is the same whoever flew it.
"""

import gc
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from typing import Any

from fsw.core.errors import FswError

Row = dict[str, Any]
Fly = Callable[[int], Row]  # picklable: it goes to other processes

AHEAD = 3  # runs handed out to each worker: one to fly, and others so that it need not wait
FRUITLESS = 3  # pools in a row that died without a single row
CONNECT_S = 10.0


def local(fly: Fly, runs: Iterable[int], workers: int | None = None) -> Iterator[Row]:
    """Rows from processes of this machine, one a processor if not said otherwise.

    Raises FswError when they die again and again without having flown anything.
    """
    count = workers or os.cpu_count() or 1
    queue = list(reversed(list(runs)))
    fruitless = 0
    while queue:
        # Not fork: what this process holds in threads and locks would come along.
        context = multiprocessing.get_context("spawn")
        with _Pool(count, context) as pool:
            try:
                for row in _rows_of(pool.executor, fly, queue, count):
                    fruitless = 0
                    yield row
            except BrokenProcessPool as error:
                fruitless += 1
                if fruitless == FRUITLESS:
                    raise FswError("the processes that fly the runs die: out of memory, or killed") from error


class _Pool:
    """A process pool that leaves nothing running, whatever ends it."""

    def __init__(self, count: int, context: Any) -> None:
        self.executor = ProcessPoolExecutor(count, context, _begin_worker)

    def __enter__(self) -> "_Pool":
        return self

    def __exit__(self, *_: object) -> None:
        processes = list((self.executor._processes or {}).values())
        self.executor.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


def _begin_worker() -> None:
    """Ctrl-C is for the process that hands out the work; and a worker ends with it, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    gc.set_threshold(50_000, 20, 100)
    import_module("fsw.campaign.flight")
    gc.collect()
    gc.freeze()  # what is there before a flight need not be looked through after each


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)  # it waits for work in a queue whose other end it holds itself


def _alone(fly: Fly, run: int) -> Row:
    """A run in a process that flies many: the cycles that a flight leaves go at once."""
    row = fly(run)
    gc.collect()
    return row


def _rows_of(executor: ProcessPoolExecutor, fly: Fly, queue: list[int], count: int) -> Iterator[Row]:
    """What comes of the queue; what was handed out and did not come back is in it again."""
    out: dict[Future[Row], int] = {}
    try:
        while queue or out:
            while queue and len(out) < AHEAD * count:
                out[executor.submit(_alone, fly, queue[-1])] = queue[-1]
                queue.pop()
            done, _ = wait(out, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=lambda future: out[future]):
                row = future.result()
                del out[future]
                yield row
    finally:
        queue.extend(sorted(out.values(), reverse=True))


def on_dask(fly: Fly, runs: Iterable[int], address: str) -> Iterator[Row]:
    """Rows from a Dask cluster, by the address of its scheduler, such as tcp://10.0.0.5:8786.

    Its workers need this fsw installed. Raises FswError: no Dask here, nobody at the address, another fsw
    there, the connection lost.
    """
    try:
        from distributed import Client, Security, as_completed
        from distributed.comm import resolve_address
        from distributed.scheduler import KilledWorker
    except ImportError as error:
        raise FswError("--scheduler needs Dask: pip install 'fsw[dask]'") from error
    # Before there is a client, since one that was made for nothing complains when it goes.
    try:
        resolved = resolve_address(address)
    except (OSError, ValueError) as error:
        raise FswError(
            f"scheduler {address!r}: {error}; allowed are addresses such as tcp://127.0.0.1:8786"
        ) from error
    if resolved.startswith("tls:") and Security().get_connection_args("client")["ssl_context"] is None:
        raise FswError(f"scheduler {address}: tls needs certificates, which Dask's configuration names")
    try:
        client = Client(resolved, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TypeError, RuntimeError, ImportError) as error:
        raise FswError(f"scheduler {address}: no Dask scheduler answers there") from error
    lost = f"scheduler {address}: the connection is lost; the same command goes on once there is one again"
    with _silent("distributed"), client:
        _check_workers(client, address)
        # Handed out a bounded number at a time: the cluster need not hold a million runs.
        queue = list(reversed(list(runs)))
        done = as_completed(loop=client.loop)
        out: dict[Any, int] = {}
        killed: dict[int, int] = {}

        def hand_out() -> None:
            most = AHEAD * max(1, sum(client.nthreads().values()))
            while queue and len(out) < most:
                run = queue.pop()
                future = client.submit(_alone, fly, run, pure=False)
                out[future] = run
                done.add(future)

        hand_out()
        while out:
            future = next(done)
            run = out.pop(future)
            try:
                row = future.result()
            except KilledWorker as error:
                killed[run] = killed.get(run, 0) + 1
                if killed[run] == FRUITLESS:
                    raise FswError(f"scheduler {address}: every worker that flies run {run} dies") from error
                queue.append(run)
            except CancelledError as error:
                raise FswError(lost) from error
            else:
                yield row
            try:
                hand_out()
            except OSError as error:
                raise FswError(lost) from error


@contextmanager
def _silent(package: str) -> Iterator[None]:
    """Its loggers say nothing meanwhile: what the user must know is told in one line."""
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] == package]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def _check_workers(client: Any, address: str) -> None:
    """Another version flies other flights."""
    try:
        client.wait_for_workers(1, timeout=CONNECT_S)
    except TimeoutError as error:
        raise FswError(f"scheduler {address}: it has no workers") from error
    for worker, theirs in client.run(own_version).items():
        if theirs != own_version():
            raise FswError(f"worker {worker}: fsw {theirs} there, {own_version()} here; allowed is the same")


def own_version() -> str:
    """Of the fsw installed here."""
    return version("fsw")
