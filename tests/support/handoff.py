"""The state that one image of the daemon leaves to the next, as docs/reload.md describes it. Shares no code with it."""

import json
import struct
import zlib

MAGIC = b"BBHANDOF"
HEADER = struct.Struct(">8sIIIQI")  # magic, format, least reader, sections, length, CRC-32 of what follows


def encode(sections, form=1, least=1):
    """`sections` maps names to objects (JSON) or bytes."""
    body = b""
    for name, value in sections.items():
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        body += struct.pack(">H", len(name)) + name.encode() + struct.pack(">Q", len(data)) + data
    return HEADER.pack(MAGIC, form, least, len(sections), len(body), zlib.crc32(body)) + body


def decode(data):
    """The sections: JSON as objects, the rest as bytes."""
    magic, _, _, count, length, checksum = HEADER.unpack_from(data)
    body = data[HEADER.size:]
    assert (magic, length, checksum) == (MAGIC, len(body), zlib.crc32(body))
    sections, at = {}, 0
    for _ in range(count):
        (size,) = struct.unpack_from(">H", body, at)
        name = body[at + 2:at + 2 + size].decode()
        at += 2 + size
        (size,) = struct.unpack_from(">Q", body, at)
        value = body[at + 8:at + 8 + size]
        at += 8 + size
        try:
            sections[name] = json.loads(value)
        except ValueError:
            sections[name] = value
    assert at == len(body)
    return sections
