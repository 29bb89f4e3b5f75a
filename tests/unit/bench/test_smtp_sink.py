"""The sink speaks SMTP with a real client and notes each letter."""

from email.message import EmailMessage

from aiosmtplib import SMTP

from bench.smtp_sink import SmtpSink


def letter(to: str, number: int) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "otklik@example.org", to, "Письмо"
    made["Message-ID"] = f"<{number}@example.org>"
    made.set_content("Точка в начале строки:\n.\nдальше")
    return made


async def test_letters_are_noted_by_recipient_with_time_and_message_id() -> None:
    async with SmtpSink() as sink:
        client = SMTP(hostname="127.0.0.1", port=sink.port, use_tls=False, start_tls=False)
        await client.connect()
        for number, to in enumerate(["a@example.org", "b@example.org", "a@example.org"]):
            await client.send_message(letter(to, number))
        await client.rset()
        await client.quit()
    assert sink.letters == 3
    assert {to: [letter_id for _, letter_id in arrived] for to, arrived in sink.arrived.items()} == {
        "a@example.org": ["<0@example.org>", "<2@example.org>"],
        "b@example.org": ["<1@example.org>"],
    }
    first, third = (at for at, _ in sink.arrived["a@example.org"])
    assert first <= third
