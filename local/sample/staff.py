"""Invented staff of the demonstration, one for each way to work at the desk; the units are those of `local/authority.toml`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SampleAccount:
    """`roles` are codes of R-25, `unit` is a code of the authority's file."""

    login: str
    name: str
    roles: tuple[str, ...]
    unit: str | None = None


ACCOUNTS = (
    SampleAccount("registrar", "Климова Вера Андреевна", ("registrar",), "office"),
    SampleAccount("operator", "Рябов Павел Игоревич", ("operator",), "office"),
    SampleAccount("land", "Дубровин Олег Николаевич", ("executor",), "land"),
    SampleAccount("forest", "Лыкова Дарья Степановна", ("executor",), "forest"),
    SampleAccount("checker", "Носова Инна Романовна", ("checker",), "office"),
    SampleAccount("head", "Верещагина Анна Сергеевна", ("head",)),
    SampleAccount("admin", "Шубин Максим Юрьевич", ("administrator", "auditor")),
)
LOGINS = tuple(account.login for account in ACCOUNTS)
