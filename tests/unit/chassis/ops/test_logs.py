"""Personal data never reach the logs, whoever writes the line."""

import copy
import io
import json
import logging
import sys
from datetime import UTC, datetime
from uuid import UUID

import pytest
import structlog
from asyncpg.exceptions import UniqueViolationError
from pydantic import BaseModel, ValidationError

from libs.chassis.ops import failures, logs

NAME = "Синицына Агафья Петровна"
EMAIL = "agafya@example.org"


class Person(BaseModel):
    age: int


def lines(written: io.StringIO) -> list[dict[str, object]]:
    assert NAME not in written.getvalue().encode().decode("unicode_escape", "ignore")
    assert EMAIL not in written.getvalue()
    return [json.loads(line) for line in written.getvalue().splitlines()]


@pytest.fixture
def written(log_lines: io.StringIO) -> io.StringIO:
    logs.configure(service="intake", keys=["journal_year"], stream=log_lines)
    return log_lines


def test_a_line_is_one_json_object_with_its_time_level_and_service(written: io.StringIO) -> None:
    event_id = UUID(int=7)
    structlog.stdlib.get_logger("relay").info("sent", topic="intake.requests.v1", count=3, event_id=event_id, journal_year=2026)
    (line,) = lines(written)
    at = datetime.fromisoformat(str(line.pop("at")))
    assert abs((datetime.now(UTC) - at).total_seconds()) < 60
    assert line == {
        "level": "info",
        "service": "intake",
        "logger": "relay",
        "event": "sent",
        "topic": "intake.requests.v1",
        "count": 3,
        "event_id": str(event_id),
        "journal_year": 2026,
    }


@pytest.mark.requirement("E-14")
def test_a_field_that_is_not_on_the_list_is_withheld_by_name(written: io.StringIO) -> None:
    structlog.contextvars.bind_contextvars(sender=NAME)
    structlog.stdlib.get_logger("door").warning("flagged", code="no-contact", email=EMAIL)
    (line,) = lines(written)
    assert line["withheld"] == ["email", "sender"]
    assert line["code"] == "no-contact"


def test_a_value_that_is_more_than_plain_is_told_by_its_type(written: io.StringIO) -> None:
    structlog.stdlib.get_logger("door").info("got", reason={"name": NAME}, name=Person(age=5), code="x" * 500)
    (line,) = lines(written)
    assert line["reason"] == "<dict>"
    assert line["name"] == "<Person>"
    assert line["code"] == "x" * logs.MAX_TEXT


@pytest.mark.requirement("E-14")
def test_an_exception_is_told_by_type_code_and_place_alone(written: io.StringIO) -> None:
    log = structlog.stdlib.get_logger("store")
    violation = UniqueViolationError.new(
        {"C": "23505", "M": "duplicate key", "D": f"Key (name)=({NAME}) already exists.", "n": "clients_name"}
    )
    try:
        try:
            Person.model_validate({"age": NAME})
        except ValidationError as invalid:
            raise violation from invalid
    except UniqueViolationError:
        log.exception("append failed")
    (line,) = lines(written)
    error = line["error"]
    assert isinstance(error, dict)
    assert error["type"] == "asyncpg.exceptions.UniqueViolationError"
    assert error["code"] == "23505"
    assert error["constraint"] == "clients_name"
    assert error["frames"][0].startswith("tests/unit/chassis/ops/test_logs.py:")
    assert error["cause"]["type"] == "pydantic_core._pydantic_core.ValidationError"


def test_an_exception_may_be_handed_over_as_a_field(written: io.StringIO) -> None:
    structlog.stdlib.get_logger("relay").error("not sent", error=ConnectionRefusedError(111, NAME), attempt=2)
    (line,) = lines(written)
    assert line["error"] == {"type": "ConnectionRefusedError", "code": 111}


def test_a_library_that_nobody_read_tells_only_where_it_speaks(written: io.StringIO) -> None:
    stranger = logging.getLogger("somebody.mail")
    try:
        raise OSError(5, NAME)
    except OSError:
        stranger.exception("can't deliver to %s", EMAIL)
    stranger.error(f"can't deliver to {EMAIL}")
    stranger.info("delivered to %s", EMAIL)
    first, second = lines(written)
    assert first["event"] == second["event"] == "text withheld, see where"
    assert str(first["where"]).startswith("tests/unit/chassis/ops/test_logs.py:")
    assert isinstance(first["error"], dict)
    assert first["error"]["type"] == "OSError"


def test_of_each_rebalance_the_kafka_library_tells_its_warnings_alone(written: io.StringIO) -> None:
    logging.getLogger("aiokafka.consumer.group_coordinator").info("Setting newly assigned partitions %s", {1, 2, 3})
    logging.getLogger("aiokafka.consumer.group_coordinator").warning("Heartbeat failed")
    logging.getLogger("uvicorn.error").info("Started server process")
    assert [line["event"] for line in lines(written)] == ["Heartbeat failed", "Started server process"]


def test_a_trusted_library_speaks_in_full_but_its_exceptions_do_not(written: io.StringIO) -> None:
    trusted = logging.getLogger("aiokafka.consumer.group_coordinator")
    trusted.error("Failed to commit for %s: %s", "history", ValueError(NAME))
    trusted.debug("record %s", NAME)
    logging.getLogger("uvicorn.error").info("Started server process [%d]\nand more", 5)
    first, second = lines(written)
    assert first["event"] == "Failed to commit for history: ValueError"
    assert second["event"] == "Started server process [5]"


def test_a_line_that_can_not_be_formatted_is_not_printed_with_its_arguments(
    written: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("uvicorn.error").error("%d clients", NAME)
    assert lines(written) == []
    assert capsys.readouterr().err == ""


def test_an_uncaught_exception_ends_in_the_log_not_in_a_trace_on_the_screen(
    written: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    sys.excepthook(ValueError, ValueError(NAME), None)
    (line,) = lines(written)
    assert line["level"] == "critical"
    assert line["error"] == {"type": "ValueError"}
    assert capsys.readouterr().err == ""


def test_lines_name_the_trace_that_they_belong_to(log_lines: io.StringIO) -> None:
    logs.configure(service="intake", traceparent=lambda: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", stream=log_lines)
    structlog.stdlib.get_logger("door").info("taken")
    assert lines(log_lines)[0]["trace"] == "0af7651916cd43dd8448eb211c80319c"


def test_a_level_silences_what_is_below_it(log_lines: io.StringIO) -> None:
    logs.configure(service="intake", level="ERROR", stream=log_lines)
    structlog.stdlib.get_logger("door").warning("hardly worth a line")
    assert lines(log_lines) == []


def test_an_exception_group_names_each_of_its_errors() -> None:
    described = failures.describe(ExceptionGroup(NAME, [ValueError(EMAIL), KeyError(NAME)]))
    assert described == {"type": "ExceptionGroup", "errors": [{"type": "ValueError"}, {"type": "KeyError"}]}


class Uncopyable:
    def __deepcopy__(self, memo: object) -> None:
        raise ValueError(NAME)


def test_our_own_frames_are_told_however_deep_a_library_fell() -> None:
    nested: object = Uncopyable()
    for _ in range(20):
        nested = [nested]
    with pytest.raises(ValueError, match=NAME) as failed:
        copy.deepcopy(nested)
    frames = failures.describe(failed.value)["frames"]
    assert isinstance(frames, list)
    assert "test_our_own_frames_are_told_however_deep_a_library_fell" in frames[0]
    assert frames[-1].endswith(" __deepcopy__")
    assert len(frames) <= failures.OUR_FRAMES + failures.LAST_FRAMES


def test_a_chain_of_causes_has_an_end() -> None:
    error: Exception = ValueError("0")
    for number in range(9):
        following = ValueError(str(number))
        following.__cause__ = error
        error = following
    depth, described = 0, failures.describe(error)
    while isinstance(inner := described.get("cause"), dict):
        depth, described = depth + 1, inner
    assert depth == failures.MAX_CAUSES
