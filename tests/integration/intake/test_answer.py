"""The answer at intake's doors: from a draft to the letter, and what many hands at once can't do to it."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import pytest

from libs.chassis.access.roles import Role
from libs.events.contracts.intake_answers import AnswerSent
from libs.events.contracts.intake_requests import RequestStatusChanged
from libs.events.topics import REQUESTS
from services.intake.domain.answer.paper import legible
from tests.integration.intake.people import office, text_of
from tests.integration.intake.test_desk_door import ASSIGN, CLASSIFY, Clerk, refused, taken_in
from tests.integration.intake.town import Town, said
from tests.stack import Database

TEXT = "Здравствуйте!\n\n  Участок сдают по итогам торгов; <b>«ёлки»</b> — 1 га…"
DRAFT = {"command": "prepare-draft", "scope": "full", "form": "electronic", "text": TEXT}
SUBMIT, SEND = {"command": "submit-draft"}, {"command": "send-answer"}
RETURN = {"command": "return-draft", "remarks": "Сошлитесь на закон."}


class Office:
    """Everybody whom an answer needs, about one request that their unit has."""

    def __init__(self, town: Town, request_id: UUID) -> None:
        self.request_id = request_id
        self.author = Clerk(town, Role.EXECUTOR, who="author", unit="land")
        self.checker = Clerk(town, Role.CHECKER, who="checker")
        self.head = Clerk(town, Role.HEAD, who="head")

    async def written(self, **changed: Any) -> str:
        """The mark of a new version."""
        return str((await self.author.do(self.request_id, DRAFT | changed))["draft_sha256"])

    async def before_the_head(self, **changed: Any) -> str:
        mark = await self.written(**changed)
        await self.checker.do(self.request_id, {"command": "check-draft", "sha256": mark})
        await self.author.do(self.request_id, SUBMIT)
        return mark

    async def approved(self, **changed: Any) -> None:
        mark = await self.before_the_head(**changed)
        await self.head.do(self.request_id, {"command": "approve-draft", "sha256": mark})


async def in_hands(town: Town, name: str = "m-1") -> Office:
    request_id = await taken_in(town, name)
    registrar = Clerk(town, Role.REGISTRAR)
    await registrar.do(request_id, CLASSIFY)
    await registrar.do(request_id, ASSIGN)
    return Office(town, request_id)


@pytest.mark.requirement("A-3.6.1", "A-3.6.2", "A-3.6.3", "N-9.5", "S-21", "S-22", "S-23", "S-24", "S-25", "S-26")
async def test_a_draft_is_checked_returned_written_anew_approved_and_sent(town: Town) -> None:
    at_work = await in_hands(town)
    await at_work.before_the_head(text="Участок сдают.")
    assert (await at_work.head.do(at_work.request_id, RETURN))["status"] == "drafting"
    await at_work.approved()
    sent = await at_work.author.do(at_work.request_id, SEND)
    assert (sent["status"], sent["out_no"].rpartition("/")[0]) == ("answered", "ИСХ-1")
    types = [name for name in await town.types("site", "m-1") if name != "RequestStatusChanged"]
    assert types[4:] == [
        *("DraftPrepared", "DraftChecked", "DraftSubmitted", "DraftReturned"),
        *("DraftPrepared", "DraftChecked", "DraftSubmitted", "DraftApproved", "AnswerSent"),
    ]
    told = await town.listener.until(
        lambda: [fact for fact in town.listener.facts(REQUESTS.name, RequestStatusChanged) if fact.answer], "the answer on Kafka"
    )
    assert [fact.answer for fact in told] == [TEXT]


@pytest.mark.requirement("A-3.6.1", "A-3.6.2", "A-2.1.3")
async def test_who_may_not_write_check_approve_or_send_is_refused_and_nothing_happens(town: Town) -> None:
    at_work = await in_hands(town)
    foreign = Clerk(town, Role.EXECUTOR, who="foreign", unit="forest")
    version = (await foreign.look(at_work.request_id))["version"]
    assert refused(await foreign.try_to(at_work.request_id, DRAFT, version)) == (403, "not-your-unit")
    mark = await at_work.written()
    itself = Clerk(town, Role.CHECKER, who="author")
    check = {"command": "check-draft", "sha256": mark}
    assert refused(await itself.try_to(at_work.request_id, check, version + 2)) == (409, "author-checks")
    assert refused(await at_work.author.try_to(at_work.request_id, SUBMIT, version + 2)) == (409, "draft-not-checked")
    assert refused(await at_work.author.try_to(at_work.request_id, SEND, version + 2)) == (409, "transition-forbidden")
    await at_work.approved()
    await at_work.written(text="После согласования.")
    now = (await at_work.author.look(at_work.request_id))["version"]
    assert refused(await at_work.author.try_to(at_work.request_id, SEND, now)) == (409, "transition-forbidden")


@pytest.mark.requirement("A-3.6.2", "N-9.5", "D-12")
async def test_fifty_hands_on_one_request_make_one_approval_and_one_letter(town: Town) -> None:
    at_work = await in_hands(town)
    mark = await at_work.before_the_head()
    version = (await at_work.head.look(at_work.request_id))["version"]
    commands = [{"command": "approve-draft", "sha256": mark}, RETURN]
    tried = await asyncio.gather(*(at_work.head.try_to(at_work.request_id, commands[n % 2], version) for n in range(25)))
    assert sorted(answer.status_code for answer in tried) == [200] + [409] * 24
    if (await at_work.head.look(at_work.request_id))["status"] == "drafting":
        await at_work.approved()
    version = (await at_work.head.look(at_work.request_id))["version"]
    tried = await asyncio.gather(*(at_work.author.try_to(at_work.request_id, SEND, version) for _ in range(25)))
    assert sorted(answer.status_code for answer in tried) == [200] + [409] * 24
    assert (await town.types("site", "m-1")).count("AnswerSent") == 1


@pytest.mark.requirement("N-9.5", "R-2")
async def test_outgoing_numbers_have_no_gap_and_no_double(town: Town) -> None:
    several = [await in_hands(town, f"m-{n}") for n in range(4)]
    for one in several:
        await one.approved()
    await asyncio.gather(*(one.author.do(one.request_id, SEND) for one in several))
    facts = await town.listener.until(
        lambda: len(town.listener.facts(REQUESTS.name, AnswerSent)) == 4 and town.listener.facts(REQUESTS.name, AnswerSent), "four letters"
    )
    assert sorted(fact.out_number for fact in facts) == [1, 2, 3, 4]


@pytest.mark.requirement("A-3.6.2", "N-9.5", "A-2.1.4", "N-2.2")
async def test_the_pages_lead_from_the_draft_to_the_printed_letter(database: Database) -> None:
    async with office(database, datetime.now(UTC)) as opened:  # tokens are of this day
        at_work = await in_hands(opened.town)
        card, request_id = f"/requests/{at_work.request_id}", at_work.request_id
        _, author = await opened.somebody("author", "executor", unit="land")
        _, head = await opened.somebody("head", "head")
        version = (await at_work.head.look(request_id))["version"]
        whole = {"prepare-draft-scope": "full", "prepare-draft-form": "electronic"}
        form = {"card_id": str(request_id), "version": str(version)} | whole
        assert (await author.post(f"{card}/prepare-draft", **form)).status_code == 400, "its form has a door of its own"
        empty = await author.post("/draft", **form)
        assert (empty.status_code, "Напишите текст ответа." in text_of(empty)) == (400, True)
        filled = form | {"prepare-draft-text": TEXT.replace("\n", "\r\n")}
        assert (await author.post("/draft", **filled)).status_code == 303
        mark = (await at_work.checker.look(request_id))["draft_sha256"]
        await at_work.checker.do(request_id, {"command": "check-draft", "sha256": mark})
        await at_work.author.do(request_id, SUBMIT)
        assert "не согласован" not in (shown := text_of(await head.get(card)))
        assert all(words in shown for words in ("версия 1", "проверен", "Согласовать", "Вернуть на доработку"))
        version = (await at_work.head.look(request_id))["version"]
        approved = await head.post(f"{card}/approve-draft", version=str(version), **{"approve-draft-sha256": mark})
        assert approved.status_code == 303, text_of(approved)
        for path in ("print/answer", "print/answer.pdf"):
            assert (await head.get(f"{card}/{path}")).status_code == 409
        draft = await head.get(f"{card}/print/draft.pdf")
        assert (draft.status_code, draft.content[:5]) == (200, b"%PDF-")
        await at_work.author.do(request_id, SEND)
        letter = await head.get(f"{card}/print/answer")
        assert all(words in text_of(letter) for words in ("№ ИСХ-1/20", "На запрос № ", legible(mark)))
        assert "подписан и отправлен" not in text_of(letter), "that is the notice's word, not the letter's"
        assert "&lt;b&gt;«ёлки»&lt;/b&gt; — 1 га…" in letter.text
        file = await head.get(f"{card}/print/answer.pdf?large=yes")
        assert (file.status_code, file.headers["content-type"], file.headers["cache-control"]) == (200, "application/pdf", "no-store")
        assert "ИСХ-1-20" in unquote(file.headers["content-disposition"])


@pytest.mark.requirement("E-10", "N-9.5", "A-3.6.2")
async def test_the_person_takes_the_letter_as_a_file_and_anybody_may_ask_whether_it_left_here(town: Town) -> None:
    at_work = await in_hands(town)
    receipt = (await town.site.post(said("m-1"))).json()
    mine = {"number": receipt["reference"], "tracking_code": receipt["tracking_code"]}
    assert refused(await town.site.ask("answers", mine)) == (409, "nothing-sent")
    assert (await town.site.ask("status", mine)).json()["letter"] is None
    await at_work.approved()
    await at_work.author.do(at_work.request_id, SEND)
    letter = (await town.site.ask("status", mine)).json()["letter"]
    paper = await town.site.ask("answers", mine)
    assert (paper.status_code, paper.headers["content-type"], paper.headers["cache-control"]) == (200, "application/pdf", "no-store")
    assert paper.content[:5] == b"%PDF-"
    assert refused(await town.site.ask("answers", mine | {"tracking_code": "AAAA-AAAA-AAAA"})) == (404, "request-not-found")
    for mark in (letter["sha256"], f" {letter['sha256'][:8].upper()} {letter['sha256'][8:16]}"):
        known = await town.site.ask("verifications", {"number": f" {letter['out_no'].lower()}", "mark": mark})
        assert known.json() == {"sent_on": letter["sent_on"]}, "nothing else is told"
    for number, mark in ((letter["out_no"], "0" * 64), ("ИСХ-2/2026", letter["sha256"]), (receipt["register_number"], letter["sha256"])):
        assert refused(await town.site.ask("verifications", {"number": number, "mark": mark})) == (404, "letter-unknown")
    short = await town.site.ask("verifications", {"number": letter["out_no"], "mark": letter["sha256"][:15]})
    assert refused(short) == (400, "wrong-schema")
