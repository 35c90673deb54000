"""blackbulld from Python.

    import blackbulld
    blackbulld.run("myapp:app", port=8000, reload=True, reload_paths=["src"])    # the process becomes blackbulld

    app = blackbulld.App(asgi_app)        # in a script, for `python app.py`
    if __name__ == "__main__":
        app.run(port=8000, reload=True)

Inside a worker process this is the package around the extension module. Each of its modules stands between a save and
the first answer, so what scripts use is loaded when they use it.
"""

from blackbulld._blackbulld import __version__

__all__ = ["App", "Error", "run", "__version__"]


def __getattr__(name):
    if name in __all__:
        from blackbulld import door

        return getattr(door, name)
    raise AttributeError(f'module "{__name__}" has no attribute "{name}"')


def __dir__():
    return __all__
