"""The town on its first Monday: an empty installation, frontends of messengers and of mail, and all who turn to it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
from playwright.async_api import Page

from libs.chassis.bus.topics import apply
from libs.events.contracts.channel_inbound import MessageReceived
from libs.events.contracts.channel_outbound import ReplyHandedOver
from libs.events.topics import OUTBOUND, RECEIPTS, wanted
from libs.events.vocabulary import Contacts, Sender
from tests.integration.intake.town import Frontend, Heard, Listener, listening
from tests.journey.contacts import BY_CARD, CARRIED, CONTACTS, Contact
from tests.journey.desk import Desk, a_browser, new_page, send_form
from tests.journey.town import SERVICES, Town, town
from tests.stack import ROOT, Database, producer

AUTHORITY = "authority"  # its code in the file of an empty installation
SETUP_CODE = "only-for-the-first-monday"


@dataclass
class Monday:
    """The town, its frontends, and who sits at which browser."""

    town: Town
    listener: Listener
    frontends: dict[str, Frontend]
    site: Page
    admin: Page
    desks: dict[str, Desk] = field(default_factory=dict)

    def heard(self, point: str) -> list[Heard]:
        """Notices that a frontend was given."""
        return [one for one in self.listener.on(OUTBOUND.of(point)) if isinstance(one.fact, ReplyHandedOver)]


@asynccontextmanager
async def monday(database: Database, directory: Path) -> AsyncIterator[Monday]:
    bootstrap = database.stack.parts.kafka_bootstrap
    await apply(bootstrap, wanted(CARRIED))
    told = {name: {"OTKLIK_AUTHORITY_FILE": str(ROOT / "local" / "authority-empty.toml")} for name in (*SERVICES, "site")}
    told["intake"]["OTKLIK_SETUP_CODE"] = SETUP_CODE
    topics = [topic.of(frontend) for topic in (RECEIPTS, OUTBOUND) for frontend in CARRIED]
    async with AsyncExitStack() as stop:
        made = stop.enter_context(town(database, directory, more=told))
        kafka = await stop.enter_async_context(producer(bootstrap))
        listener = await stop.enter_async_context(listening(bootstrap, *topics))
        browser = await stop.enter_async_context(a_browser())
        http = await stop.enter_async_context(httpx.AsyncClient())
        frontends = {name: Frontend(name, kafka, listener, http, "") for name in CARRIED}
        site, admin = await new_page(browser, made.url("site")), await new_page(browser, made.url("intake"))
        yield Monday(made, listener, frontends, site, admin)


async def take_in(day: Monday) -> None:
    """Each contact by its own way: the site's form, a frontend's topic, a card of the desk."""
    for number, contact in enumerate(CONTACTS):
        if contact.point in CARRIED:
            await day.frontends[contact.point].send(message(contact, number), authority=AUTHORITY)
        elif contact.point == "site":
            await send_form(day.site, contact)
        else:
            who = "operator" if BY_CARD[contact.point] == "phone" else "registrar"
            await day.desks[who].take_down(contact)
    for number, contact in enumerate(CONTACTS):
        if contact.point in CARRIED:
            receipt = await day.frontends[contact.point].receipt(f"m-{number}")
            contact.number, contact.code = receipt.reg_no or receipt.reference, receipt.tracking_code
            contact.due_on = receipt.due_on


def dialogue(contact: Contact) -> str:
    return contact.account or f"dialogue of {contact.name or contact.text}"


def message(contact: Contact, number: int, text: str = "") -> MessageReceived:
    return MessageReceived(
        external_id=f"m-{number}",
        received_at=datetime.now(UTC),
        dialogue=dialogue(contact),
        sender=Sender(name=contact.name or None, account=contact.account or None),
        contacts=Contacts(email=contact.email or None),
        text=text or contact.text,
    )
