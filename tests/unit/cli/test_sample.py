"""Sample data: of all kinds, at all points, the same from the same seed, and nobody in it exists."""

import os
import re
import subprocess
import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from libs.chassis.ops.settings import load_authority
from libs.events.vocabulary import ClientKind, Status
from local.sample.sample import Sample, sample

pytestmark = pytest.mark.requirement("E-18")

ROOT = Path(__file__).parents[3]
ZONE = ZoneInfo("Asia/Novosibirsk")
UNTIL = date(2026, 5, 20)
PRINT = "from tests.unit.cli.test_sample import made; from hashlib import sha256; print(sha256(repr(made()).encode()).hexdigest())"
OPEN_STATES = {Status.RECEIVED, Status.REGISTERED, Status.DRAFTING, Status.AWAITING_CLARIFICATION}


def made(seed: int = 1) -> Sample:
    return sample(seed, UNTIL, ZONE)


@pytest.fixture(scope="module")
def data() -> Sample:
    return made()


def test_the_same_seed_makes_the_same_people_in_every_process() -> None:
    runs = [
        subprocess.run(
            [sys.executable, "-c", PRINT], cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]
    assert made(2) != made(1)


def test_there_are_clients_of_all_kinds_with_contacts_at_all_nine_points_over_five_years(data: Sample) -> None:
    points = {point.code for point in load_authority(ROOT / "local" / "authority.toml").points}
    assert len(points) == 9
    assert {contact.point for contact in data.contacts} == points
    assert {client.kind for client in data.clients} == set(ClientKind) - {ClientKind.UNKNOWN}
    assert (len(data.clients), len(data.contacts)) == (400, 2_000)
    assert {contact.client.number for contact in data.contacts} == {client.number for client in data.clients}
    first, last = data.contacts[0].received_at, data.contacts[-1].received_at
    assert timedelta(days=5 * 365 - 30) < last - first <= timedelta(days=5 * 365 + 1)


def test_nothing_happens_before_it_arrived_or_after_the_last_day(data: Sample) -> None:
    end = datetime.combine(UNTIL, time(23, 59, 59), ZONE)
    for contact in data.contacts:
        times = [line.at for line in contact.lines]
        assert times == sorted(times)
        assert times[0] == contact.received_at
        assert times[-1] <= end
        assert (contact.closed_at is None) == (contact.state in OPEN_STATES)


def test_staff_ask_at_the_internal_point_and_nobody_else_does(data: Sample) -> None:
    for contact in data.contacts:
        assert (contact.point == "internal") == (contact.client.kind is ClientKind.INTERNAL)


def test_every_address_phone_and_account_is_invented(data: Sample) -> None:
    for client in data.clients:
        contacts = client.contacts
        assert contacts.email is None or re.fullmatch(r"[a-z0-9.]+@(example\.ru|[a-z0-9]+\.example)", contacts.email)
        assert contacts.phone is None or re.fullmatch(r"\+7 383 200-\d\d-\d\d", contacts.phone)
        assert contacts.email or contacts.phone or contacts.postal or client.account
    phones = [client.contacts.phone for client in data.clients if client.contacts.phone]
    assert len(phones) == len(set(phones))


def test_no_text_has_an_empty_place_or_a_doubled_sign(data: Sample) -> None:
    texts = [line.what for contact in data.contacts for line in contact.lines]
    assert [text for text in texts if re.search(r"[{}]|\s\s|\.\.|\?\.|\s[.,?!]|None", text)] == []
    assert len(set(texts)) > len(texts) / 2
