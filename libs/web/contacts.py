"""What people type to be reached by: checked alike on every form, the site's and the desk's. Nothing is asked of the network."""

import phonenumbers
from email_validator import EmailNotValidError, validate_email

COUNTRY = "RU"  # of phone numbers typed without a country code


def is_email(typed: str) -> bool:
    """By syntax alone: whether anybody reads it, the confirmation link will show."""
    try:
        validate_email(typed.strip(), check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


def phone_of(typed: str) -> str | None:
    """In the international form, or None when no such number can exist."""
    try:
        number = phonenumbers.parse(typed, COUNTRY)
    except phonenumbers.NumberParseException:
        return None
    is_possible = phonenumbers.is_possible_number(number)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if is_possible else None
