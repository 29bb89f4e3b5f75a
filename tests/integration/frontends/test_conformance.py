"""`otklik frontends check` finds an installation in order, and a wrong one out of order; `watch` judges a program's records."""

import asyncio
import re
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from cli import conformance
from cli.frontends import app
from libs.events.topics import INBOUND
from tests.integration.frontends.conftest import Installation
from tests.stack import eventually, producer

pytestmark = pytest.mark.requirement("D-23", "R-21")


async def said_so(capsys: pytest.CaptureFixture[str]) -> bool:
    return "watching" in capsys.readouterr().out


async def checked(told: dict[str, str]) -> Result:
    return await asyncio.to_thread(CliRunner(env=told).invoke, app, ["check"])


async def test_an_installation_does_at_both_doors_what_the_documents_say(installation: Installation) -> None:
    mine = await installation.added(f"check-{uuid4().hex[:8]}")
    result = await checked(installation.told(mine))
    assert result.exit_code == 0, result.output
    found = re.search(r"(\d+) of (\d+) as docs/frontends says", result.output)
    assert found
    assert int(found[1]) == int(found[2]) > 20


async def test_a_door_that_takes_nothing_is_told_line_by_line(installation: Installation) -> None:
    mine = await installation.added(f"check-{uuid4().hex[:8]}", "--http-only")
    told = installation.told(mine) | {"OTKLIK_KEY": "guessed", "OTKLIK_KAFKA_USER": ""}
    result = await checked(told)
    assert (result.exit_code, "WRONG http  a well-formed message: 201, got 401 bad-credentials" in result.output) == (1, True)
    assert "the Kafka door is left out" in result.output


async def test_a_programs_records_are_judged_while_they_come(installation: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    mine = await installation.added(f"check-{uuid4().hex[:8]}", "--http-only")
    bootstrap = installation.environment["OTKLIK_KAFKA_BOOTSTRAP"]
    watching = asyncio.create_task(conformance.watched(mine.name, bootstrap, 15.0))
    async with producer(bootstrap) as kafka:
        await eventually(lambda: said_so(capsys), what="it watches")
        await kafka.send_and_wait(INBOUND.of(mine.name), b"{", key=b"ivanova@example.org")
    assert await watching == (1, 1)
    assert "the key is no HMAC" in (said := capsys.readouterr().out)
    assert "not-json" in said
