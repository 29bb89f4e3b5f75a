"""One setting says where objects lie; what can't be meant is told at the start, and no secret with it."""

from pathlib import Path

import pytest

from libs.chassis.ops.settings import WrongSettings
from libs.chassis.store.bucket import Bucket
from libs.chassis.store.objects import Directory
from libs.chassis.store.shelves import HandOverSettings, ObjectSettings, hand_over_of, shelf_of

pytestmark = pytest.mark.requirement("E-5")
KEYS = {"OTKLIK_OBJECTS_ACCESS_KEY": "who", "OTKLIK_OBJECTS_SECRET_KEY": "whose-secret"}
BUCKETS = (
    "s3://files",
    "s3://files/otklik/2026",
    "s3://files?endpoint=https://s3.example.ru&region=ru-1",
    "s3://f?endpoint=http://s3:9000",
)


def read(monkeypatch: pytest.MonkeyPatch, **told: str) -> ObjectSettings:
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    return ObjectSettings.read()


def test_a_path_is_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert isinstance(shelf_of(read(monkeypatch, OTKLIK_OBJECTS=str(tmp_path))), Directory)


@pytest.mark.parametrize("address", BUCKETS)
def test_an_address_is_a_bucket(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    assert isinstance(shelf_of(read(monkeypatch, OTKLIK_OBJECTS=address, **KEYS)), Bucket)


@pytest.mark.parametrize(
    "address",
    [
        "s3://",
        "s3:///x",
        "s3://who:whose-secret@files",
        "s3://files?endpiont=https://x",
        "s3://files?endpoint=x",
        "s3://files?key=whose-secret",
    ],
)
def test_an_address_that_can_not_be_meant_stops_the_start(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    with pytest.raises(WrongSettings, match="OTKLIK_OBJECTS is wrong") as stopped:
        read(monkeypatch, OTKLIK_OBJECTS=address, **KEYS)
    assert "whose-secret" not in str(stopped.value)


def test_the_place_between_two_services_has_settings_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OTKLIK_HAND_OVER", str(tmp_path))
    assert isinstance(hand_over_of(HandOverSettings.read()), Directory)
    monkeypatch.setenv("OTKLIK_HAND_OVER", BUCKETS[1])
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(WrongSettings, match="OTKLIK_HAND_OVER names a bucket: set OTKLIK_HAND_OVER_ACCESS_KEY"):
        hand_over_of(HandOverSettings.read())
    for name, value in KEYS.items():
        monkeypatch.setenv(name.replace("OBJECTS", "HAND_OVER"), value)
    assert isinstance(hand_over_of(HandOverSettings.read()), Bucket)


def test_a_bucket_wants_its_keys_and_readable_certificates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = read(monkeypatch, OTKLIK_OBJECTS=BUCKETS[0])
    with pytest.raises(WrongSettings, match="OTKLIK_OBJECTS_SECRET_KEY"):
        shelf_of(settings)
    settings = read(monkeypatch, OTKLIK_OBJECTS=BUCKETS[0], OTKLIK_OBJECTS_CA_FILE=str(tmp_path / "none"), **KEYS)
    with pytest.raises(WrongSettings, match="OTKLIK_OBJECTS_CA_FILE"):
        shelf_of(settings)
    assert "whose-secret" not in repr(settings)
