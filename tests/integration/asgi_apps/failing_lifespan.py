"""A Starlette application whose startup raises."""

from contextlib import asynccontextmanager

from starlette.applications import Starlette


@asynccontextmanager
async def lifespan(app):
    raise ConnectionError("no database at db:5432")
    yield


app = Starlette(lifespan=lifespan)
