"""Which notices a change of a request asks for."""

from uuid import uuid5

import pytest

from libs.events.contracts.intake_requests import RequestChannelsChanged
from libs.events.vocabulary import Mark, Status, Target
from services.notifier.domain import Draft, plan
from services.notifier.reach import BY_CHANNEL, EMAIL, FRONTEND, PHONE, POST, SITE, reaches
from tests.unit.notifier.examples import (
    ADDRESS,
    AT,
    CODE,
    NAME,
    by_email,
    by_site,
    by_vk,
    change,
    code_asked,
    envelope,
    new_address,
    typed_only,
)

by_post = Target(role="original", channel="post", address="630099, г. Обск, а/я 7")


def planned(*targets: Target, to: Status = Status.REGISTERED, visible: bool = True, template: str | None = None) -> list[Draft]:
    event = change(to, *targets, visible=visible, template=template or to.value)
    return plan(event, envelope(event), AT)


@pytest.mark.requirement("N-3.3", "N-3.5")
def test_each_chosen_target_gets_a_notice_and_the_duplicate_names_the_original() -> None:
    original, duplicate = (draft.notice for draft in planned(by_vk, by_email))
    assert (original.role, original.channel, original.frontend, original.duplicate_of) == ("original", FRONTEND, "vk", None)
    assert (duplicate.role, duplicate.channel, duplicate.duplicate_of) == ("email", EMAIL, original.id)


@pytest.mark.requirement("N-3.5", "R-6")
def test_the_ids_follow_from_the_event_so_a_redelivery_plans_the_same_notices() -> None:
    event = change()
    first, again = (plan(event, envelope(event), AT) for _ in range(2))
    assert [draft.notice.id for draft in first] == [draft.notice.id for draft in again]
    assert first[1].notice.id == uuid5(envelope(event).event_id, "1")


@pytest.mark.requirement("N-3.3")
def test_a_change_that_the_person_does_not_see_plans_nothing() -> None:
    assert planned(by_site, by_email, visible=False) == []


@pytest.mark.requirement("N-3.4")
def test_without_an_e_mail_only_the_original_channel_is_used() -> None:
    assert [draft.notice.channel for draft in planned(by_site)] == [SITE]


@pytest.mark.requirement("N-3.5")
def test_one_address_named_by_two_roles_gets_one_letter() -> None:
    additional = Target(role="additional", channel="email", address=ADDRESS.upper())
    assert [draft.notice.role for draft in planned(by_site, additional, by_email)] == ["original", "additional"]


@pytest.mark.requirement("N-3.3")
@pytest.mark.parametrize("channel", [POST, PHONE])
def test_paper_and_phone_tell_the_number_the_result_and_what_the_person_must_do(channel: str) -> None:
    carried = by_post.model_copy(update={"channel": channel})
    reached = {status for status in Status if planned(carried, to=status)}
    assert reached >= {Status.REGISTERED, Status.AWAITING_CLARIFICATION, Status.ANSWERED, Status.REFUSED}
    assert not reached & {Status.RECEIVED, Status.CLASSIFIED, Status.ASSIGNED, Status.DRAFTING, Status.APPROVED, Status.CLOSED}
    assert reached == BY_CHANNEL[channel] & set(Status)


@pytest.mark.requirement("N-3.2", "N-9.1")
@pytest.mark.parametrize("channel", [POST, PHONE])
@pytest.mark.parametrize("status", [Status.CLASSIFIED, Status.ASSIGNED, Status.DRAFTING, Status.ON_APPROVAL])
@pytest.mark.parametrize("mark", [Mark.EXTENDED, Mark.RECOMPUTED])
def test_who_chose_paper_or_phone_hears_of_a_later_or_moved_term_whatever_the_request_is_doing(
    channel: str, status: Status, mark: Mark
) -> None:
    carried = by_post.model_copy(update={"channel": channel})
    [told] = planned(carried, to=status, template=mark)
    assert (told.notice.template, told.content.template) == (mark, mark)


@pytest.mark.requirement("N-3.3")
def test_a_virus_is_told_by_phone_and_is_worth_no_paper_though_the_status_beside_it_is() -> None:
    by_phone = by_post.model_copy(update={"channel": PHONE})
    told = planned(by_post, by_phone, to=Status.REGISTERED, template=Mark.INFECTED)
    assert [draft.notice.channel for draft in told] == [PHONE]


@pytest.mark.requirement("N-3.3")
def test_the_longest_life_of_a_request_is_four_paper_letters() -> None:
    life: list[tuple[Status, str | None]] = [
        (Status.RECEIVED, None),
        (Status.REGISTERED, None),
        (Status.CLASSIFIED, None),
        (Status.ASSIGNED, None),
        (Status.AWAITING_CLARIFICATION, None),
        (Status.ASSIGNED, None),
        (Status.ASSIGNED, Mark.EXTENDED),
        (Status.DRAFTING, None),
        (Status.ON_APPROVAL, None),
        (Status.APPROVED, None),
        (Status.ANSWERED, None),
        (Status.CLOSED, None),
    ]
    letters = [step for step in life if planned(by_post, to=step[0], template=step[1])]
    assert letters == [life[1], life[4], life[6], life[10]]


@pytest.mark.requirement("N-3.3")
def test_a_template_of_a_newer_release_counts_as_its_status() -> None:
    assert planned(by_post, to=Status.ANSWERED, template="of-tomorrow")
    assert planned(by_post, to=Status.DRAFTING, template="of-tomorrow") == []


@pytest.mark.requirement("N-3.5")
def test_a_duplicate_whose_original_does_not_go_by_its_channel_stands_alone() -> None:
    [only] = planned(by_post, by_email, to=Status.ASSIGNED)
    assert (only.notice.channel, only.notice.duplicate_of) == (EMAIL, None)
    assert only.notice.id == planned(by_site, by_email)[1].notice.id, "a target keeps its place in the list"


@pytest.mark.requirement("N-3.4")
def test_a_new_address_is_written_to_once_with_number_status_and_link() -> None:
    event = new_address()
    first, again = (plan(event, envelope(event), AT) for _ in range(2))
    assert [draft.notice.id for draft in first] == [draft.notice.id for draft in again] == [uuid5(envelope(event).event_id, "0")]
    [draft] = first
    assert (draft.notice.channel, draft.notice.role, draft.notice.status) == (EMAIL, "email", Status.DRAFTING)
    assert (draft.notice.template, draft.notice.duplicate_of) == ("drafting", None)
    assert draft.content.target == typed_only
    assert (draft.content.reg_no, draft.content.addressee, draft.content.happened_at) == ("ЗИ-15/2026", NAME, AT)


@pytest.mark.requirement("N-3.4")
def test_an_address_that_needs_no_letter_plans_nothing() -> None:
    for event in (RequestChannelsChanged(email=None), RequestChannelsChanged(email=ADDRESS, email_confirmed=True)):
        assert plan(event, envelope(event), AT) == []


@pytest.mark.requirement("E-10", "N-3.4")
def test_a_code_goes_to_the_dialogue_and_the_proved_address_and_never_to_one_that_was_only_typed() -> None:
    for targets, codes in (((by_vk, by_email), [CODE, CODE]), ((by_vk, typed_only), [CODE, None])):
        event = code_asked(*targets)
        first, again = (plan(event, envelope(event), AT) for _ in range(2))
        assert [draft.content.tracking_code for draft in first] == codes
        assert [draft.notice.id for draft in first] == [draft.notice.id for draft in again]
        assert {(draft.notice.template, draft.notice.status) for draft in first} == {("tracking-code", Status.DRAFTING)}
        assert [draft.notice.duplicate_of for draft in first] == [None, first[0].notice.id]


@pytest.mark.requirement("N-3.3")
@pytest.mark.parametrize("channel", [SITE, FRONTEND, EMAIL])
def test_electronic_channels_tell_everything(channel: str) -> None:
    assert BY_CHANNEL[channel] == {*Status, *Mark}


@pytest.mark.requirement("R-9")
def test_a_notice_carries_the_surroundings_of_its_change() -> None:
    event = change()
    around = envelope(event)
    [first, _] = plan(event, around, AT, "00-aa-bb-01")
    origin = first.notice.origin
    assert (origin.thread_id, origin.cause, origin.correlation_id) == (around.thread_id, around.event_id, around.event_id)
    assert (origin.client_id, origin.point, origin.traceparent) == (around.client_id, "site", "00-aa-bb-01")
    assert (first.notice.seq, first.notice.request_id) == (3, "request-1")


def test_a_channel_that_the_table_does_not_know_counts_as_reached_so_that_its_notice_fails_visibly() -> None:
    assert all(reaches("pigeon", status, status) for status in Status)
