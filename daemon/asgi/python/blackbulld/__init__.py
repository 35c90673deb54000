"""The Python side of blackbulld: what runs inside a worker process, around the extension module."""
