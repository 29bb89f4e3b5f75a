"""What lies in the tables: nothing personal in clear, no secret at all, and every text as it was said."""

import base64
import json
from pathlib import Path
from uuid import uuid4

import pytest

from libs.chassis.access.roles import Role
from libs.chassis.store.keys import Keyring
from libs.events.contracts.channel_receipts import MessageAccepted
from libs.events.topics import RECEIPTS
from tests.integration.history.conftest import SignedIn
from tests.integration.history.keeping import Keeping, keeping
from tests.unit.history.told import (
    EMAIL,
    IN_SITE,
    NAME,
    SECRET,
    about_client,
    delivered,
    delivery,
    envelope,
    identified,
    linked,
    received,
    request_of,
)

CODE = "TRACKTRACK77"


def forms(text: str) -> list[str]:
    """The text, and what it looks like in hex and inside base64, wherever it begins there."""
    raw = text.encode()
    inside = [base64.b64encode(b"_" * lead + raw + b"__")[4:-4].decode() for lead in range(3)]
    return [text, raw.hex(), *inside, json.dumps(text).strip('"')]


@pytest.mark.requirement("R-17", "D-19")
async def test_a_planted_name_and_address_lie_nowhere_in_clear(history: Keeping, signed_in: SignedIn) -> None:
    client = uuid4()
    torn = json.dumps({"type": "MessageReceived", "sender": {"name": NAME, "email": EMAIL}}).encode()
    unknown = envelope(payload={"name": NAME, "email": EMAIL})
    newer = envelope(received(), version=9)
    await history.take(*request_of(client), about_client(client, identified()), about_client(client, linked(uuid4()), seq=2))
    await history.take(delivered(unknown), delivered(newer), delivery(torn, IN_SITE), delivery(torn[:-2], IN_SITE))
    await history.ask(signed_in(Role.OPERATOR), number=NAME)
    assert await history.count() == 11
    stored = await history.everything_stored()
    for planted in (NAME, NAME.split()[0], EMAIL, EMAIL.split("@")[0]):
        assert [form for form in forms(planted) if form in stored] == []


@pytest.mark.requirement("R-17")
async def test_a_secret_is_not_kept_even_sealed(history: Keeping, signed_in: SignedIn) -> None:
    client = uuid4()
    accepted = MessageAccepted(external_id="1", reference="ABCDEFGHJK", tracking_code=CODE, status="registered")
    await history.take(*request_of(client), delivered(envelope(accepted, client_id=client), RECEIPTS.of("site")))
    entries = await history.entries(signed_in(Role.OPERATOR), client=client)
    assert {entry["type"] for entry in entries} >= {"RequestStatusChanged", "MessageAccepted"}
    told = json.dumps(entries)
    assert EMAIL in told
    assert CODE not in told
    assert SECRET not in told
    assert CODE not in await history.everything_stored()


@pytest.mark.requirement("R-17", "D-19")
async def test_each_thread_has_a_key_of_its_own_and_the_keys_are_wrapped(history: Keeping) -> None:
    await history.take(*request_of(uuid4()), *request_of(uuid4()))
    rows = await history.rows("SELECT * FROM history.thread_keys")
    threads = await history.rows("SELECT DISTINCT thread_id FROM history.log")
    assert {row["thread_id"] for row in rows} == {row["thread_id"] for row in threads}
    async with history.process.pool.acquire() as db:
        master = history.settings.master_key.get_secret_value()
        keys = await Keyring(master, "1").of(db, {row["thread_id"] for row in rows})
    assert len(set(keys.values())) == len(rows)
    stored = await history.everything_stored()
    assert [key for key in keys.values() if key.hex() in stored] == []


@pytest.mark.requirement("D-19", "R-18")
async def test_a_thread_whose_key_is_destroyed_is_shown_without_what_was_sealed_and_still_verifies(
    history: Keeping, signed_in: SignedIn
) -> None:
    client = uuid4()
    batch = request_of(client)
    await history.take(*batch)
    await history.tamper("DELETE FROM thread_keys WHERE thread_id IN (SELECT thread_id FROM log WHERE client_id IS NOT NULL)")
    async with keeping(history.database) as restarted:  # without the keys that it had in memory
        entries = await restarted.entries(signed_in(Role.OPERATOR), client=client)
    told = {entry["type"]: entry for entry in entries}
    assert told["RequestReceived"]["destroyed"]
    assert told["RequestReceived"]["payload"]["reference"]
    assert "text" not in told["RequestReceived"]["payload"]
    assert not told["RequestRegistered"]["destroyed"]
    report = await history.verified()
    assert report.sound
    assert report.destroyed == 2


@pytest.mark.requirement("N-2.2", "N-4.4", "R-21")
async def test_naughty_strings_come_back_byte_for_byte(history: Keeping, signed_in: SignedIn, shared_data: Path) -> None:
    path = shared_data / "naughty" / "blns.json"
    if not path.exists():
        pytest.skip("the naughty strings are not here: put them at ../shared/data/naughty/blns.json")
    strings = [text for text in json.loads(path.read_text(encoding="utf-8")) if "\x00" not in text]
    await come_back(history, signed_in, strings)


@pytest.mark.requirement("N-2.2", "R-21")
async def test_control_characters_and_odd_letters_come_back_byte_for_byte(history: Keeping, signed_in: SignedIn) -> None:
    controls = [chr(number) for number in (*range(1, 32), 127, *range(128, 160), 0x2028, 0x2029, 0xFEFF, 0xFFFD, 0xFFFF, 0x10FFFF)]
    await come_back(history, signed_in, [*controls, "".join(controls), "Ё" * 1000, "🏳️‍🌈", "й", "й", "\r\n \t"])


async def come_back(history: Keeping, signed_in: SignedIn, strings: list[str]) -> None:
    client = uuid4()
    told = [envelope(received(text=text), client_id=client, seq=1) for text in strings]
    for first in range(0, len(told), 200):
        await history.take(*(delivered(each) for each in told[first : first + 200]))
    entries: list[dict[str, object]] = []
    cursor: dict[str, object] = {}
    while True:
        answer = (await history.ask(signed_in(Role.OPERATOR), client=client, limit=500, **cursor)).json()
        entries += answer["entries"]
        if answer["next"] is None:
            break
        cursor = {"cursor": answer["next"]}
    found = {entry["event_id"]: entry["payload"]["text"] for entry in entries}  # type: ignore[index]  # JSON
    assert {str(each.event_id): each.payload["text"] for each in told} == found
