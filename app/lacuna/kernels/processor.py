"""What this processor can do beyond what every one can: asked of LLVM, which compiles for it."""

from __future__ import annotations

from functools import cache

# The product of four bytes with four and their sum in one instruction, on x86. Without it ONNX Runtime multiplies
# pairs of bytes into 16 bits, where sums of large weights are cut off: slower, and no longer the numbers measured.
BYTE_PRODUCTS = ("avx512vnni", "avxvnni")


@cache
def multiplies_bytes() -> bool:
    """Whether it has dot products of bytes, as they were measured to be faster than 32 bits."""
    from llvmlite import binding

    features = binding.get_host_cpu_features()
    return any(features.get(name, False) for name in BYTE_PRODUCTS)
