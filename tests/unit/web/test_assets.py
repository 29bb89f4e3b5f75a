"""Assets are ours or freely usable, and cached for ever under addresses that change with their content."""

import re
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from libs.web import assets
from libs.web.assets import FOR_EVER, MissingAssetError


@pytest.fixture(scope="module")
def loaded() -> assets.Assets:
    return assets.load()


@pytest.fixture
def browser(loaded: assets.Assets) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(Starlette(routes=[loaded.route()])), base_url="http://site.test")


@pytest.mark.parametrize("name", ["otklik.css", "otklik.js", "govuk-frontend.js", "icon.svg", "golos-text-cyrillic-400-normal.woff2"])
async def test_an_asset_is_served_for_ever_under_its_hash(browser: httpx.AsyncClient, loaded: assets.Assets, name: str) -> None:
    answer = await browser.get(loaded.url(name))

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == FOR_EVER
    assert re.search(r"\.[0-9a-f]{16}\.\w+$", loaded.url(name))


async def test_every_address_inside_an_asset_leads_to_an_asset(browser: httpx.AsyncClient, loaded: assets.Assets) -> None:
    for name in ("otklik.css", "otklik.js"):
        source = (await browser.get(loaded.url(name))).text
        linked = re.findall(r"url\((/[^)]*)\)", source) + re.findall(r'from "([^"]*)"', source)
        assert linked
        for address in linked:
            assert (await browser.get(address)).status_code == 200, address


async def test_nothing_is_left_that_only_gov_uk_may_use(browser: httpx.AsyncClient, loaded: assets.Assets) -> None:
    style = (await browser.get(loaded.url("otklik.css"))).text

    assert "GDS Transport" not in style
    assert "crest" not in style
    assert "sourceMappingURL" not in style
    assert style.count("@font-face") == 8


@pytest.mark.parametrize("path", ["/assets/otklik.css", "/assets/otklik.0000000000000000.css", "/assets/..%2f..%2fpages.py"])
async def test_no_other_file_is_served(browser: httpx.AsyncClient, path: str) -> None:
    assert (await browser.get(path)).status_code == 404


async def test_texts_are_zipped_for_those_who_take_it(browser: httpx.AsyncClient, loaded: assets.Assets) -> None:
    plain = await browser.get(loaded.url("otklik.css"), headers={"accept-encoding": "identity"})
    zipped = await browser.get(loaded.url("otklik.css"), headers={"accept-encoding": "gzip"})

    assert "content-encoding" not in plain.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert int(zipped.headers["content-length"]) < int(plain.headers["content-length"]) / 4
    assert zipped.text == plain.text


def test_a_missing_package_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(MissingAssetError, match="npm ci"):
        assets.load(tmp_path)
