"""How the tutor teaches: exercises, the ladder of hints, what may be said. No I/O in here."""
