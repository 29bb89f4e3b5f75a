"""What an authority has not said yet, and who is missing, before the system can be worked with."""

from collections.abc import Collection
from enum import StrEnum

from libs.chassis.access.roles import Role
from libs.chassis.ops.settings import Authority
from services.intake.domain.staff.account import Account


class Step(StrEnum):
    """One thing that is still to be set up."""

    NAME = "name"
    SHORT_NAME = "short_name"
    ACT = "act"
    POSTAL_ADDRESS = "postal_address"
    PHONES = "phones"
    HOURS = "hours"
    SIGNATORY = "signatory"
    TOPICS = "topics"
    UNITS = "units"
    UNIT_WITHOUT_TOPIC = "unit-without-topic"
    TOPIC_WITHOUT_UNIT = "topic-without-unit"
    TYPES = "types"
    POINTS = "points"
    REGISTRAR = "registrar"
    EXECUTOR = "executor"
    HEAD = "head"
    MAIL = "mail"


PROFILE = (Step.NAME, Step.SHORT_NAME, Step.ACT, Step.POSTAL_ADDRESS, Step.PHONES, Step.HOURS, Step.SIGNATORY)
STAFF = {Step.REGISTRAR: Role.REGISTRAR, Step.EXECUTOR: Role.EXECUTOR, Step.HEAD: Role.HEAD}


def unfinished(authority: Authority, accounts: Collection[Account], *, mail_works: bool) -> list[Step]:
    """In the order in which it is best done; `mail_works`: a trial letter was sent once."""
    found = [step for step in PROFILE if not getattr(authority, step.value)]
    found += [step for step in (Step.TOPICS, Step.UNITS) if not getattr(authority, step.value)]
    found += _loose_ends(authority)
    found += [step for step in (Step.TYPES, Step.POINTS) if not getattr(authority, step.value)]
    found += [step for step, role in STAFF.items() if not any(one.enabled and role in one.roles for one in accounts)]
    return [*found, *([] if mail_works else [Step.MAIL])]


def _loose_ends(authority: Authority) -> list[Step]:
    """A request of such a topic could be given to nobody, such a unit could be given none."""
    covered = {topic for unit in authority.units for topic in unit.topics}
    without_topic = any(not unit.topics for unit in authority.units)
    without_unit = bool(authority.units) and any(topic.code not in covered for topic in authority.topics)
    return [*([Step.UNIT_WITHOUT_TOPIC] if without_topic else []), *([Step.TOPIC_WITHOUT_UNIT] if without_unit else [])]
