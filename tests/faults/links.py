"""Services reach PostgreSQL, Kafka and the relay for letters over links that a campaign can break; nobody else does."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from bench.smtp_sink import SmtpSink
from bench.stage import Stage
from local.embedded import free_ports
from tests.faults.proxy import Link
from tests.faults.town import SERVICES, Told

DATABASE = "bench_1"  # the stage's first


@dataclass
class Links:
    postgres: Link
    kafka: Link
    smtp: Link

    def named(self, name: str) -> Link:
        return {"postgres": self.postgres, "kafka": self.kafka, "smtp": self.smtp}[name]


async def linked(stage: Stage, sink: SmtpSink, stack: AsyncExitStack) -> tuple[Links, Mapping[str, Told]]:
    """The links, and what each service is told of them."""
    [behind] = free_ports(1)
    postgres = await stack.enter_async_context(Link(urlsplit(stage.parts.admin_dsn).port or 0))
    kafka = await stack.enter_async_context(Link(behind))
    smtp = await stack.enter_async_context(Link(sink.port))
    advertise(stage, behind, kafka.port)
    told: dict[str, dict[str, object]] = {
        name: {"kafka_bootstrap": f"127.0.0.1:{kafka.port}", "postgres_dsn": over(stage.dsn(stage.parts.admin_dsn, name), postgres.port)}
        for name in SERVICES
    }
    told["notifier"]["smtp_port"] = smtp.port
    return Links(postgres, kafka, smtp), told


def advertise(stage: Stage, behind: int, link: int) -> None:
    """Kafka tells its clients where to find it: whoever came over the link is told the link's address."""
    settings = Path(stage.parts.kafka.program.argv[-1])
    lines = []
    for line in settings.read_text("utf-8").splitlines():
        name = line.partition("=")[0]
        added = {
            "listeners": f",LINKED://127.0.0.1:{behind}",
            "advertised.listeners": f",LINKED://127.0.0.1:{link}",
            "listener.security.protocol.map": ",LINKED:PLAINTEXT",
        }
        lines.append(line + added.get(name, ""))
    settings.write_text("\n".join(lines) + "\n", "utf-8")
    stage.parts.kafka.stop()
    stage.parts.kafka.start()


def over(dsn: str, port: int) -> str:
    """The same role on the first database of the stage, by another port."""
    parts = urlsplit(dsn)
    return urlunsplit(parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{port}", path=f"/{DATABASE}"))
