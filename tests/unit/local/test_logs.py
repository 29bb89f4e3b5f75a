"""What of the logs is shown at the terminal."""

from pathlib import Path

from local import logs
from local.logs import Followed, readable, tail


def test_json_for_machines_becomes_words() -> None:
    assert readable(b'{"level":"info","event":"started","timestamp":"x","port":8081}') == "INFO    started port=8081"


def test_anything_else_stays_as_it_is() -> None:
    assert readable("Traceback (most…".encode()) == "Traceback (most…"
    assert readable(b"[1, 2]") == "[1, 2]"
    assert readable(b"\xff{") == "\ufffd{"


def test_only_whole_lines_are_news_and_each_once(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    followed = Followed("a", path, "36", only_trouble=False)
    assert followed.news() == []
    path.write_bytes(b"one\ntw")
    assert followed.news() == ["one"]
    path.write_bytes(b"one\ntwo\n")
    assert followed.news() == ["two"]
    assert followed.news() == []


def test_a_log_begun_anew_is_read_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"old, longer\n")
    followed = Followed("a", path, "36", only_trouble=False, position=12)
    path.write_bytes(b"new\n")
    assert followed.news() == ["new"]


def test_of_the_talkative_only_trouble_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "kafka.log"
    path.write_bytes(b"[x] INFO fine\n[x] WARN not so fine\nFATAL: gone\n")
    assert Followed("kafka", path, "36", only_trouble=True).news() == ["[x] WARN not so fine", "FATAL: gone"]


def test_a_log_that_grew_too_large_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    with path.open("wb") as file:
        file.truncate(logs.LARGEST_LOG + 1)
    with logs.open_log(path) as file:
        file.write(b"new\n")
    assert path.read_bytes() == b"new\n"
    assert (tmp_path / "a.log.1").stat().st_size == logs.LARGEST_LOG + 1


def test_the_end_of_a_log_is_shown_with_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("\n".join(map(str, range(100))))
    assert tail(path, 3) == "97\n98\n99"
    assert tail(tmp_path / "absent.log") == ""
