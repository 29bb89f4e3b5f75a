"""What a form of ours posted: text fields, each once. No form of ours sends files, so a file is not even stored."""

from starlette.requests import Request

MAX_FIELDS = 100


async def posted(request: Request) -> dict[str, str]:
    """Field by field; of a name that came twice the last value counts."""
    async with request.form(max_files=0, max_fields=MAX_FIELDS) as form:
        return {name: whole(value) for name, value in form.items() if isinstance(value, str)}


def whole(value: str) -> str:
    """Without halves of letters, which some encodings let through and no UTF-8 can carry on."""
    return value.encode("utf-8", "replace").decode("utf-8")
