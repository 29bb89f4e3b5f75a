"""Codes in words for staff: statuses as the office calls them, channels, kinds of clients, oddities."""

from libs.events.vocabulary import AnswerScope, AskedBy, ClientKind, Flag, OralOutcome, PowersOutcome, Status, Urgency, WantedForm
from services.intake import statuses

STATUSES = statuses.TITLES | {
    Status.RECEIVED: "поступил",
    Status.CLASSIFIED: "классифицирован",
    Status.ASSIGNED: "передан исполнителю",
    Status.DRAFTING: "подготовка ответа",
    Status.ON_APPROVAL: "на согласовании",
    Status.APPROVED: "согласован",
    Status.AWAITING_CLARIFICATION: "запрошено уточнение",
}
OUTCOMES = {
    OralOutcome.INFORMED: "Дан сразу: информация предоставлена",
    OralOutcome.WHERE_PUBLISHED: "Дан сразу: сообщено, где она опубликована",
    OralOutcome.REFERRED: "Дан сразу: сообщено, куда обратиться",
}
TAGS = {  # colours of govuk-frontend's tags, beside the word and never instead of it
    Status.RECEIVED: "blue",
    Status.REGISTERED: "blue",
    Status.CLASSIFIED: "teal",
    Status.ASSIGNED: "teal",
    Status.AWAITING_CLARIFICATION: "yellow",
}
SCOPES = {AnswerScope.FULL: "полный ответ", AnswerScope.PARTIAL: "ответ на часть запроса", AnswerScope.REFUSAL: "отказ"}
FORMS = {WantedForm.ELECTRONIC: "электронная", WantedForm.WRITTEN: "письменная, на бумаге"}
URGENCIES = {Urgency.ORDINARY: "обычная", Urgency.URGENT: "срочно"}
KINDS = {
    ClientKind.UNKNOWN: "не установлен",
    ClientKind.CITIZEN: "гражданин России",
    ClientKind.FOREIGNER: "иностранный гражданин",
    ClientKind.STATELESS: "лицо без гражданства",
    ClientKind.DUAL_CITIZEN: "гражданин двух государств",
    ClientKind.SELF_EMPLOYED: "самозанятый",
    ClientKind.SOLE_TRADER: "индивидуальный предприниматель",
    ClientKind.LEGAL_ENTITY: "организация",
    ClientKind.UNREGISTERED_ASSOCIATION: "объединение без регистрации юридического лица",
    ClientKind.INTERNAL: "сотрудник этого органа власти",
}
FLAGS = {
    Flag.UNKNOWN_POINT: "неизвестная точка взаимодействия",
    Flag.WRONG_AUDIENCE: "точка не для таких клиентов",
    Flag.NO_NAME: "не указано имя",
    Flag.NO_CONTACT: "нет контакта для ответа",
    Flag.NO_QUESTION: "нет вопроса",
    Flag.BAD_EMAIL: "адрес электронной почты с ошибкой",
    Flag.CLOCK_OFF: "время сообщения сомнительно",
    Flag.ENTERED_LATE: "внесено позже дня поступления",
    Flag.TEXT_CHANGED: "текст прислан заново",
    Flag.THREAD_UNKNOWN: "ссылается на неизвестный запрос",
    Flag.POWERS_UNCHECKED: "полномочия представителя не проверены",
    Flag.POWERS_EXPIRED: "срок полномочий представителя истёк",
    Flag.POWERS_WITHDRAWN: "полномочия представителя отозваны",
}
POWERS = {
    PowersOutcome.CONFIRMED: "подтверждены",
    PowersOutcome.REFUSED: "не подтверждены",
    PowersOutcome.WITHDRAWN: "отозваны",
}
ADDITIONAL = {"email": "электронная почта", "phone": "телефон", "post": "письмо на бумаге"}
ASKED = {
    AskedBy.PHONE: "клиент, по телефону",
    AskedBy.RECEPTION: "клиент, на личном приёме",
    AskedBy.POST: "клиент, в письме на бумаге",
    AskedBy.MESSAGE: "клиент, в сообщении",
    AskedBy.REPRESENTATIVE: "представитель клиента",
    AskedBy.NOBODY: "никто: прежним способом связаться не получилось",
}
ACTORS = {"client": "клиент", "import": "перенос реестра", "notifier": "служба уведомлений", "scanner": "проверка на вирусы"}
