"""Where a person is told of their request beside the way they came: their own choice, and what staff change of it (N-3.2, A-3.4). Pure."""

from libs.chassis.ops.refusals import Refusal
from libs.events.contracts.intake_requests import RequestAdditionalChannelChanged, RequestChannelsChanged
from libs.events.vocabulary import AdditionalChannel, Override
from services.intake.domain.commands import OverrideChannel
from services.intake.domain.request import Request, evolve
from services.intake.domain.said import reaches
from services.intake.oddities import usable_email

EMAIL = "email"
ChannelFact = RequestChannelsChanged | RequestAdditionalChannelChanged


class EmailNotValid(Refusal):
    """The e-mail address can't be one (N-3.4)."""

    code = "email-not-valid"
    status = 400
    says = "Адрес электронной почты указан неверно. Проверьте его, например: ivanova@example.ru."


class AddressNotValid(Refusal):
    """Nobody could be reached by this telephone number or at this postal address (N-3.2)."""

    code = "address-not-valid"
    status = 400
    says = "По этому номеру или адресу сообщить не получится. Укажите телефон цифрами или полный почтовый адрес."


class ChannelAsItWas(Refusal):
    """The person is told so already, or is not told so anyway."""

    code = "channel-as-it-was"
    says = "Так уже и записано, менять нечего. Проверьте способ и адрес."


def email_of(typed: str | None) -> str | None:
    """As it can be written to, or None where none was typed; raises `EmailNotValid`."""
    address = usable_email(typed)
    if typed and address is None:
        raise EmailNotValid
    return address


def additional_of(chosen: AdditionalChannel | None) -> AdditionalChannel | None:
    """Raises `AddressNotValid`."""
    if chosen is not None and not reaches(chosen):
        raise AddressNotValid
    return chosen


def kind_of(command: OverrideChannel) -> type[ChannelFact]:
    return RequestChannelsChanged if command.channel == EMAIL else RequestAdditionalChannelChanged


def overridden(request: Request, command: OverrideChannel, *, confirmed: bool) -> ChannelFact:
    """What staff change of the person's choice. Raises the refusals of this module."""
    override = Override(channel=command.channel, asked=command.asked, reason=command.reason)
    if command.channel == EMAIL:
        email = email_of(command.address)
        if email == request.email:
            raise ChannelAsItWas
        return RequestChannelsChanged(email=email, email_confirmed=confirmed and email is not None, override=override)
    chosen = additional_of(AdditionalChannel(channel=command.channel, address=command.address) if command.address else None)
    used = request.additional if request.additional and request.additional.channel == command.channel else None
    if chosen == used:
        raise ChannelAsItWas
    return RequestAdditionalChannelChanged(additional=chosen, override=override)


def as_changed(request: Request, command: OverrideChannel) -> Request:
    """The request as it will be, before anybody looks whether its new address was proved. Raises the refusals of this module."""
    return evolve(request, overridden(request, command, confirmed=False))
