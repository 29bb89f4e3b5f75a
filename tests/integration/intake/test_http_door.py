"""The HTTP door of intake, on real Kafka and PostgreSQL."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.running import Running

Make = Callable[..., dict[str, Any]]


@pytest.mark.requirement("N-7.3", "N-8.2", "E-10")
async def test_a_complete_message_is_registered_at_once_and_its_receipt_opens_the_status_page(
    intake: Running, site: dict[str, str], message: Make
) -> None:
    answer = await intake.http.post("/v1/messages", json=message(), headers=site)
    assert answer.status_code == 201, answer.text
    receipt = answer.json()
    assert receipt["register_number"].startswith("ЗИ-1/")
    page = await intake.http.post(
        "/v1/status", json={"number": receipt["register_number"], "tracking_code": receipt["tracking_code"]}, headers=site
    )
    assert page.status_code == 200, page.text
    assert page.json()["status"] == "registered"
    assert page.json()["reference"] == receipt["reference"]


@pytest.mark.requirement("D-24", "N-7.3")
async def test_the_same_message_sent_twice_is_one_request_with_the_same_receipt(intake: Running, site: dict[str, str], message: Make) -> None:
    first, second = [await intake.http.post("/v1/messages", json=message(), headers=site) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()


@pytest.mark.requirement("N-8.2")
async def test_numbers_of_concurrent_messages_have_no_gap_and_no_double(intake: Running, site: dict[str, str], message: Make) -> None:
    answers = await asyncio.gather(
        *(intake.http.post("/v1/messages", json=message(f"m-{n}"), headers=site) for n in range(200))
    )
    numbers = sorted(int(answer.json()["register_number"].split("-")[1].split("/")[0]) for answer in answers)
    assert numbers == list(range(1, 201))
