"""The checksum of TensorFlow's files: CRC-32 with Castagnoli's polynomial, masked as in LevelDB.

Python has none, and a loop over bytes takes ten seconds for the weights of one network. A register without its first
and last inversion is linear over GF(2), and zeros in front leave it alone. So the bytes are cut into as many equal
lanes as numpy likes, whose registers advance together, and two neighbours at a time are joined: the left one moved on
by as many zeros as the right one is long.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Registers = NDArray[np.uint32]

POLYNOMIAL = 0x82F63B78  # bits reversed
INVERTED = 0xFFFFFFFF
MASK = 0xA282EAD8
FEW = 4096  # bytes, which a loop is faster with


def masked_crc32c(data: bytes | memoryview) -> int:
    """As the files hold it: turned by 15 bits and moved by a constant, since checksums of checksums are weak."""
    value = crc32c(data)
    return ((value >> 15 | value << 17) + MASK) & INVERTED


def crc32c(data: bytes | memoryview) -> int:
    """
    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    given = np.frombuffer(data, np.uint8)
    if given.size < FEW:
        return _of_few(bytes(data))
    lanes = 4 << given.size.bit_length() // 2  # about as many steps and joins as there are lanes
    steps = -(-given.size // lanes)
    start = lanes * steps - given.size
    padded = np.zeros(lanes * steps, np.uint8)
    padded[start:] = given
    padded[start : start + 4] ^= 0xFF

    columns = np.ascontiguousarray(padded.reshape(lanes, steps).T)  # a step's bytes side by side
    registers = np.zeros(lanes, np.uint32)
    for column in columns:
        registers = _advanced(registers, column)
    further = _moving(steps)
    while registers.size > 1:
        registers = _moved(registers[0::2], further) ^ registers[1::2]
        further = _moved(further, further)
    return int(registers[0]) ^ INVERTED


def _of_few(data: bytes) -> int:
    register = INVERTED
    for byte in data:
        register = _ENTRIES[(register ^ byte) & 0xFF] ^ register >> 8
    return register ^ INVERTED


def _table() -> Registers:
    values = np.arange(256, dtype=np.uint32)
    for _bit in range(8):
        values = np.where(values & 1, values >> 1 ^ np.uint32(POLYNOMIAL), values >> 1)
    return values


_TABLE = _table()
_ENTRIES: list[int] = _TABLE.tolist()


def _advanced(registers: Registers, byte: NDArray[np.uint8] | np.uint8) -> Registers:
    return _TABLE[(registers ^ byte) & 0xFF] ^ registers >> 8


def _moving(steps: int) -> Registers:
    """What `steps` bytes of zero make of each bit of a register."""
    result = power = np.uint32(1) << np.arange(32, dtype=np.uint32)
    power = _advanced(power, np.uint8(0))
    while steps:
        if steps & 1:
            result = _moved(result, power)
        power = _moved(power, power)
        steps >>= 1
    return result


def _moved(registers: Registers, bits: Registers) -> Registers:
    """Each register as the sum of what became of its bits."""
    moved = np.zeros_like(registers)
    for n, bit in enumerate(bits):
        moved ^= (registers >> np.uint32(n) & np.uint32(1)) * bit
    return moved
