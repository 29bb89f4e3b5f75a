"""How the services' consumers join their groups: where there is one replica, it keeps its place; where replicas come and go, none does."""

from typing import Any, cast

import pytest

from services.history import consumers as history
from services.intake import consumers as intake
from services.notifier import consumers as notifier

NOBODY = cast(Any, None)  # no record is taken here


class Keeper:
    """History's subscription names it and calls it only for records."""

    take = NOBODY


@pytest.mark.requirement("R-5", "D-3")
def test_a_service_of_one_replica_starts_again_without_waiting_for_its_old_sessions_end() -> None:
    assert intake.subscription("intake", NOBODY, NOBODY).static_member == "intake-1"
    members = [history.subscription("history", cast(Any, Keeper()), replica).static_member for replica in (1, 2)]
    assert members == ["history-1", "history-2"]


@pytest.mark.requirement("R-5", "D-27")
def test_replicas_of_the_notifier_come_and_go_so_none_keeps_a_place_and_a_dead_one_is_missed_soon() -> None:
    subscription = notifier.subscription("notifier", NOBODY, [])
    assert subscription.static_member is None
    assert subscription.session_timeout_ms <= 10_000
