"""Parts of the reports for people: safe text, markup, plots, the sections of the page."""
