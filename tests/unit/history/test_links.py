"""Who a thread belongs to: read models as functions of the log alone, whatever the order of its entries."""

import random
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.events.contracts.intake_requests import HistoricalRequestImported
from libs.events.contracts.notifier_deliveries import NotificationDelivered
from libs.events.topics import CLIENTS, DELIVERIES, REQUESTS
from libs.events.vocabulary import Status
from services.history.domain.entries import Entry, entry_of, unreadable
from services.history.domain.links import ClientLink, Links, RequestNumber, ThreadLink, links_of, number_key, numbers_meant
from tests.unit.history.told import (
    AT,
    AUTHORITY,
    IN_SITE,
    came,
    envelope,
    identified,
    linked,
    message,
    received,
    registered,
    status_changed,
    unlinked,
)

CLIENT, OTHER = UUID(int=1), UUID(int=2)


def threads(links: Links) -> set[ThreadLink]:
    return set(links.threads.values())


def of_pair(one: UUID, other: UUID, minutes: int, *, together: bool) -> Entry:
    fact = linked(other) if together else unlinked(other)
    at = AT + timedelta(minutes=minutes)
    return entry_of(envelope(fact, thread_id=one, client_id=one, recorded_at=at), came(CLIENTS.name))


@pytest.mark.requirement("D-25", "N-4.4")
def test_a_request_and_the_dialogue_that_it_came_from_belong_to_its_client() -> None:
    request, dialogue = uuid4(), uuid4()
    links = links_of([entry_of(envelope(received(dialogue), thread_id=request, client_id=CLIENT, point="site"), came())])
    assert {(link.thread_id, link.client_id, link.request_id) for link in threads(links)} == {
        (request, CLIENT, str(request)),
        (dialogue, CLIENT, str(request)),
    }
    assert {(link.point, link.channel) for link in threads(links)} == {("site", "site"), (None, None)}


@pytest.mark.requirement("D-25")
def test_a_client_who_is_named_later_gets_the_request_too() -> None:
    request = uuid4()
    first = entry_of(envelope(received(), thread_id=request), came())
    later = entry_of(envelope(status_changed(), thread_id=request, client_id=CLIENT), came())
    assert ThreadLink(request, CLIENT, str(request), None, None) in threads(links_of([first, later]))


@pytest.mark.requirement("D-25")
def test_a_notice_belongs_to_the_request_that_it_tells_of() -> None:
    thread = uuid4()
    notice = NotificationDelivered(notice_id=uuid4(), request_id="r-1", channel="email")
    links = links_of([entry_of(envelope(notice, thread_id=thread, client_id=CLIENT), came(DELIVERIES.name))])
    assert threads(links) == {ThreadLink(thread, CLIENT, "r-1", None, None)}


@pytest.mark.requirement("D-25")
def test_an_event_of_an_unknown_type_belongs_to_the_client_that_its_envelope_names() -> None:
    thread = uuid4()
    links = links_of([entry_of(envelope(thread_id=thread, client_id=CLIENT, aggregate_id="r-1"), came(REQUESTS.name))])
    assert threads(links) == {ThreadLink(thread, CLIENT, "r-1", None, None)}


@pytest.mark.requirement("D-25")
def test_a_clients_own_thread_is_the_clients_even_when_the_envelope_does_not_say_so() -> None:
    links = links_of([entry_of(envelope(identified(), thread_id=CLIENT), came(CLIENTS.name))])
    assert threads(links) == {ThreadLink(CLIENT, CLIENT, None, None, None)}


@pytest.mark.requirement("D-23")
def test_what_a_frontend_says_of_clients_links_nothing() -> None:
    assert links_of([entry_of(envelope(message(), client_id=CLIENT), came(IN_SITE))]) == Links()


@pytest.mark.requirement("R-21")
def test_what_nobody_could_read_links_nothing() -> None:
    assert links_of([unreadable(came(), b"", b"", "not-json", AUTHORITY, AT)]) == Links()


@pytest.mark.requirement("D-25", "R-22")
def test_a_request_is_found_by_reference_register_number_and_the_number_of_an_older_register() -> None:
    request = uuid4()
    imported = HistoricalRequestImported(foreign_no="case-1 773", old_register="receipt", state=Status.CLOSED, point="post", imported_at=AT)
    facts = [received(), registered("зи-15/2026"), imported]
    links = links_of(entry_of(envelope(fact, thread_id=request), came()) for fact in facts)
    assert links.numbers == {RequestNumber(number, str(request)) for number in ("ABCDEFGHJK", "ЗИ-15/2026", "CASE-1773")}
    assert ThreadLink(request, None, str(request), "post", None) in threads(links)


@pytest.mark.requirement("D-25")
def test_case_blanks_and_the_dash_of_a_reference_do_not_matter_but_the_dash_of_a_number_does() -> None:
    assert number_key("ABCDEFGHJK") in numbers_meant(" abcde-fghjk ")
    assert number_key("ЗИ-15/2026") in numbers_meant("зи - 15 / 2026")
    assert number_key("ЗИ-1-52") not in numbers_meant("ЗИ-15-2")


@pytest.mark.requirement("N-4.7")
def test_two_clients_are_one_by_the_word_recorded_last_whichever_of_them_it_names_first() -> None:
    links = links_of([of_pair(CLIENT, OTHER, 2, together=False), of_pair(OTHER, CLIENT, 1, together=True)])
    assert [(pair, said.linked) for pair, said in links.clients.items()] == [((CLIENT, OTHER), False)]


@pytest.mark.requirement("N-4.7", "R-1")
def test_of_two_words_recorded_in_one_moment_the_one_with_the_higher_id_counts() -> None:
    words = [of_pair(CLIENT, OTHER, 1, together=together) for together in (True, False)]
    [said] = links_of(words).clients.values()
    assert (said.event_id, said.linked) == (words[1].event_id, False)
    assert links_of(reversed(words)).clients == links_of(words).clients


@pytest.mark.requirement("D-25", "R-1")
@pytest.mark.parametrize("changed", [{"client_id": OTHER}, {"request_id": "r-2"}, {"point": "phone"}, {"thread_id": OTHER}])
def test_each_thread_of_each_arrival_has_a_row_of_its_own(changed: dict[str, object]) -> None:
    entry = entry_of(envelope(received(), thread_id=CLIENT, client_id=CLIENT, point="site"), came())
    links = links_of([entry, entry._replace(**changed)])  # type: ignore[arg-type]  # fields by name
    assert len(threads(links)) > len(threads(links_of([entry])))
    assert threads(links) == threads(links_of([entry])) | threads(links_of([entry._replace(**changed)]))  # type: ignore[arg-type]


@pytest.mark.requirement("D-25")
def test_what_names_neither_client_nor_request_links_nothing() -> None:
    assert links_of([entry_of(envelope(thread_id=CLIENT, aggregate_id="n-1"), came(DELIVERIES.name))]) == Links()


def test_a_client_is_not_linked_to_itself() -> None:
    assert links_of([of_pair(CLIENT, CLIENT, 1, together=True)]).clients == {}


@pytest.mark.requirement("R-1", "D-20")
@settings(deadline=None)  # the machine may be busy with other tests
@given(seed=st.integers(), cut=st.integers(0, 9))
def test_the_rows_do_not_depend_on_the_order_in_which_entries_came(seed: int, cut: int) -> None:
    request, dialogue = UUID(int=7), UUID(int=8)
    entries = [
        entry_of(envelope(received(dialogue), thread_id=request, client_id=CLIENT, point="site"), came()),
        entry_of(envelope(registered(), thread_id=request, client_id=CLIENT), came()),
        entry_of(envelope(status_changed(), thread_id=request, client_id=OTHER), came()),
        entry_of(envelope(identified(), thread_id=OTHER, client_id=OTHER), came(CLIENTS.name)),
        *(of_pair(CLIENT, OTHER, minute, together=minute % 2 == 0) for minute in range(5)),
    ]
    shuffled = random.Random(seed).sample(entries, len(entries))
    first, second = links_of(shuffled[:cut]), links_of(shuffled[cut:])
    assert merged(first, second) == links_of(entries)


def merged(one: Links, other: Links) -> Links:
    """As the tables merge two batches."""
    pairs: dict[tuple[UUID, UUID], ClientLink] = dict(one.clients)
    for pair, said in other.clients.items():
        pairs[pair] = max(said, pairs.get(pair, said))
    return Links(one.threads | other.threads, one.numbers | other.numbers, pairs)
