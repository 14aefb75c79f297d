"""A campaign on a real Dask cluster of this machine, one of whose workers is killed midway."""

import functools
import os
from pathlib import Path

import pytest
from deadly_runs import MISSION, SHORT, deadly, hopeless

from fsw.campaign import crew
from fsw.campaign.flight import fly
from fsw.campaign.ledger import Ledger
from fsw.core.errors import FswError

distributed = pytest.importorskip("distributed", reason="needs Dask: the extra 'dask'")

RUNS, FATAL = 24, 7


def test_a_worker_killed_midway_loses_nothing_and_counts_nothing_twice(tmp_path: Path) -> None:
    came: list[int] = []
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    )
    with cluster, Ledger(tmp_path / "runs.log", {"seed": 7}) as ledger:
        with distributed.Client(cluster, set_as_default=False) as client:
            processes = set(client.run(os.getpid).values())
        fatal = functools.partial(deadly, tmp_path, FATAL)
        for row in crew.on_dask(fatal, range(RUNS), cluster.scheduler_address):
            came.append(row["run"])
            assert ledger.add(row)
    assert int((tmp_path / "killed").read_text(encoding="utf-8")) in processes
    assert sorted(came) == list(range(RUNS))
    for run in (0, FATAL, RUNS - 1):
        assert ledger.rows[run] == fly(MISSION, SHORT, run)


def test_a_cluster_without_workers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "CONNECT_S", 0.5)
    with (
        distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=None) as cluster,
        pytest.raises(FswError, match="it has no workers"),
    ):
        list(crew.on_dask(hopeless, range(1), cluster.scheduler_address))


def test_nobody_at_the_address_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "CONNECT_S", 0.5)
    with pytest.raises(FswError, match="no Dask scheduler answers there"):
        list(crew.on_dask(hopeless, range(1), "tcp://127.0.0.1:9"))


@pytest.mark.parametrize("address", ["", "nonsense", "http://x:y", "tcp://127.0.0.1", "tcp://127.0.0.1:port"])
def test_what_is_no_address_is_told_before_a_client_is_made(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distributed, "Client", None)
    with pytest.raises(FswError, match=r"allowed are addresses such as tcp://"):
        list(crew.on_dask(hopeless, range(1), address))


def test_a_scheduler_that_goes_midway_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    cluster = distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    )
    with cluster:
        rows = crew.on_dask(functools.partial(fly, MISSION, SHORT), range(RUNS), cluster.scheduler_address)
        next(rows)
        cluster.close()
        with pytest.raises(FswError, match="the connection is lost; the same command goes on"):
            list(rows)
    assert "Traceback" not in capfd.readouterr().err
