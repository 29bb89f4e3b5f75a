"""What the catcher is told by its environment."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="OTKLIK_", frozen=True, extra="ignore")

    http_host: str = "127.0.0.1"
    http_port: int = Field(8025, ge=0, le=65535)
    smtp_port: int = Field(2525, ge=0, le=65535)
