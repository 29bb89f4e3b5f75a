"""What a colleague types into the form of a step. Pure."""

from collections.abc import Mapping
from datetime import date, timedelta
from random import Random

from bench.desk.reading import Form
from local.sample import matters

TOPICS_OF = {"land": "land", "forest": "forest", "general": "office"}  # who mostly deals with what: of local/authority.toml
LATEST_DAYS = 15  # after the old term (8-FZ art. 18)
FRIDAY = 4


def filled(form: Form, due_on: date | None, random: Random) -> dict[str, str]:
    """The whole form as it is posted; what the page suggests mostly stays."""
    typed = {f"{form.command}-{name}": value for name, value in _values(form, due_on, random).items()}
    return {**form.fields, **{name: value for name, value in typed.items() if name in form.fields}}


def _values(form: Form, due_on: date | None, random: Random) -> Mapping[str, str]:
    match form.command:
        case "classify":
            return _classified(form, random)
        case "assign":
            executors = form.choices.get("assign-executor", [])
            return {
                "unit": form.fields["assign-unit"] or random.choice(form.choices["assign-unit"]),
                "executor": random.choice(executors) if executors else "",
                "reason": "Исполнитель в отпуске.",
            }
        case "ask-clarification":
            return {"question": random.choice(matters.CLARIFY)}
        case "extend-deadline":
            return {"new_due": later(due_on).isoformat() if due_on else "", "reason": "Нужны сведения из архива."}
        case "redirect":
            known = random.random() < 0.7
            body = random.choice(matters.REDIRECTS) if known else ""
            return {"to_body": body, "explanation": "Вопрос не относится к полномочиям департамента."}
        case "leave-unconsidered":
            return {"ground": random.choice(form.choices["leave-unconsidered-ground"])}
        case "explain-route":
            return {"how": "Обращение можно подать письменно или на личном приёме."}
        case _:
            return {"reason": "По просьбе клиента."}


def _classified(form: Form, random: Random) -> Mapping[str, str]:
    topic = form.fields["classify-topic"] or random.choice(list(TOPICS_OF))
    return {
        "type": form.fields["classify-type"] or random.choice(("information", "information", "consultation", "appeal")),
        "topic": topic,
        "unit": form.fields["classify-unit"] or TOPICS_OF.get(topic, "office"),
        "urgency": "urgent" if random.random() < 0.05 else "ordinary",
        "client_kind": form.fields["classify-client_kind"] or "citizen",
    }


def later(due_on: date) -> date:
    """The last weekday that a term may be moved to."""
    latest = due_on + timedelta(days=LATEST_DAYS)
    return latest - timedelta(days=max(0, latest.weekday() - FRIDAY))
