"""What stays in clear at rest, and what history never keeps: the lists are here, so that a change of them shows in a diff (R-17)."""

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from libs.events.fact import Event, Mark, open_fields, secret_paths
from tests.contract.stored import STORED

# Ids, codes, dates, statuses. Before a name is added here: can a person be read in it, or can a person have typed it?
OPEN = {
    "ActRefused": "request_id what",
    "AccountOpened": "roles unit",
    "AppealRouteExplained": "act",
    "CaseViewed": "found request_id what",
    "ClarificationNotReceived": "wait_until",
    "AttachmentExamined": "state thread",
    "AttachmentHandedOver": "object_id request_id state upload_id",
    "AttachmentKept": "object_id request_id state upload_id",
    "AttachmentNotKept": "object_id reason request_id upload_id",
    "ClarificationReceived": "message_ref",
    "ClarificationRequested": "wait_until",
    "ClientIdentified": "kind platform",
    "ClientIdentitiesLinked": "other",
    "ClientIdentitiesUnlinked": "other",
    "ContactConfirmed": "channel how",
    "CredentialsChanged": "how what",
    "AnswerSent": "body draft form journal out_no out_number postal_address scope sent_on sha256 year",
    "RefusalIssued": "body draft form ground journal out_no out_number postal_address scope sent_on sha256 year",
    "DraftPrepared": "author form number refusal_ground scope sha256 unit",
    "DraftChecked": "checker number sha256",
    "DraftSubmitted": "number",
    "DraftReturned": "number",
    "DraftApproved": "head number sha256",
    "DayDeclared": "day in_force_on working",
    "DeadlineApproaching": "days_left due_on term",
    "LetterPosted": "out_no posted_on",
    "DeadlineExtended": "new_due old_due rule_version",
    "DeadlineMissed": "due_on term",
    "DeadlineRecomputed": "day last_on new_due old_due working",
    "DeliveryReported": "notice_id outcome",
    "DeputyAppointed": "appointment_id deputy first_day last_day",
    "DeputyEnded": "appointment_id deputy",
    "ExternalIdentityLinked": "issuer",
    "ExternalIdentityUnlinked": "issuer",
    "DisclosureProvided": "how material_ids",
    "HeadSigned": "hash key_id position shard signature",
    "HistoricalEntryImported": "foreign_no happened_at line",
    "HistoricalRequestImported": "closed_at due_at due_on foreign_no imported_at old_register point received_at state unit",
    "HistoryGapDetected": "aggregate_id from_seq producer to_seq topic",
    "HistoryViewed": "count filter operator role",
    "MessageAccepted": "due_on external_id reference reg_no status",
    "MessageReceived": "external_id received_at wanted_form",
    "MessageRefused": "code external_id",
    "MessageRejected": "consumer reason source_event_id source_offset source_partition source_topic",
    "MessageRevised": "external_id received_at wanted_form",
    "NotificationDelivered": "channel notice_id request_id",
    "NotificationFailed": "attempt channel final notice_id reason request_id",
    "NotificationQueued": "channel duplicate_of notice_id request_id role template",
    "NotificationSent": "attempt channel notice_id provider_ref request_id",
    "NumberAssigned": "request_id",
    "NumberingContinued": "last_number",
    "OralConsultationGiven": "outcome point staff started_at topic within_competence",
    "PhoneEnquiryAnswered": "outcome staff started_at topic within_competence",
    "PointClosed": "code",
    "PointSet": "card code kind since until",
    "PowersChecked": "outcome",
    "ProfileSet": "time_zone",
    "ReplyHandedOver": "notice_id",
    "RepresentativeDismissed": "representative request_id",
    "RepresentativeEmpowered": "representative request_id",
    "RequestAssigned": "executor target_on unit",
    "RequestChannelsChanged": "email_confirmed",
    "RequestClassified": "answer_days classification client_kind due_on last_on previous",
    "RequestEmailConfirmed": "confirmed_at",
    "RequestMerged": "into into_no",
    "RequestNotConsidered": "ground",
    "RequestReassigned": "executor target_on unit",
    "RequestReceived": "channel dialogue_key dialogue_thread flags message_ref received_at reference wanted_form",
    "RequestRedirected": "forwarded_on",
    "RequestRegistered": "client_kind due_on journal last_on number reg_at reg_no rule_version year",
    "RequestRevised": "flags message_ref received_at",
    "RequestStatusChanged": "due_on from_status reference reg_no template to_status visible",
    "RequestSupplemented": "flags message_ref received_at",
    "RequestTypeClosed": "code",
    "RequestTypeSet": "answer_days code regime",
    "RoleChanged": "previous_roles previous_unit roles unit",
    "SessionRevoked": "why",
    "TextBlockWritten": "code number",
    "TextBlockApproved": "code number",
    "TextBlockClosed": "code",
    "TopicClosed": "code",
    "TopicSet": "code",
    "TrialLetterAsked": "letter_id",
    "TrialLetterEnded": "letter_id reason sent",
    "TrialLetterTried": "letter_id reason sent",
    "UnitClosed": "code",
    "UnitSet": "code topics",
}
SECRETS = {
    "AttachmentHandedOver": "key",
    "MessageAccepted": "tracking_code",
    "RequestChannelsChanged": "notice.target.confirm_token",
    "RequestStatusChanged": "targets.confirm_token",
    "TrackingCodeAsked": "notices.target.confirm_token tracking_code",
}
SOUNDS_SECRET = re.compile(r"token|secret|password|tracking_code|one_time|pin$|otp")


def listed(lists: dict[str, str]) -> dict[str, list[str]]:
    return {name: sorted(fields.split()) for name, fields in lists.items()}


@pytest.mark.requirement("R-17", "D-19")
def test_only_the_fields_of_this_list_stay_in_clear() -> None:
    assert {event.type_name(): sorted(open_fields(event)) for event in STORED if open_fields(event)} == listed(OPEN), (
        "put what may stay in clear into OPEN above"
    )


@pytest.mark.requirement("R-17")
def test_the_secrets_are_the_ones_of_this_list() -> None:
    found = {event.type_name(): sorted(".".join(path) for path in secret_paths(event)) for event in STORED if secret_paths(event)}
    assert found == listed(SECRETS), "put the new secret into SECRETS above"


@pytest.mark.requirement("R-17")
@pytest.mark.parametrize("event", STORED, ids=lambda event: event.type_name())
def test_what_is_open_holds_nothing_personal_and_no_secret(event: type[Event]) -> None:
    for name in open_fields(event):
        below = set(marks_below(event.model_fields[name].annotation)) | set(event.model_fields[name].metadata)
        assert not below & {Mark.PERSONAL, Mark.SECRET}, f"{name} is open, but something in it is not"


@pytest.mark.requirement("R-17")
@pytest.mark.parametrize("event", STORED, ids=lambda event: event.type_name())
def test_a_field_that_sounds_like_a_secret_is_marked_as_one(event: type[Event]) -> None:
    secret = {path[-1] for path in secret_paths(event)}
    assert {name for name in names_in(event) if SOUNDS_SECRET.search(name)} <= secret


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from models_in(argument)


def names_in(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield name
        for inner in models_in(field.annotation):
            yield from names_in(inner)


def marks_below(annotation: Any) -> Iterator[Mark]:
    for model in models_in(annotation):
        for field in model.model_fields.values():
            yield from (mark for mark in field.metadata if isinstance(mark, Mark))
            yield from marks_below(field.annotation)
