"""Run as `python -m scripts.NAME`; a package, so that none in somebody's Python hides it."""
