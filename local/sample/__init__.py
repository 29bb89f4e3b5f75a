"""Sample data of our own making, the same from the same seed: clients of all kinds, their contacts over five years (E-18).

`people.py` and `matters.py` hold the words, `clients.py` and `contacts.py` put them together, `sample.py` is the way in.
Nobody here exists: names, streets, firms, numbers and accounts are invented, e-mail addresses end in example.ru or .example.
"""

COUNT = 2_000  # contacts


def number_of(contact: int) -> str:
    """Of the first contact, the second, …"""
    return f"У-{contact:05}"


def register_of(seed: int) -> str:
    """The register that contacts of this seed are said to come from."""
    return f"Учебные данные, набор {seed}"
