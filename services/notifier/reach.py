"""The table of which statuses go by which channel: nobody gets eight paper letters."""

from libs.events.vocabulary import Status

SITE, FRONTEND, EMAIL, PHONE, POST = "site", "frontend", "email", "phone", "post"
STAFF = frozenset((PHONE, POST))  # a person carries these: a call list and a print queue come with their own issue

EVERY = frozenset(Status)
RESULTS = frozenset(
    (
        *(Status.ANSWERED, Status.ANSWERED_PARTIALLY, Status.REFUSED, Status.EXPLAINED, Status.REDIRECTED),
        *(Status.NOT_CONSIDERED, Status.NOT_A_REQUEST, Status.WITHDRAWN, Status.MERGED),
    )
)
NUMBER = frozenset((Status.REGISTERED,))  # with it the person can ask about the request wherever they like
TO_ACT_ON = frozenset((Status.AWAITING_CLARIFICATION,))  # without the person it does not go on

BY_CHANNEL = {
    SITE: EVERY,
    FRONTEND: EVERY,
    EMAIL: EVERY,
    PHONE: NUMBER | RESULTS | TO_ACT_ON,
    POST: NUMBER | RESULTS | TO_ACT_ON,
}


def reaches(channel: str, status: Status) -> bool:
    """A channel that is not in the table counts as reached: its notice fails visibly instead of never having been."""
    return status in BY_CHANNEL.get(channel, EVERY)
