"""Twenty people who turn to an authority on its first Monday, at all nine kinds of point, and what each of them is to be told."""

from dataclasses import dataclass
from datetime import date
from typing import Final

LAND, FOREST = "land", "forest"
RECEIVED, REGISTERED, IN_WORK, EXTENDED = "принят", "зарегистрирован", "в работе", "срок продлён"
REDIRECTED, ASKED, MERGED = "переадресован", "нужно уточнение", "объединён с другим запросом"
NOT_CONSIDERED, EXPLAINED, NOT_A_REQUEST = "оставлен без рассмотрения", "разъяснён порядок подачи", "не запрос"

BY_CARD: Final = {"phone": "phone", "post": "post", "internal": "post", "in_person": "reception"}
"""On which card of the desk staff take down what comes at a point."""
CARRIED: Final = ("vk", "telegram", "ok", "email")
"""Points of which a frontend of their own tells, by Kafka."""


@dataclass
class Contact:
    """Who says what where. `told`: titles of the notices that they get, in their order; `stands`: where it ends untold.

    `number`, `code` and `due_on` are what they were given for it.
    """

    point: str
    name: str
    text: str
    topic: str = LAND
    email: str = ""
    account: str = ""
    type: str = "information"
    kind: str = "citizen"
    told: tuple[str, ...] = (REGISTERED, IN_WORK)
    stands: str | None = None
    number: str = ""
    code: str = ""
    due_on: date | None = None

    @property
    def last(self) -> str:
        return self.stands or self.told[-1]

    @property
    def notices(self) -> list[str]:
        """The head of each: its number as it was then, and what the request is now."""
        number = f"№ {self.number}" if self.is_registered else self.number
        return [f"Запрос {number}: {title}" for title in self.told]

    @property
    def is_registered(self) -> bool:
        return REGISTERED in self.told


first_of_two = Contact("vk", "Повторная Зоя Марковна", "Сколько стоит аренда участка у реки в Заречье?", account="vk-77")
second_of_two = Contact(
    "vk", "Повторная Зоя Марковна", "Напишите, сколько стоит аренда участка у реки в Заречье.", account="vk-77", told=(REGISTERED, MERGED)
)
unclear = Contact("vk", "Неясный Глеб Ильич", "Когда будет готов мой участок?", account="vk-78", told=(REGISTERED, IN_WORK, ASKED, IN_WORK))
for_others = Contact(
    "site",
    "Иногородний Егор Львович",
    "Кто отвечает за лес соседней области?",
    FOREST,
    "egor@example.ru",
    told=(REGISTERED, IN_WORK, REDIRECTED),
)
laborious = Contact(
    "telegram",
    "Дотошная Инна Павловна",
    "Перечислите все сделки с землёй за десять лет.",
    told=(REGISTERED, IN_WORK, EXTENDED),
    stands=IN_WORK,
)
nameless = Contact("email", "", "Кому сдан лес за посёлком?", FOREST, "nobody@example.ru", told=(RECEIVED, NOT_CONSIDERED))
spam = Contact("ok", "", "Подписывайтесь на наш канал о скидках", told=(RECEIVED,), stands=NOT_A_REQUEST)
complaint = Contact(
    "email",
    "Обиженная Рита Олеговна",
    "Прошу наказать инспектора за грубость на приёме.",
    email="rita@example.ru",
    type="appeal",
    told=(REGISTERED, IN_WORK, EXPLAINED),
)

CONTACTS: Final = (
    Contact("phone", "Звонкова Алла Юрьевна", "Когда принимают по вопросам земли?"),
    Contact("phone", "Звонарёв Олег Фомич", "Где взять дрова из казённого леса?", FOREST, "zvonarev@example.ru"),
    Contact("site", "Сайтова Нина Петровна", "Какие участки в Заречье сданы в аренду?", email="nina@example.ru"),
    for_others,
    Contact("site", "Лесной Яков Денисович", "Где можно собирать валежник?", FOREST, "yakov@example.ru"),
    Contact("site", "Дачный Марк Семёнович", "Как получить землю под огород?", email="mark@example.ru"),
    first_of_two,
    second_of_two,
    unclear,
    laborious,
    Contact("telegram", "Тихая Ева Романовна", "Сколько гектаров леса горело в этом году?", FOREST),
    spam,
    Contact("ok", "Классная Галина Ивановна", "Как узнать границы участка моей бабушки?"),
    Contact("post", "Конвертова Фаина Львовна", "Прошу сообщить, кому принадлежит пустырь за школой."),
    Contact("post", "ООО «Небывалый лес»", "Просим сообщить порядок аренды лесного участка.", FOREST, kind="legal_entity"),
    nameless,
    complaint,
    Contact("email", "Почтова Вера Андреевна", "Какие документы нужны для межевания участка?", email="vera@example.ru"),
    Contact("in_person", "Приёмная Софья Игоревна", "Можно ли строить баню на лесном участке?", FOREST, "sofya@example.ru"),
    Contact("internal", "Служебный Виктор Олегович", "Прошу сообщить число договоров аренды земли.", kind="internal"),
)
