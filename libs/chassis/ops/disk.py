"""How much room is left where data lies. A process sees its own disks alone: a database on another machine has its own exporter."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector


class Disks(Collector):
    """Free and all bytes of the file system of each path, looked at when the figures are asked for; a path that is gone tells nothing."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths

    def collect(self) -> Iterator[GaugeMetricFamily]:
        free = GaugeMetricFamily("otklik_disk_free_bytes", "Bytes that may still be written", labels=["path"])
        size = GaugeMetricFamily("otklik_disk_size_bytes", "Bytes of the whole file system", labels=["path"])
        for path in self._paths:
            try:
                usage = shutil.disk_usage(path)
            except OSError:
                continue
            free.add_metric([str(path)], usage.free)
            size.add_metric([str(path)], usage.total)
        yield free
        yield size
