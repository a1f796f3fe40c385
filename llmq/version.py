"""The version, where the build, the command line and the reports read it."""

__version__ = "0.1.0"
