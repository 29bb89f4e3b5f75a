"""The styles, script, fonts and icon of all pages, under addresses that hold the hash of their content.

They are made at start-up from node_modules (govuk-frontend, Golos Text) and `static/`, and kept in memory: some 400 KB.
Nothing of others is committed; GDS Transport and the crest are cut out of the style sheet, they belong to GOV.UK alone.
"""

import gzip
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

REPOSITORY = Path(__file__).resolve().parents[2]
GOVUK = Path("govuk-frontend/dist/govuk")
GOLOS = Path("@fontsource/golos-text")
WEIGHTS = ("400", "700")  # the two that govuk-frontend uses
SUBSETS = ("cyrillic", "cyrillic-ext", "latin", "latin-ext")
FOR_EVER = "public, max-age=31536000, immutable"
MEDIA_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".woff2": "font/woff2"}


class MissingAssetError(Exception):
    """A browser asset is not installed: run `npm ci` in the root of the repository."""


@dataclass(frozen=True)
class Asset:
    name: str
    body: bytes

    @property
    def file_name(self) -> str:
        stem, _, suffix = self.name.rpartition(".")
        return f"{stem}.{sha256(self.body).hexdigest()[:16]}.{suffix}"

    @property
    def url(self) -> str:
        return f"/assets/{self.file_name}"

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[Path(self.name).suffix]


class Assets:
    """What the pages link to: `url("otklik.css")` while a page is drawn, `route()` to serve it."""

    def __init__(self, assets: Iterable[Asset]) -> None:
        self._by_name = {asset.name: asset for asset in assets}
        self._by_file_name = {asset.file_name: asset for asset in self._by_name.values()}
        self._zipped = {name: gzip.compress(asset.body, 9, mtime=0) for name, asset in self._by_name.items() if _worth_zipping(asset)}

    def url(self, name: str) -> str:
        return self._by_name[name].url

    def route(self) -> Route:
        return Route("/assets/{file_name}", self._serve, methods=["GET"], name="assets", include_in_schema=False)

    async def _serve(self, request: Request) -> Response:
        asset = self._by_file_name.get(request.path_params["file_name"])
        if asset is None:
            return Response(status_code=404)
        headers = {"cache-control": FOR_EVER, "vary": "accept-encoding"}
        zipped = self._zipped.get(asset.name)
        if zipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(zipped, media_type=asset.media_type, headers={**headers, "content-encoding": "gzip"})
        return Response(asset.body, media_type=asset.media_type, headers=headers)


def load(node_modules: Path = REPOSITORY / "node_modules") -> Assets:
    """All assets, each made after those it links to."""
    static = Path(__file__).parent / "static"
    fonts = [f"golos-text-{subset}-{weight}-normal.woff2" for weight in WEIGHTS for subset in SUBSETS]
    assets = [Asset(font, _read(node_modules / GOLOS / "files" / font)) for font in fonts]
    assets.append(Asset("govuk-frontend.js", _without_source_map(_read(node_modules / GOVUK / "govuk-frontend.min.js"))))
    assets.append(Asset("icon.svg", _read(static / "icon.svg")))
    urls = {asset.name: asset.url for asset in assets}
    faces = [_golos_faces(_read(node_modules / GOLOS / f"{weight}.css").decode(), urls) for weight in WEIGHTS]
    style = [_our_govuk(_read(node_modules / GOVUK / "govuk-frontend.min.css").decode()), *faces, _read(static / "otklik.css").decode()]
    assets.append(Asset("otklik.css", "\n".join(style).encode()))
    assets.append(Asset("paper.css", "\n".join([*faces, _read(static / "paper.css").decode()]).encode()))
    assets.append(Asset("paper.js", _read(static / "paper.js")))
    assets.append(Asset("otklik.js", _linked(_read(static / "otklik.js").decode(), urls).encode()))
    return Assets(assets)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as missing:
        raise MissingAssetError(f"{path}: run `npm ci` in the root of the repository") from missing


def _without_source_map(script: bytes) -> bytes:
    return re.sub(rb"\n?//# sourceMappingURL=.*", b"", script)


def _our_govuk(style: str) -> str:
    """The style sheet with our font and without the files that only GOV.UK may use."""
    style = re.sub(r"@font-face\{[^}]*\}", "", style)
    style = style.replace("GDS Transport", "Golos Text")
    style = style.replace("font-family:sans-serif", "font-family:Golos Text,arial,sans-serif")  # on paper
    style = re.sub(r"url\(/assets/images/[^)]*\)", "none", style)
    return re.sub(r"/\*# sourceMappingURL=.*?\*/", "", style)


def _golos_faces(style: str, urls: dict[str, str]) -> str:
    """The font's own @font-face rules, cut to WOFF2 and led to our addresses."""
    style = re.sub(r", url\([^)]*\) format\('woff'\)", "", style)
    return re.sub(r"url\(\./files/([^)]*)\)", lambda found: f"url({urls[found[1]]})", style)


def _linked(script: str, urls: dict[str, str]) -> str:
    """`asset:NAME` becomes the address of that asset."""
    return re.sub(r"asset:([\w.-]+)", lambda found: urls[found[1]], script)


def _worth_zipping(asset: Asset) -> bool:
    return not asset.name.endswith(".woff2")
