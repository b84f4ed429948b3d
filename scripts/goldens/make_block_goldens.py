#!/usr/bin/env python3
"""Writes the goldens of ggml's block formats: blocks, the values they stand for, and what ggml makes of weights.

    make_block_goldens.py LIBGGML OUT

LIBGGML is the shared library of ggml (libggml-base.so, as llama.cpp's cmake builds it with BUILD_SHARED_LIBS). OUT is
Tests/TensorCoreTests/Goldens/blocks.safetensors:

    TYPE.blocks       u8 [6, bytes]   random bytes, with scales that are finite
    TYPE.values       f32 [6, size]   what dequantize_row_TYPE gives
    NAME.weights      f32 [2, 256]    weights that are easy or hard to quantize
    NAME.TYPE         u8 [2, bytes]   what ggml_quantize_chunk makes of them without importance matrix

Python with numpy and safetensors. The last run used ggml of llama.cpp as packed in llama-cpp-python 0.3.36.
"""

import ctypes
import sys

import numpy
from safetensors.numpy import save_file

# name: number, weights and bytes of a block, places of scales in f16
TYPES = {
    "q4_0": (2, 32, 18, [0]),
    "q4_1": (3, 32, 20, [0, 2]),
    "q5_0": (6, 32, 22, [0]),
    "q5_1": (7, 32, 24, [0, 2]),
    "q8_0": (8, 32, 34, [0]),
    "q2_K": (10, 256, 84, [80, 82]),
    "q3_K": (11, 256, 110, [108]),
    "q4_K": (12, 256, 144, [0, 2]),
    "q5_K": (13, 256, 176, [0, 2]),
    "q6_K": (14, 256, 210, [208]),
    "iq4_nl": (20, 32, 18, [0]),
    "iq4_xs": (23, 256, 136, [0]),
    "mxfp4": (39, 32, 17, []),
}
WRITTEN = ["q8_0", "q4_0", "q4_1", "q5_0", "q5_1", "q4_K", "q5_K", "q6_K", "mxfp4"]


def pointer(array):
    return array.ctypes.data_as(ctypes.c_void_p)


def main(library, out):
    ggml = ctypes.CDLL(library)
    ggml.ggml_quantize_chunk.restype = ctypes.c_size_t
    ggml.ggml_quantize_chunk.argtypes = [
        ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p,
    ]
    random = numpy.random.default_rng(20261122)
    tensors = {}
    for name, (_, size, width, scales) in TYPES.items():
        blocks = random.integers(0, 256, (6, width), dtype=numpy.uint8)
        for place in scales:
            # Ordinary numbers, and in the last rows subnormal ones.
            values = random.uniform(-0.1, 0.1, 6).astype(numpy.float16)
            values[4:] = numpy.float16(3e-6)
            blocks[:, place : place + 2] = values.view(numpy.uint8).reshape(6, 2)
        if name == "mxfp4":
            blocks[:, 0] = [127, 120, 131, 1, 0, 140]
        values = numpy.zeros((6, size), numpy.float32)
        getattr(ggml, f"dequantize_row_{name}")(pointer(blocks), pointer(values), ctypes.c_int64(values.size))
        tensors[f"{name}.blocks"], tensors[f"{name}.values"] = blocks, values

    gauss = random.standard_normal((2, 256)).astype(numpy.float32) * numpy.float32(0.02)
    outliers = gauss.copy()
    outliers[:, ::32] *= 40
    steps = numpy.float32(0.25) * numpy.arange(-256, 256, dtype=numpy.float32).reshape(2, 256)
    positive = numpy.abs(gauss) + numpy.float32(0.5)
    constant = numpy.full((2, 256), 0.3, numpy.float32)
    constant[1, 64:] = 0
    weights = {
        "gauss": gauss, "outliers": outliers, "steps": steps, "positive": positive, "constant": constant,
        "tiny": gauss * numpy.float32(1e-5),
    }
    for kind, matrix in weights.items():
        tensors[f"{kind}.weights"] = matrix
        for name in WRITTEN:
            number, size, width, _ = TYPES[name]
            raw = numpy.zeros((2, 256 // size * width), numpy.uint8)
            ggml.ggml_quantize_chunk(number, pointer(matrix), pointer(raw), 0, 2, 256, None)
            tensors[f"{kind}.{name}"] = raw
    save_file(tensors, out, {"made_by": "scripts/goldens/make_block_goldens.py"})


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
