"""A process is told everything by its environment; what is missing is named with what to do."""

import base64
from pathlib import Path

import pytest

from libs.chassis.ops.settings import ProcessSettings, ServiceSettings, WrongSettings, load_authority

KEY = base64.b64encode(bytes(range(32))).decode()
COMPLETE = {
    "OTKLIK_AUTHORITY_FILE": "authority.toml",
    "OTKLIK_HTTP_PORT": "8081",
    "OTKLIK_POSTGRES_DSN": "postgresql://intake:s3cret-word@127.0.0.1:5532/otklik",
    "OTKLIK_KAFKA_BOOTSTRAP": "127.0.0.1:9192",
    "OTKLIK_MASTER_KEY": KEY,
    "OTKLIK_STAFF_PUBLIC_KEY": KEY,
}
AUTHORITY = """
code = "somewhere"
name = "Служба земельного надзора Приозёрного края"
short_name = "Служба"
act = "приказ от 01.02.2026 № 7"
postal_address = "100000, г. Приозёрск, ул. Лесная, 1"
phones = ["+7 000 000-00-00"]
hours = "с 9:00 до 18:00"
time_zone = "Asia/Novosibirsk"
signatory = "Руководитель И. И. Озёрова"
journals = [{ code = "information", index = "ЗИ" }]
points = [{ code = "site", title = "Официальный сайт" }, { code = "internal", title = "Внутреннее обращение", kind = "internal" }]
"""


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_a_complete_environment_is_read_with_its_defaults(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("OTKLIK_OTLP_ENDPOINT", "http://127.0.0.1:4318/")
    settings = ServiceSettings.read()
    assert settings.http_port == 8081
    assert settings.http_host == "127.0.0.1"
    assert settings.master_key.get_secret_value() == settings.staff_public_key == bytes(range(32))
    assert settings.master_key_id == "1"
    assert settings.otlp_endpoint == "http://127.0.0.1:4318"
    assert settings.http_body_limit_bytes == 1024 * 1024


def test_an_empty_variable_counts_as_absent(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("OTKLIK_OTLP_ENDPOINT", "")
    assert ServiceSettings.read().otlp_endpoint is None


def test_settings_are_frozen(environment: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="frozen"):
        ServiceSettings.read().http_port = 1  # type: ignore[misc]


def test_a_frontend_needs_neither_database_nor_kafka(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTKLIK_AUTHORITY_FILE", "authority.toml")
    monkeypatch.setenv("OTKLIK_HTTP_PORT", "0")
    assert ProcessSettings.read().http_port == 0


def test_each_missing_variable_is_named_with_what_it_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in COMPLETE:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(WrongSettings) as stopped:
        ServiceSettings.read()
    message = str(stopped.value)
    assert all(f"{name} is missing: " in message for name in COMPLETE)
    assert "postgresql://role:password@host:port/database" in message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTKLIK_MASTER_KEY", "not-base64-and-very-secret"),
        ("OTKLIK_MASTER_KEY", base64.b64encode(b"too short").decode()),
        ("OTKLIK_STAFF_PUBLIC_KEY", base64.b64encode(b"also too short").decode()),
        ("OTKLIK_POSTGRES_DSN", "mysql://intake:s3cret-word@host/otklik"),
        ("OTKLIK_KAFKA_BOOTSTRAP", "no-port-at-all"),
        ("OTKLIK_HTTP_PORT", "eighty"),
        ("OTKLIK_LOG_LEVEL", "CHATTY"),
        ("OTKLIK_OTLP_ENDPOINT", "collector:4317"),
    ],
)
def test_a_wrong_value_is_named_but_never_printed(environment: pytest.MonkeyPatch, name: str, value: str) -> None:
    environment.setenv(name, value)
    with pytest.raises(WrongSettings) as stopped:
        ServiceSettings.read()
    assert f"{name} is wrong" in str(stopped.value)
    assert value not in str(stopped.value)
    assert "s3cret-word" not in str(stopped.value)


def test_secrets_are_not_shown_when_settings_are_printed(environment: pytest.MonkeyPatch) -> None:
    shown = repr(ServiceSettings.read())
    assert "s3cret-word" not in shown
    assert repr(bytes(range(32))) not in shown.split("staff_public_key")[0]


@pytest.mark.requirement("N-0.1")
def test_the_authority_is_data_of_one_installation(tmp_path: Path) -> None:
    file = tmp_path / "authority.toml"
    file.write_text(AUTHORITY, "utf-8")
    authority = load_authority(file)
    assert authority.name == "Служба земельного надзора Приозёрного края"
    assert authority.time_zone.key == "Asia/Novosibirsk"
    assert [point.kind for point in authority.points] == ["external", "internal"]
    assert authority.point("internal") == authority.points[1]
    assert authority.point("carrier-pigeon") is None
    assert authority.journal("information") == authority.journals[0]


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ('name = "Служба земельного', 'nome = "Служба земельного', "nome: Extra inputs are not permitted"),
        ("Asia/Novosibirsk", "Asia/Nowhere", "time_zone"),
        ('code = "internal", title', 'code = "site", title', "point code site"),
        ('code = "somewhere"', "code = somewhere", "can't be read"),
    ],
)
def test_a_wrong_description_of_the_authority_says_what_is_wrong(tmp_path: Path, before: str, after: str, names: str) -> None:
    file = tmp_path / "authority.toml"
    file.write_text(AUTHORITY.replace(before, after), "utf-8")
    with pytest.raises(WrongSettings) as stopped:
        load_authority(file)
    assert names in str(stopped.value)
    assert str(file) in str(stopped.value)


def test_an_absent_description_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(WrongSettings, match="OTKLIK_AUTHORITY_FILE"):
        load_authority(tmp_path / "absent.toml")


@pytest.mark.requirement("N-0.1")
def test_a_file_need_only_say_what_stands_in_records_for_years_and_invents_nothing_for_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "authority.toml"
    file.write_text('code = "somewhere"\ntime_zone = "Asia/Omsk"\n', "utf-8")
    authority = load_authority(file)
    said = [authority.name, authority.short_name, authority.act, authority.postal_address, authority.hours, authority.signatory]
    assert (set(said), authority.phones, authority.topics, authority.units) == ({""}, (), (), ())
    assert len(authority.points) == 9
    file.write_text('code = "somewhere"\n', "utf-8")
    with pytest.raises(WrongSettings, match="time_zone: Field required"):
        load_authority(file)
