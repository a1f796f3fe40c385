"""When a skill is to be asked again: py-fsrs' scheduler, without chance.

The card of a skill is kept as the plain values that py-fsrs needs; nothing here reads a clock.
"""

from datetime import UTC, datetime

from fsrs import Card, Rating, Scheduler

SCHEDULER = Scheduler(enable_fuzzing=False)  # chance would make a learner's record irreproducible
RATINGS = {"again": Rating.Again, "hard": Rating.Hard, "good": Rating.Good, "easy": Rating.Easy}


def reviewed(card: Card | None, rating: str, at: datetime) -> Card:
    """The card after a review at `at`; a clock that went back counts as standing still."""
    now = at.astimezone(UTC)
    old = card if card is not None else Card(card_id=0, due=now)
    if old.last_review is not None:
        now = max(now, old.last_review)
    return SCHEDULER.review_card(old, RATINGS[rating], now)[0]
