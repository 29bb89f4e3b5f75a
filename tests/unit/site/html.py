"""Reads pages in tests as far as a person sees them: values of fields, errors, plain text."""

from html.parser import HTMLParser


class Page(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.links: list[str] = []
        self.language = ""
        self._text: list[str] = []
        self._area: str | None = None
        self._option_of: str | None = None
        self.feed(source)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._text).split())

    @property
    def error_links(self) -> list[str]:
        return [link for link in self.links if link.startswith("#") and link != "#main-content"]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        match tag:
            case "html":
                self.language = told["lang"]
            case "a":
                self.links.append(told.get("href", ""))
            case "input":
                self._read_input(told)
            case "textarea":
                self._area = told["name"]
                self.values[self._area] = ""
            case "select":
                self._option_of = told["name"]
            case "option" if "selected" in told and self._option_of:
                self.values[self._option_of] = told["value"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area:
            self.values[self._area] = self.values[self._area].removeprefix("\n")  # as HTML does
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area] += data
        else:
            self._text.append(data)

    def _read_input(self, told: dict[str, str]) -> None:
        if told.get("type") != "radio" or "checked" in told:
            self.values[told["name"]] = told.get("value", "")
