"""The table of what is told by which channel: nobody gets eight paper letters, and nobody waits for a letter that was promised."""

from libs.events.vocabulary import Mark, Status

SITE, FRONTEND, EMAIL, PHONE, POST = "site", "frontend", "email", "phone", "post"
STAFF = frozenset((PHONE, POST))  # a person carries these: a call list and a print queue come with their own issue

EVERY: frozenset[str] = frozenset((*Status, *Mark))
RESULTS = frozenset(
    (
        *(Status.ANSWERED, Status.ANSWERED_PARTIALLY, Status.REFUSED, Status.EXPLAINED, Status.REDIRECTED),
        *(Status.NOT_CONSIDERED, Status.NOT_A_REQUEST, Status.WITHDRAWN, Status.MERGED),
    )
)
NUMBER = frozenset((Status.REGISTERED,))  # with it the person can ask about the request wherever they like
TO_ACT_ON = frozenset((Status.AWAITING_CLARIFICATION,))  # without the person it does not go on
TERM = frozenset((Mark.EXTENDED, Mark.RECOMPUTED))  # until when they have to wait, as the form promises
FILE = frozenset((Mark.INFECTED,))  # who is called can send it anew; who wrote on paper sent none
CHANNEL = frozenset((Mark.CHANNEL,))  # they may object: the choice is theirs

BY_CHANNEL: dict[str, frozenset[str]] = {
    SITE: EVERY,
    FRONTEND: EVERY,
    EMAIL: EVERY,
    PHONE: frozenset((*NUMBER, *RESULTS, *TO_ACT_ON, *TERM, *FILE, *CHANNEL)),
    POST: frozenset((*NUMBER, *RESULTS, *TO_ACT_ON, *TERM, *CHANNEL)),
}


def reaches(channel: str, template: str, status: Status) -> bool:
    """By what is told; a template that is no mark of ours counts as the status that it comes with.

    A channel that is not in the table counts as reached: its notice fails visibly instead of never having been.
    """
    return (template if template in EVERY else status) in BY_CHANNEL.get(channel, EVERY)
