"""What staff may do with a request: every role, every status, every transition; and what the person is told."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.orders import requirements
from libs.chassis.access.roles import NotAllowed, Role, Staff
from libs.chassis.ops.refusals import Refusal
from libs.events.contracts.intake_answers import DraftChecked
from libs.events.contracts.intake_requests import (
    ClarificationReceived,
    ClarificationRequested,
    DeadlineExtended,
    RequestAssigned,
    RequestClassified,
    RequestMerged,
    RequestReassigned,
    RequestReceived,
    RequestRegistered,
    RequestStatusChanged,
    RequestSupplemented,
    RequestWithdrawn,
)
from libs.events.fact import Event
from libs.events.vocabulary import ClientKind, Status, Urgency
from services.intake import tracking
from services.intake.domain.authority.lists import UnitNotCompetent, UnknownCode
from services.intake.domain.desk import (
    MARKS,
    AlreadyExtended,
    Case,
    ClientKindMissing,
    ExtensionWrong,
    GroundNotTrue,
    MergeWrong,
    NotAnAppeal,
    ReasonMissing,
    StillLacking,
    decide,
    may_register,
    possible,
    withdrawn,
)
from services.intake.domain.desk import told_registered as told_by_hand
from services.intake.domain.last_days import TooLate, TransitionForbidden
from services.intake.domain.request import evolve, replayed
from services.intake.domain.term import why_due
from services.intake.statuses import TITLES, clarified
from services.intake.transitions import REGISTERED_AND_OPEN, TRANSITIONS
from tests.examples import ASTRAKHAN, FIRST_MESSAGE, NOW, imported, message, received, registered, told_registered
from tests.spec import like
from tests.stack import ROOT
from tests.unit.intake.desk import KEY, RULES, desk_after, inbound, later
from tests.unit.intake.desk_cases import (
    ABOUT_LAND,
    APPEAL,
    COMMANDS,
    NAMELESS,
    TELLING,
    ask,
    assign,
    by,
    case,
    case_of,
    classify,
    everybody,
    executor,
    explain,
    extend,
    facts_before,
    head,
    merge,
    no_contact,
    redirect,
    registrar,
    set_aside,
    sorted_as,
    status,
    withdraw,
)


@pytest.mark.requirement("R-26")
def test_every_transition_has_its_number_and_its_row_in_the_catalogue() -> None:
    ids = [transition.id for transition in TRANSITIONS.values()]
    rows = {row.id: row.events for row in requirements(ROOT) if row.group == "S"}
    assert ids == [f"S-{number}" for number in range(1, len(TRANSITIONS) + 1)]
    assert rows == {transition.id: (fact.type_name(),) for fact, transition in TRANSITIONS.items()}


AGREED = """
S-1 received > registered: registrar
S-2 received > not_considered: registrar
S-3 received > not_a_request: registrar
S-4 not_a_request > received: registrar
S-5 classified registered > classified: registrar
S-6 classified > explained: registrar
S-7 classified > assigned: registrar
S-8 assigned awaiting_clarification drafting > assigned: head registrar
S-9 assigned classified drafting > redirected: registrar
S-10 assigned classified drafting > redirected: registrar
S-11 assigned classified drafting > awaiting_clarification: executor registrar
S-12 awaiting_clarification > as it was: nobody
S-13 approved assigned awaiting_clarification classified drafting on_approval registered > merged: registrar
S-14 approved assigned awaiting_clarification classified drafting on_approval received registered > withdrawn: registrar
S-15 approved assigned awaiting_clarification classified drafting on_approval registered > as it was: head registrar
S-16 awaiting_clarification > as it was: nobody
S-17 received > answered: operator registrar
S-18 received > answered: operator registrar
S-19 approved assigned awaiting_clarification classified drafting on_approval received registered > as it was: executor operator registrar
S-20 approved assigned awaiting_clarification classified drafting on_approval received registered > as it was: executor operator registrar
S-21 approved assigned drafting > drafting: executor
S-22 drafting > as it was: checker
S-23 drafting > on_approval: executor
S-24 on_approval > drafting: head
S-25 on_approval > approved: head
S-26 approved > answered: executor registrar
S-27 approved > refused: executor registrar
S-28 approved assigned awaiting_clarification classified drafting on_approval received registered > as it was: registrar
S-29 answered answered_partially refused > as it was: executor registrar
"""


@pytest.mark.requirement("N-8.1", "N-9.1")
def test_the_transitions_are_the_ones_that_were_agreed_on() -> None:
    table = [
        f"{one.id} {' '.join(sorted(one.sources))} > {one.to or 'as it was'}: {' '.join(sorted(one.roles)) or 'nobody'}"
        for one in TRANSITIONS.values()
    ]
    assert table == AGREED.strip().splitlines()


@pytest.mark.requirement(
    "N-8.1", "S-2", "S-3", "S-4", "S-5", "S-6", "S-7", "S-8", "S-9", "S-10", "S-11", "S-13", "S-14", "S-15", "S-19", "S-20"
)
@pytest.mark.requirement("S-21", "S-22", "S-23", "S-24", "S-25", "S-29")
@pytest.mark.parametrize("now", Status)
@pytest.mark.parametrize("name", COMMANDS)
def test_the_matrix_of_roles_statuses_and_transitions_is_walked_and_the_rest_is_refused(name: str, now: Status) -> None:
    command, fact = COMMANDS[name]
    past = facts_before(now, reassigned=fact is RequestReassigned, checked=fact is not DraftChecked)
    if command is assign:  # once it has a unit, the same command is another transition
        fact = RequestReassigned if any(isinstance(one, RequestAssigned) for one in past) else RequestAssigned
    for role in Role:
        outcome = by(Staff(id="somebody", roles=frozenset((role,)), unit="office")).given(*past).when(command)
        if role not in TRANSITIONS[fact].roles:
            outcome.then_refused(NotAllowed)
        elif now not in TRANSITIONS[fact].sources:
            outcome.then_refused(TransitionForbidden)
        else:
            told = outcome.then(fact, RequestStatusChanged).fact(RequestStatusChanged)
            stays = fact is RequestReassigned and now is Status.AWAITING_CLARIFICATION
            assert told.to_status is (now if stays else TRANSITIONS[fact].to or now)


@pytest.mark.requirement("S-1", "N-8.1")
@pytest.mark.parametrize("role", Role)
def test_the_registrar_alone_gives_a_number_by_hand_and_only_to_what_is_complete(role: Role) -> None:
    somebody = Staff(id="somebody", roles=frozenset((role,)))
    complete, lacking = (replayed([(fact, NOW)]) for fact in (received, NAMELESS))
    if role is not Role.REGISTRAR:
        with pytest.raises(NotAllowed):
            may_register(complete, somebody)
        return
    may_register(complete, somebody)
    with pytest.raises(StillLacking) as refused:
        may_register(lacking, somebody)
    assert refused.value.extras() == {"flags": ["no-name", "no-contact"]}
    with pytest.raises(TransitionForbidden):
        may_register(case(Status.REGISTERED).request, somebody)


def test_what_is_open_to_somebody_is_named() -> None:
    assert possible(case(Status.REGISTERED).request, registrar) == ["S-5", "S-13", "S-14", "S-15", "S-19", "S-20", "S-28"]
    assert possible(case(Status.ASSIGNED).request, executor) == ["S-11", "S-19", "S-20", "S-21"]
    assert possible(case(Status.ASSIGNED).request, head) == ["S-8", "S-15"]
    assert possible(case(Status.CLOSED).request, registrar) == []


@pytest.mark.requirement("S-2")
def test_a_request_that_names_its_sender_and_a_contact_is_not_left_unconsidered() -> None:
    by().given(received, status(Status.RECEIVED)).when(no_contact).then_refused(GroundNotTrue)


@pytest.mark.requirement("S-3")
def test_who_sent_spam_is_told_nothing() -> None:
    told = by().given(*facts_before(Status.RECEIVED)).when(set_aside).fact(RequestStatusChanged)
    assert (told.visible, told.explanation) == (False, "")


@pytest.mark.requirement("N-2.1", "S-5")
def test_a_classification_says_who_asks() -> None:
    unknown = classify.model_copy(update={"client_kind": ClientKind.UNKNOWN})
    by().given(*facts_before(Status.REGISTERED)).when(unknown).then_refused(ClientKindMissing)


@pytest.mark.requirement("N-8.4", "N-8.5", "S-5")
def test_a_reclassification_leaves_both() -> None:
    urgent = classify.model_copy(update={"urgency": Urgency.URGENT})
    fact = by().given(*facts_before(Status.CLASSIFIED)).when(urgent).fact(RequestClassified)
    assert fact.previous == APPEAL
    assert fact.classification == ABOUT_LAND.model_copy(update={"urgency": Urgency.URGENT})


@pytest.mark.requirement("N-8.4", "N-6.1", "S-5")
@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"type": "what"}, UnknownCode),
        ({"topic": "what"}, UnknownCode),
        ({"unit": "what"}, UnknownCode),
        ({"unit": "forest"}, UnitNotCompetent),
    ],
)
def test_what_is_on_no_list_and_a_unit_without_that_topic_are_refused(changed: dict[str, Any], refusal: type[Refusal]) -> None:
    by().given(*facts_before(Status.REGISTERED)).when(classify.model_copy(update=changed)).then_refused(refusal)


@pytest.mark.requirement("S-6")
def test_only_an_appeal_has_another_route_and_it_is_told_with_the_act() -> None:
    information = (received, registered, sorted_as(ABOUT_LAND), status(Status.CLASSIFIED))
    by().given(*information).when(explain).then_refused(NotAnAppeal)
    told = by().given(*facts_before(Status.CLASSIFIED)).when(explain).fact(RequestStatusChanged)
    assert "59-ФЗ" in told.explanation
    assert explain.how in told.explanation


@pytest.mark.requirement("N-8.5", "S-7")
@pytest.mark.parametrize(("urgency", "target"), [(Urgency.ORDINARY, date(2026, 12, 4)), (Urgency.URGENT, date(2026, 11, 20))])
def test_urgency_sets_the_internal_target_and_leaves_the_term_alone(urgency: Urgency, target: date) -> None:
    sorted_so = sorted_as(ABOUT_LAND.model_copy(update={"urgency": urgency}))
    outcome = by().given(received, registered, told_registered, sorted_so, status(Status.CLASSIFIED)).when(assign)
    assert outcome.fact(RequestAssigned).target_on == target
    assert outcome.fact(RequestStatusChanged).due_on == registered.due_on


@pytest.mark.requirement("N-8.5", "S-8")
def test_the_internal_target_never_lies_behind_the_term() -> None:
    assert by(days=25).given(*facts_before(Status.ASSIGNED)).when(assign).fact(RequestReassigned).target_on == registered.due_on


@pytest.mark.requirement("S-8", "N-6.1")
def test_who_takes_a_request_out_of_somebodys_hands_says_why() -> None:
    without = assign.model_copy(update={"reason": None})
    by().given(*facts_before(Status.ASSIGNED)).when(without).then_refused(ReasonMissing)
    by().given(*facts_before(Status.CLASSIFIED)).when(without).then(RequestAssigned, RequestStatusChanged)


@pytest.mark.requirement("N-9.1", "S-9", "S-10", "S-15")
@pytest.mark.parametrize("name", ["redirect", "redirect-nobody-knows", "extend-deadline"])
def test_on_the_seventh_day_it_is_in_time_and_on_the_eighth_it_is_late(name: str) -> None:
    command, fact = COMMANDS[name]
    by(days=7).given(*facts_before(Status.CLASSIFIED)).when(command).then(fact, RequestStatusChanged)
    late = by(days=8).given(*facts_before(Status.CLASSIFIED)).when(command)
    late.then_refused(TooLate)
    assert late.refusal is not None
    assert late.refusal.extras() == {"last_day": "2026-11-23", "days": 7}


@pytest.mark.requirement("N-9.1", "S-9")
@pytest.mark.parametrize("zone", [RULES.time_zone, ASTRAKHAN])
def test_the_seventh_day_ends_at_midnight_where_the_authority_is(zone: Any) -> None:
    rules = replace(RULES, time_zone=zone)
    before = case(Status.CLASSIFIED)
    registered_at = datetime(2026, 11, 16, 12, 0, tzinfo=zone)
    before = replace(before, request=before.request._replace(registered_at=registered_at.astimezone(UTC)))
    last_moment = datetime(2026, 11, 23, 23, 59, 59, tzinfo=zone).astimezone(UTC)
    assert decide(before, redirect, registrar, last_moment, rules, TELLING)
    with pytest.raises(TooLate):
        decide(before, redirect, registrar, last_moment + timedelta(seconds=1), rules, TELLING)


@pytest.mark.requirement("N-9.1", "S-15")
@pytest.mark.parametrize(
    ("new_due", "taken"),
    [
        (date(2026, 12, 16), False),  # the old one
        (date(2026, 12, 17), True),
        (date(2026, 12, 19), False),  # a Saturday
        (date(2026, 12, 30), True),
        (date(2026, 12, 31), False),  # the fifteenth day, a day off by decree
        (date(2027, 1, 11), False),
    ],
)
def test_an_extension_is_a_working_day_within_fifteen_of_the_term(new_due: date, taken: bool) -> None:
    outcome = by().given(*facts_before(Status.ASSIGNED)).when(extend.model_copy(update={"new_due": new_due}))
    if taken:
        assert outcome.fact(DeadlineExtended) == like(DeadlineExtended, old_due=date(2026, 12, 16), new_due=new_due)
    else:
        outcome.then_refused(ExtensionWrong)


@pytest.mark.requirement("N-9.1", "S-15")
def test_a_term_is_extended_once_and_the_person_is_told_though_the_status_stays() -> None:
    past = facts_before(Status.ASSIGNED)
    assert why_due(case(Status.RECEIVED).request, RULES) is None
    assert "последний — 16 декабря 2026 года" in str(why_due(case(Status.ASSIGNED).request, RULES))
    outcome = by().given(*past).when(extend)
    after = replayed([(fact, NOW) for fact in (*past, *outcome.facts)])
    assert str(why_due(after, RULES)).endswith("Срок продлён до 30 декабря 2026 года.")
    told = outcome.fact(RequestStatusChanged)
    assert (told.to_status, told.visible, told.template, told.due_on) == (Status.ASSIGNED, True, "extended", extend.new_due)
    assert "с 16 декабря 2026 года до 30 декабря 2026 года" in told.explanation
    by().given(*past, *outcome.facts).when(extend).then_refused(AlreadyExtended)


@pytest.mark.requirement("S-11", "N-9.1")
def test_a_question_waits_a_week_and_the_term_runs_on() -> None:
    outcome = by().given(*facts_before(Status.ASSIGNED)).when(ask)
    assert outcome.fact(ClarificationRequested).wait_until == date(2026, 11, 23)
    told = outcome.fact(RequestStatusChanged)
    assert (told.due_on, ask.question in told.explanation) == (registered.due_on, True)


@pytest.mark.requirement("S-13", "E-7")
@pytest.mark.parametrize("wrong", ["none", "itself", "another client", "no client", "closed", "no number"])
def test_a_request_is_merged_into_an_open_one_of_the_same_person_only(wrong: str) -> None:
    before = case(Status.REGISTERED)
    assert before.into is not None
    other = before.into
    rivals: dict[str, Case | None] = {
        "none": None,
        "itself": replace(other, request_id=before.request_id),
        "another client": replace(other, client_id=other.request_id),
        "no client": replace(other, client_id=None),
        "closed": replace(other, request=other.request._replace(status=Status.CLOSED)),
        "no number": replace(other, request=other.request._replace(reg_no=None)),
    }
    assert decide(before, merge, registrar, NOW, RULES, TELLING)[0] == like(RequestMerged, into_no="ЗИ-2/2026")
    client = None if wrong == "no client" else before.client_id
    with pytest.raises(MergeWrong):
        decide(replace(before, client_id=client, into=rivals[wrong]), merge, registrar, NOW, RULES, TELLING)


@pytest.mark.requirement("A-2.1.4", "N-3.3")
@pytest.mark.parametrize("name", COMMANDS)
def test_whatever_changes_for_the_person_is_explained_and_what_does_not_is_not_told(name: str) -> None:
    command, fact = COMMANDS[name]
    for now in sorted(TRANSITIONS[fact].sources):
        past = facts_before(now, reassigned=fact is RequestReassigned, checked=fact is not DraftChecked)
        if fact is RequestAssigned and now is not Status.CLASSIFIED:
            continue
        told = by(everybody).given(*past).when(command).fact(RequestStatusChanged)
        seen_to_change = TITLES[told.to_status] != TITLES[now] or fact in MARKS
        assert told.visible is (seen_to_change and Status.NOT_A_REQUEST not in (now, told.to_status))
        assert bool(told.explanation) >= told.visible
        assert told.explanation == told.explanation.strip()


TOLD = {
    "leave-unconsidered": "Запрос оставлен без рассмотрения: в нём нет ни почтового адреса, ни адреса электронной почты, ни телефона, "
    "по которым можно ответить (статьи 18 и 20 Федерального закона от 09.02.2009 № 8-ФЗ).",
    "explain-route": "Ваше сообщение — обращение, которое рассматривается в другом порядке (Федеральный закон от 02.05.2006 № 59-ФЗ). "
    "Подайте обращение через портал Госуслуг.",
    "redirect": "Запрос 16 ноября 2026 года переадресован по компетенции: Кадастровая палата. Сведениями располагает она. "
    "Ответит эта организация.",
    "redirect-nobody-knows": "Запрос не относится к нашей деятельности, а какая организация может ответить, установить не удалось. "
    "Такими сведениями мы не располагаем.",
    "ask-clarification": "Чтобы ответить, нам нужно уточнение: О каком участке идёт речь? Ответьте, пожалуйста, до 23 ноября 2026 года. "
    "Ответ будет дан не позднее 16 декабря 2026 года.",
    "extend-deadline": "Срок ответа продлён с 16 декабря 2026 года до 30 декабря 2026 года. Причина: Нужны сведения архива.",
    "merge": "Вы уже спрашивали об этом, поэтому запрос объединён с запросом № ЗИ-2/2026. Ответ придёт по нему.",
    "withdraw": "Запрос отозван, ответа по нему не будет. Если информация снова понадобится, отправьте новый запрос.",
}


@pytest.mark.requirement("A-2.1.4")
@pytest.mark.parametrize("name", TOLD)
def test_the_person_reads_in_whole_sentences_what_happened_and_what_comes_next(name: str) -> None:
    now = Status.RECEIVED if name == "leave-unconsidered" else Status.CLASSIFIED
    told = by().given(*facts_before(now)).when(COMMANDS[name][0]).fact(RequestStatusChanged)
    assert told.explanation == TOLD[name]
    assert told.template == ("extended" if name == "extend-deadline" else told.to_status)


@pytest.mark.requirement("A-2.1.4", "S-5", "S-12")
def test_the_first_classification_and_an_answered_question_name_the_term() -> None:
    told = by().given(*facts_before(Status.REGISTERED)).when(classify).fact(RequestStatusChanged)
    assert told.explanation == "Запрос рассмотрен регистратором и передан в работу. Ответ будет дан не позднее 16 декабря 2026 года."
    assert clarified(None) == "Уточнение получено, работа над запросом продолжается."
    assert clarified(registered.due_on).endswith(" Ответ будет дан не позднее 16 декабря 2026 года.")


@pytest.mark.requirement("A-2.1.4")
@pytest.mark.parametrize(("typed", "ends"), [("Нет сведений", "Нет сведений."), (" Нет! ", "Нет!"), ("Нет?", "Нет?"), ("Нет…", "Нет…")])
def test_what_staff_typed_ends_as_a_sentence(typed: str, ends: str) -> None:
    asked = extend.model_copy(update={"reason": typed})
    told = by().given(*facts_before(Status.ASSIGNED)).when(asked).fact(RequestStatusChanged)
    assert told.explanation.endswith(f"Причина: {ends}")


@pytest.mark.requirement("N-3.4", "N-3.5")
def test_an_address_that_is_not_confirmed_is_told_with_its_link() -> None:
    [site, email] = by().given(*facts_before(Status.REGISTERED)).when(classify).fact(RequestStatusChanged).targets
    assert (site.channel, email.channel, email.confirmed, email.confirm_token) == ("site", "email", False, TELLING.confirm_token)


@pytest.mark.requirement("S-7", "S-8")
def test_the_executor_is_named_in_the_fact() -> None:
    assert by().given(*facts_before(Status.CLASSIFIED)).when(assign).fact(RequestAssigned).executor == assign.executor
    again = by().given(*facts_before(Status.ASSIGNED)).when(assign).fact(RequestReassigned)
    assert (again.executor, again.unit, again.reason) == (assign.executor, assign.unit, assign.reason)


@pytest.mark.requirement("N-9.1", "S-15")
def test_the_fifteenth_day_is_the_last_that_an_extension_may_name() -> None:
    rules = replace(RULES, is_working=lambda _: True)
    fifteenth = registered.due_on + timedelta(days=15)
    to = [extend.model_copy(update={"new_due": day}) for day in (fifteenth, fifteenth + timedelta(days=1))]
    assert decide(case(Status.ASSIGNED), to[0], registrar, NOW, rules, TELLING)[0] == like(DeadlineExtended, new_due=fifteenth)
    with pytest.raises(ExtensionWrong) as refused:
        decide(case(Status.ASSIGNED), to[1], registrar, NOW, rules, TELLING)
    assert refused.value.extras() == {"latest": fifteenth.isoformat()}


@pytest.mark.requirement("N-9.1")
def test_the_seven_days_run_from_the_day_of_registration_where_the_authority_is() -> None:
    before = case(Status.CLASSIFIED)
    late_evening = datetime(2026, 11, 15, 23, 30, tzinfo=UTC)  # the 16th in Novosibirsk
    before = replace(before, request=before.request._replace(registered_at=late_evening))
    assert decide(before, redirect, registrar, datetime(2026, 11, 23, 16, 59, tzinfo=UTC), RULES, TELLING)
    with pytest.raises(TooLate):
        decide(before, redirect, registrar, datetime(2026, 11, 23, 17, 0, tzinfo=UTC), RULES, TELLING)


@pytest.mark.requirement("R-21")
def test_a_refusal_says_where_the_request_stands_and_what_there_is_to_choose() -> None:
    forbidden = by().given(*facts_before(Status.CLOSED)).when(classify).refusal
    assert forbidden is not None
    assert forbidden.extras() == {"request_status": "closed", "request_status_title": "завершён"}
    known = {"types": ["information", "appeal"], "topics": ["land", "forest"], "units": ["land", "forest", "office"]}
    for name, there in known.items():
        wrong = by().given(*facts_before(Status.REGISTERED)).when(classify.model_copy(update={name.removesuffix("s"): "what"})).refusal
        assert wrong is not None
        assert wrong.extras() == {"list": name, "known": there}


@pytest.mark.requirement("S-1", "N-3.3")
def test_a_number_given_by_hand_is_told_with_the_term() -> None:
    before = replayed([(received, NOW)])
    told = told_by_hand(before, registered, date(2026, 11, 16), TELLING)
    assert (told.to_status, told.visible, told.reg_no, told.due_on) == (Status.REGISTERED, True, registered.reg_no, registered.due_on)
    assert told.explanation.startswith("Запрос зарегистрирован 16 ноября 2026 года под номером ЗИ-1/2026.")


@pytest.mark.requirement("S-14")
@pytest.mark.parametrize("now", Status)
def test_the_person_withdraws_whatever_is_open_and_nothing_else(now: Status) -> None:
    request = case(now).request
    if now not in TRANSITIONS[RequestWithdrawn].sources:
        with pytest.raises(TransitionForbidden) as refused:
            withdrawn(request, None, NOW, RULES, TELLING)
        assert refused.value.extras()["request_status"] == now
        return
    [fact, told] = withdrawn(request, "Уже не нужно.", NOW, RULES, TELLING)
    assert fact == RequestWithdrawn(reason="Уже не нужно.")
    assert told == like(RequestStatusChanged, to_status=Status.WITHDRAWN, visible=True, explanation=TOLD["withdraw"])
    by_staff = by().given(*facts_before(now)).when(withdraw.model_copy(update={"reason": "Уже не нужно."}))
    assert by_staff.fact(RequestWithdrawn) == fact


@pytest.mark.requirement("S-12")
def test_of_two_messages_in_one_batch_the_first_answers_the_question_and_the_second_is_another_request() -> None:
    asked = message()
    desk = desk_after([inbound(asked)])
    [waiting] = desk.requests
    question = ClarificationRequested(question="О каком участке?", wait_until=date(2026, 11, 23))
    for fact in (question, status(Status.AWAITING_CLARIFICATION)):
        desk.known.requests[waiting] = evolve(desk.known.requests[waiting], fact)
    desk.known.open_dialogues[tracking.dialogue_mark(KEY, "site", asked.dialogue)] = waiting
    answer = desk.take(later(1, message("m-2", text="Об участке у реки.")))
    another = desk.take(later(2, message("m-3")))
    assert [type(fact) for fact in answer] == [RequestSupplemented, ClarificationReceived, RequestStatusChanged]
    assert RequestReceived in map(type, another)
    assert len(desk.requests) == 2


commands = st.sampled_from([command for command, _ in COMMANDS.values()])
people = st.sampled_from([Staff(id=role.value, roles=frozenset((role,))) for role in (Role.REGISTRAR, Role.EXECUTOR, Role.HEAD)])
steps = st.lists(st.tuples(commands, people, st.integers(0, 5)), max_size=12)


@pytest.mark.requirement("D-1", "S-12")
@given(steps=steps, complete=st.booleans())
def test_no_walk_of_commands_leaves_the_transitions_and_the_facts_alone_tell_the_state(
    steps: list[tuple[Any, Staff, int]], complete: bool
) -> None:
    past: list[tuple[Event, datetime]] = [(fact, NOW) for fact in ((received, registered, told_registered) if complete else (NAMELESS,))]
    now = NOW
    for command, who, days in steps:
        now += timedelta(days=days)
        before = replayed(past)
        try:
            facts = decide(case_of(before), command, who, now, RULES, TELLING)
        except Refusal:
            continue
        past += [(fact, now) for fact in facts]
        if before.status is not Status.AWAITING_CLARIFICATION and replayed(past).status is Status.AWAITING_CLARIFICATION:
            back = status(before.status)
            past += [(ClarificationReceived(message_ref=FIRST_MESSAGE), now), (back, now)]
            assert replayed(past).set_back is None
        else:
            transition = TRANSITIONS[type(facts[0])]
            assert before.status in transition.sources
            assert replayed(past).status is (transition.to or before.status)
        after = replayed(past)
        assert after.version == len(past)
        assert after.due_on == before.due_on or isinstance(facts[0], DeadlineExtended)
    assert sum(isinstance(fact, DeadlineExtended) for fact, _ in past) <= 1


@pytest.mark.requirement("R-22", "S-5")
def test_a_request_of_an_older_register_goes_on_at_the_desk_and_has_nowhere_to_be_told() -> None:
    older = imported.model_copy(update={"state": Status.REGISTERED})
    told = by().given(older).when(classify).fact(RequestStatusChanged)
    assert (told.to_status, told.targets) == (Status.CLASSIFIED, ())


def test_a_number_is_needed_wherever_the_register_knows_the_request() -> None:
    assert TRANSITIONS[RequestRegistered].to in REGISTERED_AND_OPEN
    assert withdraw.reason is None
