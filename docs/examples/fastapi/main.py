"""A FastAPI application: `pip install fastapi`, then `blackbulld --reload` here."""

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Item(BaseModel):
    name: str
    price: float = 1.0


@app.get("/")
async def index():
    return {"version": 1}


@app.post("/items")
async def create(item: Item):
    return {"stored": item.name, "price": item.price}
