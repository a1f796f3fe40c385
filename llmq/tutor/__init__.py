"""How the tutor teaches: exercises, the ladder of hints, what may be said. No model, no terminal."""
