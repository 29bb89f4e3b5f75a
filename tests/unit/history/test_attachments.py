"""Files that history is handed: what is expected of an event, and that no entry of the log bears the key (E-5, R-17)."""

from uuid import uuid4

import orjson
import pytest

from libs.events.contracts.history_events import Unkept
from libs.events.envelope import Unreadable
from libs.events.topics import ATTACHMENTS
from services.history.domain.attachments import expected
from services.history.domain.entries import entry_of
from tests.unit.history.told import HANDED_KEY, came, envelope, handed_over, status_changed

pytestmark = pytest.mark.requirement("E-5", "R-17")


def test_an_event_that_hands_a_file_over_says_what_is_to_be_fetched_and_the_copy_bears_the_events_own_id() -> None:
    told = envelope(handed_over(b"scan"), seq=None)
    file = expected(told)
    assert file is not None
    assert (file.copy_id, file.thread_id, file.key) == (told.event_id, told.thread_id, HANDED_KEY.hex())
    assert file.is_as_told(4, file.attachment.sha256)
    assert not file.is_as_told(5, file.attachment.sha256)
    assert not file.is_as_told(4, "0" * 64)
    kept, refused = file.kept, file.not_kept(Unkept.BROKEN)
    assert {(kept.upload_id, kept.object_id), (refused.upload_id, refused.object_id)} == {(file.upload_id, file.object_id)}
    assert (kept.attachment, refused.reason) == (file.attachment, Unkept.BROKEN)


def test_any_other_event_hands_over_nothing_and_one_that_says_too_little_can_not_be_read() -> None:
    assert expected(envelope(status_changed())) is None
    whole = envelope(handed_over(b"scan"), seq=None)
    with pytest.raises(Unreadable):
        expected(whole.model_copy(update={"payload": {name: value for name, value in whole.payload.items() if name != "key"}}))


def test_the_entry_in_the_log_has_the_ids_in_clear_the_rest_sealed_and_the_key_nowhere() -> None:
    request = uuid4()
    fact = handed_over(b"scan", request_id=request)
    entry = entry_of(envelope(fact, seq=None), came(ATTACHMENTS.name))
    assert entry.request_id == str(request)
    assert orjson.loads(entry.open) == {
        "request_id": str(request),
        "upload_id": str(fact.upload_id),
        "object_id": str(fact.object_id),
        "state": "clean",
    }
    assert orjson.loads(entry.hidden or b"") == {"attachment": fact.attachment.model_dump(mode="json")}
