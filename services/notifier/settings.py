"""What the notifier is told by its environment."""

from typing import Literal

from pydantic import Field, SecretStr

from libs.chassis.ops.settings import HttpUrl, ServiceSettings, Text


class NotifierSettings(ServiceSettings):
    site_url: HttpUrl = Field(description="address of the site that letters link to")
    mail_from: str = Field(
        pattern=r"^[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+$", description="sender's address of letters; its domain makes their ids"
    )
    smtp_host: Text = Field(description="the relay that takes letters")
    smtp_port: int = Field(ge=1, le=65535, description="the relay's port")
    smtp_security: Literal["none", "starttls", "tls"] = Field("none", description="none, starttls or tls")
    smtp_user: str | None = Field(None, description="name for the relay, where it wants one")
    smtp_password: SecretStr | None = Field(None, description="password for the relay")
    smtp_connections: int = Field(8, ge=1, le=100, description="connections to the relay that are kept open")
    smtp_timeout_seconds: float = Field(30.0, gt=0, description="how long the relay may think about one command")
    smtp_letters_per_connection: int = Field(500, ge=1, description="letters after which a connection is made anew")
    smtp_connection_seconds: float = Field(300.0, gt=0, description="age at which a connection is made anew")
    notice_poll_seconds: float = Field(1.0, gt=0, description="how often due notices are looked for when nothing wakes the sender")
    notice_first_pause_seconds: float = Field(30.0, gt=0, description="pause after the first failed attempt; it doubles with each")
    notice_longest_pause_seconds: float = Field(3600.0, gt=0, description="the longest pause between two attempts")
    notice_unreachable_pause_seconds: float = Field(5.0, gt=0, description="pause of a notice that could not be offered at all")
    notice_give_up_hours: float = Field(96.0, gt=0, description="hours of trying after which a notice has failed")
    breaker_failures: int = Field(5, ge=1, description="failures in a row that open a channel's breaker")
    breaker_longest_pause_seconds: float = Field(10.0, gt=0, description="the longest pause between two tries of a channel that is down")

    @property
    def attempt_seconds(self) -> float:
        """A connection and four commands."""
        return 6 * self.smtp_timeout_seconds
