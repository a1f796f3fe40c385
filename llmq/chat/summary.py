"""What went out of the context, told in short by the model itself, where it is large enough."""

from collections.abc import Sequence

from llmq.chat.context import SUMMARY_CHARACTERS, Tell, quoted
from llmq.chat.pieces import Kind
from llmq.chat.speaking import ModelSpeaker
from llmq.errors import ModelError
from llmq.suites import Message

# Smaller ones tell what was never said: then the student's own words, cut short, serve better.
TELLS_FROM = 1_000_000_000  # weights
TOKENS = 160
ASKED = (
    "Tell in at most three sentences what the student in this lesson has asked, has understood and "
    "still finds hard. Solve nothing and give no result that the student has not found."
)


def teller(speaker: ModelSpeaker) -> Tell:
    """What tells turns in short for this model; see `llmq.chat.context.fit`."""
    if speaker.model.n_weights < TELLS_FROM:
        return quoted

    def told(gone: Sequence[Message], earlier: str) -> str:
        lines = [f"{turn.role}: {turn.content}" for turn in gone]
        text = "\n".join([earlier, *lines] if earlier else lines)
        try:
            messages = [Message("user", f"{ASKED}\n\n{text}")]
            pieces = list(speaker.speak(messages, max_tokens=TOKENS))
        except ModelError:  # too long by itself
            return quoted(gone, earlier)
        said = "".join(piece.text for piece in pieces if piece.kind is Kind.SPEECH)
        return " ".join(said.split())[:SUMMARY_CHARACTERS] or quoted(gone, earlier)

    return told
