"""The whole path as in production: every service enters Kafka by its own name, with the rights of the topic table alone."""

import re
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from libs.chassis.bus import acls, credentials
from tests.journey.test_form_to_letter import EMAIL, entries, post_form
from tests.journey.town import SERVICES, Town, town
from tests.stack import Database, eventually

Variables = dict[str, dict[str, str]]


@pytest.fixture
async def names(database: Database, fresh_kafka: str) -> AsyncIterator[Variables]:
    """A user of Kafka for each service, as deploy/kafka/strimzi makes them."""
    password = secrets.token_urlsafe(32)
    for service in SERVICES:
        await credentials.let_in(fresh_kafka, service, password, acls.of_service(service))
    address = database.stack.parts.frontends_bootstrap
    told = {"OTKLIK_KAFKA_BOOTSTRAP": address, "OTKLIK_KAFKA_PASSWORD": password}
    yield {service: told | {"OTKLIK_KAFKA_USER": service} for service in SERVICES}
    await credentials.shut_out(fresh_kafka, SERVICES)


@pytest.fixture
def guarded_town(database: Database, names: Variables, tmp_path: Path) -> Iterator[Town]:
    with town(database, tmp_path, more=names) as made:
        yield made


@pytest.mark.requirement("R-14", "R-15")
async def test_a_form_becomes_history_and_a_letter_with_no_right_on_kafka_but_those_of_the_topic_table(guarded_town: Town) -> None:
    found = re.search(r"ЗИ-\d+/\d{4}", await post_form(guarded_town))
    assert found

    async def told() -> bool:
        return {"RequestRegistered", "NotificationSent"} <= {entry["type"] for entry in await entries(guarded_town, found.group())}

    await eventually(told, what="the whole history, what the notifier did included")
    assert found.group() in (await guarded_town.letters(EMAIL))[0]["text"]
    assert "AuthorizationFailed" not in guarded_town.logs()
