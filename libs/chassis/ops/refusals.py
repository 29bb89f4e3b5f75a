"""Refusals: classes with a stable code that only the doors catch (style.md, rule 7). Pure; `problems` turns them into answers."""

import re
from collections.abc import Mapping
from typing import ClassVar

_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Refusal(Exception):
    """What was asked for can't be done, and this is why."""

    code: ClassVar[str]
    says: ClassVar[str]  # for people, in Russian
    status: ClassVar[int] = 409

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if not _CODE.fullmatch(getattr(cls, "code", "")):
            raise TypeError(f"{cls.__qualname__} needs `code`: a stable word-with-dashes that programs can rely on")
        if not getattr(cls, "says", "").strip():
            raise TypeError(f"{cls.__qualname__} needs `says`: one plain Russian sentence for the person who is refused")
        if not (cls.__doc__ or "").strip():
            raise TypeError(f"{cls.__qualname__} needs a docstring: what is so, in English")

    def __str__(self) -> str:
        return self.code

    @classmethod
    def title(cls) -> str:
        """The first line of the docstring."""
        return (cls.__doc__ or "").strip().splitlines()[0]

    def headers(self) -> dict[str, str]:
        """Headers that belong to the answer."""
        return {}

    def extras(self) -> Mapping[str, object]:
        """Members of the answer beyond type, title, status, detail and code."""
        return {}


class NotJson(Refusal):
    """The body is not JSON."""

    code = "not-json"
    status = 400
    says = "Тело запроса не разбирается как JSON."


class ContainsNul(Refusal):
    """A text holds the character NUL, which no store can keep."""

    code = "contains-nul"
    status = 400
    says = "Текст содержит недопустимый символ с кодом 0. Уберите его и отправьте снова."


class WrongSchema(Refusal):
    """Fields are missing or wrong; `errors` names each."""

    code = "wrong-schema"
    status = 400
    says = "Поля заполнены неверно. Исправьте их и отправьте снова."

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__()
        self.errors = errors

    def extras(self) -> Mapping[str, object]:
        return {"errors": self.errors}


class TooLarge(Refusal):
    """What was sent is larger than this door takes."""

    code = "too-large"
    status = 413
    says = "Сообщение слишком большое. Сократите его или отправьте по частям."


class TooSlow(Refusal):
    """The body did not come to its end in time."""

    code = "too-slow"
    status = 408
    says = "Сообщение передавалось слишком долго. Проверьте связь и отправьте его снова."


class Busy(Refusal):
    """The queue is full; the same can be sent again in `retry_after_seconds`."""

    code = "busy"
    status = 503
    says = "Сейчас слишком много сообщений. Повторите отправку немного позже."

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__()
        self.retry_after_seconds = retry_after_seconds

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after_seconds)}


class Unavailable(Refusal):
    """Something this door needs is down."""

    code = "unavailable"
    status = 503
    says = "Служба временно недоступна. Повторите попытку позже."

    def headers(self) -> dict[str, str]:
        return {"Retry-After": "5"}


class NotFound(Refusal):
    """Nothing is there."""

    code = "not-found"
    status = 404
    says = "По этому адресу ничего нет."


class MethodNotAllowed(Refusal):
    """The address is there, but not for this method."""

    code = "method-not-allowed"
    status = 405
    says = "Этот адрес не принимает запросы такого вида."


class BadRequest(Refusal):
    """The request can't be read."""

    code = "bad-request"
    status = 400
    says = "Запрос не удалось прочитать."


class InternalError(Refusal):
    """Something broke on our side; it is logged."""

    code = "internal-error"
    status = 500
    says = "Произошла внутренняя ошибка. Мы уже знаем о ней, повторите попытку позже."
