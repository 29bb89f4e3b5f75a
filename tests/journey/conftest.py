from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journey.collector import Collector, collecting
from tests.journey.town import Town, town
from tests.stack import Database


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as made:
        yield made


@pytest.fixture
def running_town(database: Database, fresh_kafka: str, tmp_path: Path, collector: Collector) -> Iterator[Town]:
    with town(database, tmp_path, collector.endpoint) as made:
        yield made
