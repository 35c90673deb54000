"""The Python side of blackbulld: what runs inside a worker process, around the extension module."""

from blackbulld._blackbulld import __version__

__all__ = ["__version__"]
