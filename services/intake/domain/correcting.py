"""What a person may correct of what their request says of them; what is left out stays (E-11). An e-mail address goes by its own way."""

from typing import ClassVar, NamedTuple

from libs.chassis.ops.refusals import Refusal
from libs.events.contracts.intake_requests import PersonalDataCorrected
from libs.events.vocabulary import Contacts
from services.intake.completeness import has_name, has_phone, has_postal
from services.intake.domain.request import Request


class DataNotValid(Refusal):
    """No name, no number to call, or no postal address: what stood there before is better."""

    code: ClassVar[str] = "data-not-valid"
    status: ClassVar[int] = 400
    says: ClassVar[str] = "Проверьте, что введено: имя пишут буквами, телефон цифрами, почтовый адрес полностью."


class Correction(NamedTuple):
    name: str | None = None
    phone: str | None = None
    postal: str | None = None


def corrected(request: Request, wanted: Correction) -> list[PersonalDataCorrected]:
    """Nothing where all of it stands there already. Raises `DataNotValid`."""
    checks = ((wanted.name, has_name), (wanted.phone, has_phone), (wanted.postal, has_postal))
    if any(typed is not None and not holds(typed) for typed, holds in checks):
        raise DataNotValid
    known = request.contacts
    name = _new(wanted.name, request.name)
    contacts = Contacts(phone=_new(wanted.phone, known.phone), postal=_new(wanted.postal, known.postal))
    if name is None and contacts == Contacts():
        return []
    before = Contacts(phone=known.phone if contacts.phone else None, postal=known.postal if contacts.postal else None)
    return [PersonalDataCorrected(name=name, contacts=contacts, previous_name=request.name if name else None, previous_contacts=before)]


def _new(typed: str | None, known: str | None) -> str | None:
    return typed if typed is not None and typed != known else None
