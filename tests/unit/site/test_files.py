"""Files at the form, without JavaScript: taken while they come, kept when something else is wrong, named when they are not taken (E-5)."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from libs.chassis.ops.clock import FixedClock
from tests.unit.intake.files import EICAR, PDF, PNG
from tests.unit.site.conftest import OpenSite
from tests.unit.site.door_twin import CODE, NUMBER, DoorTwin
from tests.unit.site.html import Page

pytestmark = pytest.mark.requirement("E-5", "A-2.1.4")

FORM = {
    "text": "Какие участки сданы?",
    "name": "Петрова Анна",
    "email": "anna@example.ru",
    "channel": "none",
    "wanted_form": "any",
    "kind": "",
}
BROWSER_BOUNDARY = "----b0undary"


async def blank(browser: httpx.AsyncClient) -> dict[str, str]:
    values = Page((await browser.get("/request")).text).values
    return {name: values[name] for name in ("external_id", "dialogue")}


async def send(browser: httpx.AsyncClient, form: dict[str, str], *files: tuple[str, bytes], path: str = "/request") -> httpx.Response:
    """As a browser posts it: fields in the order of the page, then files."""
    first = {name: form[name] for name in ("external_id", "dialogue", "files") if name in form}
    parts = [(name, (None, value)) for name, value in (first | form).items()]
    sent: list[tuple[str, tuple[str | None, bytes | str]]] = [*parts, *(("file", (name, raw)) for name, raw in files or [("", b"")])]
    return await browser.post(path, files=sent)


def kept_on(page: httpx.Response) -> list[str]:
    return re.findall(r'for="drop-\d+"><bdi>(.*?)</bdi>', page.text)


async def test_files_go_with_the_request_in_the_order_of_their_choosing(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    form = FORM | await blank(browser)
    answer = await send(browser, form, ("Скан 1.pdf", PDF), ("план.png", PNG))
    assert "Запрос принят" in answer.text
    [message] = door.messages
    assert [(file["name"], file["size"]) for file in message["attachments"]] == [("Скан 1.pdf", len(PDF)), ("план.png", len(PNG))]
    assert [raw for _, raw in door.uploads] == [PDF, PNG]
    assert {told["dialogue"] for told, _ in door.uploads} == {message["dialogue"]}


async def test_a_form_without_files_is_sent_as_ever(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    assert "Запрос принят" in (await send(browser, FORM | await blank(browser))).text
    assert door.messages[0]["attachments"] == []
    assert door.uploads == []


async def test_after_an_error_elsewhere_files_need_not_be_chosen_again(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    form = FORM | await blank(browser) | {"name": ""}
    page = await send(browser, form, ("Скан.pdf", PDF))
    assert kept_on(page) == ["Скан.pdf"]
    values = Page(page.text).values
    assert "Скан" not in values["files"]
    page = await send(browser, form | {"files": values["files"]}, ("план.png", PNG))
    assert kept_on(page) == ["Скан.pdf", "план.png"]
    values = Page(page.text).values
    answer = await send(browser, form | {"files": values["files"], "name": "Петрова Анна", "drop-0": "yes"})
    assert "Запрос принят" in answer.text
    assert [file["name"] for file in door.messages[0]["attachments"]] == ["план.png"]
    assert len(door.uploads) == 2


async def test_a_half_filled_form_keeps_its_files_when_the_look_is_changed(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    form = FORM | await blank(browser) | {"preference": "size=huge"}
    page = await send(browser, form, ("Скан.pdf", PDF), path="/request/unsent")
    assert kept_on(page) == ["Скан.pdf"]
    assert "web-size-huge" in page.text


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("file-type-not-allowed", "Файлы такого вида не принимаются"),
        ("busy", "Файл не удалось принять"),
        ("broken", "Файл не удалось принять"),
        ("foreign", "Файл не удалось принять"),
    ],
)
async def test_a_file_that_is_not_taken_is_named_at_its_field_and_what_was_typed_stays(
    browser: httpx.AsyncClient, door: DoorTwin, fault: str, says: str
) -> None:
    form = FORM | await blank(browser)
    door.fault = fault
    page = await send(browser, form, ("setup.pdf", b"MZ"))
    assert re.search(rf"<bdi>setup.pdf</bdi>: [^\n]*{says}", page.text), page.text
    assert "#files" in Page(page.text).error_links
    assert Page(page.text).values["text"] == FORM["text"]
    assert door.messages == []


async def test_a_file_with_a_virus_does_not_go_and_its_owner_is_told(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    page = await send(browser, FORM | await blank(browser), ("Квитанция.txt", EICAR), ("Скан.pdf", PDF))
    assert "В файле найден вирус" in page.text
    assert kept_on(page) == ["Скан.pdf"]
    assert door.messages == []


async def test_forty_megabytes_are_refused_without_being_held_and_the_rest_of_the_form_stays(open_site: OpenSite, door: DoorTwin) -> None:
    async with open_site() as browser:
        form = FORM | await blank(browser)
        fields = "".join(
            f'--{BROWSER_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in form.items()
        )
        head = f'--{BROWSER_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="video.pdf"\r\n\r\n'

        async def body() -> AsyncIterator[bytes]:
            yield (fields + head).encode()
            for _ in range(640):
                yield b"\0" * 65_536
            yield f"\r\n--{BROWSER_BOUNDARY}--\r\n".encode()

        page = await browser.post("/request", content=body(), headers={"content-type": f"multipart/form-data; boundary={BROWSER_BOUNDARY}"})
        assert "<bdi>video.pdf</bdi>" in page.text
        assert "Файл слишком большой" in page.text
        assert Page(page.text).values["text"] == FORM["text"]
        assert door.uploads == []


async def test_more_files_than_a_form_takes_and_more_bytes_than_all_may_have_are_refused(open_site: OpenSite, door: DoorTwin) -> None:
    async with open_site(files_limit=1, files_total_limit_bytes=100_000) as browser:
        form = FORM | await blank(browser)
        page = await send(browser, form, ("1.pdf", PDF), ("2.pdf", PDF))
        assert "Файлов слишком много" in page.text
        assert kept_on(page) == ["1.pdf"]
        page = await send(browser, form | {"files": Page(page.text).values["files"]}, ("3.pdf", PDF))
        assert "Файлов слишком много" in page.text
        answer = await send(browser, form, ("1.pdf", b"x" * 1_200_000))
        assert answer.status_code == 413


async def test_one_address_brings_only_so_many_files_and_another_one_is_not_held_up(open_site: OpenSite, door: DoorTwin) -> None:
    async with open_site(files_per_address=1) as browser:
        assert "Запрос принят" in (await send(browser, FORM | await blank(browser), ("1.pdf", PDF))).text
        page = await send(browser, FORM | await blank(browser) | {"text": "Другой вопрос"}, ("2.pdf", PDF))
        assert "приложили слишком много файлов" in page.text
        assert len(door.uploads) == 1
    async with open_site(files_per_address=1, address="192.0.2.8") as other:
        assert "Запрос принят" in (await send(other, FORM | await blank(other), ("1.pdf", PDF))).text


async def test_files_of_a_sent_request_do_not_go_silently_missing_from_the_next(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    form = FORM | await blank(browser)
    page = await send(browser, form | {"name": ""}, ("Скан.pdf", PDF))
    form |= {"files": Page(page.text).values["files"]}
    assert "Запрос принят" in (await send(browser, form)).text
    page = await send(browser, form | {"text": "Другой вопрос о земле"})
    assert "Файлы ушли с прежним запросом" in page.text
    assert kept_on(page) == []
    assert len(door.messages) == 1


@pytest.mark.parametrize("token", ["made up", ""])
async def test_a_made_up_an_old_and_a_foreign_list_of_files_are_no_list(
    browser: httpx.AsyncClient, door: DoorTwin, clock: FixedClock, token: str
) -> None:
    form = FORM | await blank(browser)
    assert kept_on(await send(browser, form | {"name": "", "files": token})) == []
    page = await send(browser, form | {"name": ""}, ("Скан.pdf", PDF))
    sealed = Page(page.text).values["files"]
    other = FORM | await blank(browser) | {"name": "", "files": sealed}
    assert kept_on(await send(browser, other)) == []
    clock.move_to(clock.now() + timedelta(hours=13))
    assert kept_on(await send(browser, form | {"name": "", "files": sealed})) == []


async def test_the_status_page_lists_what_was_sent_and_what_did_not_arrive(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    door.attachments = [
        {"name": "Скан.pdf", "size": 1, "state": "clean", "state_title": "проверен, вирусов нет"},
        {"name": "Письмо.pdf", "size": 1, "state": "missing", "state_title": "не получен"},
    ]
    page = await browser.post("/status", data={"number": "ЗИ-123/2026", "code": "7K3M-Q9TX-A2BC"})
    text = Page(page.text).text
    assert "Приложенные файлы Скан.pdf Письмо.pdf : Не получен" in text


async def question_opened(browser: httpx.AsyncClient, door: DoorTwin) -> dict[str, str]:
    """The form under our question, on the page of a request."""
    door.question = "О каком участке речь?"
    shown = Page((await browser.post("/status", data={"number": NUMBER, "code": CODE})).text)
    assert "file" in shown.values
    return {name: shown.values[name] for name in ("reference", "answer_id")}


async def answered(browser: httpx.AsyncClient, form: dict[str, str], *files: tuple[str, bytes]) -> httpx.Response:
    sent: list[tuple[str, tuple[str | None, bytes | str]]] = [(name, (None, value)) for name, value in form.items()]
    return await browser.post("/status/answer", files=[*sent, *(("file", (name, raw)) for name, raw in files or [("", b"")])])


@pytest.mark.requirement("S-12")
async def test_files_go_with_the_answer_to_a_question_in_a_conversation_of_their_own(browser: httpx.AsyncClient, door: DoorTwin) -> None:
    form = await question_opened(browser, door) | {"text": "Участок у реки."}
    assert "Ваш ответ получен" in (await answered(browser, form, ("Скан.pdf", PDF), ("план.png", PNG))).text
    [sent] = door.clarified
    assert (sent["text"], [file["name"] for file in sent["attachments"]]) == ("Участок у реки.", ["Скан.pdf", "план.png"])
    assert [(told["dialogue"], raw) for told, raw in door.uploads] == [(form["answer_id"], PDF), (form["answer_id"], PNG)]


@pytest.mark.requirement("S-12")
async def test_an_answer_that_needs_mending_keeps_its_files_and_names_those_that_were_not_taken(
    browser: httpx.AsyncClient, door: DoorTwin
) -> None:
    form = await question_opened(browser, door) | {"text": " "}
    page = await answered(browser, form, ("Скан.pdf", PDF))
    assert (page.status_code, kept_on(page), door.clarified) == (422, ["Скан.pdf"], [])
    form |= {"files": Page(page.text).values["files"], "text": "Участок у реки."}
    door.fault = "file-type-not-allowed"
    page = await answered(browser, form, ("setup.pdf", b"MZ"))
    assert re.search(r"<bdi>setup.pdf</bdi>: [^\n]*Файлы такого вида не принимаются", page.text), page.text
    assert (page.status_code, kept_on(page), door.clarified) == (422, ["Скан.pdf"], [])
    door.fault = None
    assert "Ваш ответ получен" in (await answered(browser, form | {"files": Page(page.text).values["files"]})).text
    assert [file["name"] for file in door.clarified[0]["attachments"]] == ["Скан.pdf"]
    assert len(door.uploads) == 1
