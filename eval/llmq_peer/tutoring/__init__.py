"""Tutors under pressure: exercises, dialogues, replies that leak, and a judge of its own."""
