"""One of everything that can happen to a request, for the tests that look at what is left behind."""

from libs.events.contracts.intake_requests import RequestStatusChanged
from libs.events.vocabulary import AdditionalChannel, Attachment, Contacts, Sender
from tests.examples import GREETING, Somebody, anna, revised
from tests.integration.intake.town import Town, said
from tests.stack import eventually


async def happens(town: Town, who: Somebody = anna, text: str = "Прошу сообщить порядок аренды.") -> None:
    """Both doors: taken, completed, edited, joined, refused, set aside; the person looks, changes and confirms."""
    name = Sender(name=who.name)
    attached = Attachment(upload_id="u-1", name=f"{who.name}.pdf", type="application/pdf", size=1, sha256="0" * 64)
    by_post = AdditionalChannel(channel="post", address=who.postal)
    full = said("form", who, text=text, sender=name, contacts=who.contacts, additional_channel=by_post, attachments=(attached,))
    receipt = (await town.site.post(full)).json()
    mine = {"number": receipt["reference"], "tracking_code": receipt["tracking_code"]}
    await town.site.post(said("form", who, text=f"{text} И покупки."))
    await town.site.ask("status", mine)
    await town.site.ask("confirmations", {"token": await _token(town)})
    await town.site.ask("channels", mine | {"email": f"new-{who.email}"})
    await town.site.ask("status", mine | {"tracking_code": who.name})
    await town.site.post(said("second form", who, text=text, sender=name))

    await town.vk.send(said("hello", who, text=GREETING, contacts=Contacts(), sender=who.sender, dialogue=who.name))
    await town.vk.send(said("question", who, text=text, sender=who.sender, dialogue=who.name))
    await town.vk.send(revised("question", who, text=f"{text} Срочно.", sender=who.sender, dialogue=who.name))
    first = await town.vk.receipt("hello")
    await town.vk.send(said("clarified", who, text=text, sender=who.sender, dialogue=who.name, thread_ref=first.reference))
    await town.vk.send(said("odd", who, text=text, sender=who.sender, dialogue="odd"), point=who.name, key=who.phone.encode())
    await town.vk.send(said("long", who, text=text * 3_000))
    broken = said("broken", who, text=text)
    await town.vk.send(broken, key=b"broken", payload=broken.payload() | {"received_at": who.name})
    await town.vk.receipts_of(["hello", "question", "clarified", "odd", "long"])

    async def letters() -> bool:
        return bool(await town.value("SELECT count(*) = 1 FROM dead_letters"))

    await eventually(letters, what="the broken record is set aside")


async def _token(town: Town) -> str:
    told = [fact for fact in await town.facts("site", "form") if isinstance(fact, RequestStatusChanged)]
    [token] = [target.confirm_token for target in told[-1].targets if target.role == "email"]
    return str(token)
