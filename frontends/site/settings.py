"""What the site is told by its environment."""

from pydantic import Field, SecretStr

from libs.chassis.ops.settings import HttpUrl, PageSettings


class SiteSettings(PageSettings):
    site_url: HttpUrl = Field(description="this site's own address, as people type it")
    intake_url: HttpUrl = Field(description="address of intake's HTTP door for frontends")
    intake_timeout_seconds: float = Field(10.0, gt=0, description="how long intake may think about one message")
    frontend_key: SecretStr = Field(min_length=20, description="the key that `otklik frontends add site` printed")
    point: str = Field("site", description="code of the site's form in the authority's list of points")
    file_limit_bytes: int = Field(
        25 * 1024 * 1024, gt=0, description="an attached file over this is refused; intake's own limit is no lower"
    )
    files_limit: int = Field(10, gt=0, description="files that one form takes")
    files_total_limit_bytes: int = Field(100 * 1024 * 1024, gt=0, description="bytes that one form takes, all its files together")
    files_per_address: int = Field(100, gt=0, description="files that one address may bring in ten minutes")
    code_reminders_per_address: int = Field(5, gt=0, description="reminders of a code that one address may ask for in ten minutes")
    saves_per_address: int = Field(20, gt=0, description="half-written forms that one address may put by in ten minutes")
    status_attempts: int = Field(10, gt=0, description="wrong number and code pairs that one address may try in ten minutes")
