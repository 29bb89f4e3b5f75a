"""docs/frontends/errors.md names every code that a frontend may meet."""

import re

import pytest

from libs.chassis.access.frontends import BadCredentials
from libs.chassis.ops import concurrency, problems, refusals
from libs.chassis.ops.refusals import Refusal
from libs.chassis.store.objects import AttachmentDamaged
from libs.events.vocabulary import Flag
from services.intake import api, person, saved_forms, upload_api, verification
from services.intake.domain import correcting, inbound
from services.intake.domain.uploads import file_kinds
from services.intake.domain.uploads.attachments import AttachmentNotFound
from services.intake.papers import answers
from services.intake.uploads import handlers as uploads
from tests.integration.intake.bad_input import HTTP, KAFKA
from tests.stack import ROOT

PAGE = (ROOT / "docs" / "frontends" / "errors.md").read_text("utf-8")
HTTP_PART, KAFKA_PART, FLAGS_PART = re.split(r"^## .*$", PAGE, flags=re.MULTILINE)[1:]
pytestmark = pytest.mark.requirement("D-23", "R-21")


def codes_of(part: str) -> set[str]:
    """What stands in backticks in the first two columns of its table."""
    rows = [line.split("|")[1:3] for line in part.splitlines() if line.startswith("|")]
    return {code for row in rows for cell in row for code in re.findall(r"`([a-z-]+)`", cell)}


def test_every_refusal_of_the_http_door_is_there_and_no_other() -> None:
    known = [
        one
        for module in (
            *(refusals, concurrency, problems, api, saved_forms, person, correcting, inbound, uploads, upload_api, file_kinds),
            *(answers, verification),
        )
        for one in vars(module).values()
        if isinstance(one, type)
    ]
    known += [BadCredentials, AttachmentNotFound, AttachmentDamaged]
    doors = {one.code for one in known if issubclass(one, Refusal) and one is not Refusal}
    assert codes_of(HTTP_PART) == doors


def test_every_flag_is_there_and_no_other() -> None:
    assert codes_of(FLAGS_PART) == {flag.value for flag in Flag}


def test_every_code_of_the_tests_of_bad_input_is_there() -> None:
    assert {code for _, _, code in HTTP.values()} <= codes_of(HTTP_PART)
    assert {code for _, code in KAFKA.values()} <= codes_of(KAFKA_PART)
