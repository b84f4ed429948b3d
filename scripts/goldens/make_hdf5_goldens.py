#!/usr/bin/env python3
"""HDF5 files as h5py and Keras write them, and such as no weight file may be.

    python scripts/goldens/make_hdf5_goldens.py Tests/WeightFilesTests/Goldens/hdf5

Made with h5py 3.16.0, numpy 2.x. Values are 0, 1, 2 … in every data set, so the tests need no second copy of them.
"""

import os
import sys

import h5py
import numpy as np

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)


def file(name, **options):
    options.setdefault("libver", "earliest")
    return h5py.File(f"{folder}/{name}.h5", "w", track_order=False, **options)


def values(shape, dtype):
    return np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)


# Keras 3: keras/src/saving/saving_lib.py keeps the variables of a layer under layers/NAME/vars; bfloat16 as two bytes.
with file("keras3") as f:
    f["layers/dense/vars/0"] = values((2, 3), "float32")
    f["layers/dense/vars/1"] = values((3,), "float32")
    f.create_group("layers/dropout/vars")
    f["layers/dense_1/vars/0"] = values((3, 2), "float16")
    bits = (values((2, 2), "float32").view("uint32") >> 16).astype("uint16")
    half = f["layers/dense_1"].create_group("more/vars").create_dataset("0", data=bits.view("V2"))
    half.attrs["dtype"] = "bfloat16"
    f["optimizer/vars/0"] = np.int64(7)

# Keras 2: legacy_h5_format.py, with byte strings in attributes.
with file("keras2") as f:
    f.attrs["backend"] = b"tensorflow"
    f.attrs["keras_version"] = b"2.15.0"
    f.attrs["layer_names"] = np.array([b"dense", b"flatten"])
    dense = f.create_group("dense")
    dense.attrs["weight_names"] = np.array([b"dense/kernel:0", b"dense/bias:0"])
    dense["dense/kernel:0"] = values((2, 3), "float32")
    dense["dense/bias:0"] = values((3,), "float32")
    f.create_group("flatten").attrs["weight_names"] = np.array([], dtype="S1")

# What h5py offers beyond plain values.
with file("kinds") as f:
    f.create_dataset("gzip", data=values((40, 7), "float32"), chunks=(16, 4), compression="gzip", shuffle=True, fletcher32=True)
    f.create_dataset("chunks", data=values((5, 5), "int16"), chunks=(2, 2))
    f.create_dataset("big-endian", data=values((4,), ">f4"))
    f.create_dataset("big-endian integers", data=values((2, 2), ">i8"))
    f["bool"] = np.array([False, True, True])
    f["scalar"] = np.float64(3)
    f["empty"] = np.zeros((0, 4), "float32")
    compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    compact.set_layout(h5py.h5d.COMPACT)
    space = h5py.h5s.create_simple((3,))
    h5py.h5d.create(f.id, b"compact", h5py.h5t.STD_U8LE, space, compact).write(h5py.h5s.ALL, h5py.h5s.ALL, values((3,), "uint8"))
    f.attrs["number"] = 3
    f.attrs["text"] = "Größe"

with file("new-form", libver="latest") as f:
    f["a"] = values((3,), "uint16")
with file("user-block", userblock_size=512) as f:
    f["a"] = values((3,), "uint16")

# Files that lead elsewhere, or promise what is not there.
with file("soft-link") as f:
    f["a"] = values((2,), "float32")
    f["b"] = h5py.SoftLink("/a")
with file("soft-link-cycle") as f:
    f["b"] = h5py.SoftLink("/c")
    f["c"] = h5py.SoftLink("/b")
with file("external-link") as f:
    f["a"] = h5py.ExternalLink("keras3.h5", "/layers/dense/vars/0")
with file("external-storage") as f:
    f.create_dataset("a", (4,), "uint8", external=[("/etc/passwd", 0, 4)])
with file("virtual") as f:
    layout = h5py.VirtualLayout((2, 3), "float32")
    layout[:] = h5py.VirtualSource("keras3.h5", "layers/dense/vars/0", (2, 3))
    f.create_virtual_dataset("a", layout)
with file("two-names") as f:
    f["a"] = values((2,), "float32")
    f["b"] = f["a"]
with file("group-cycle") as f:
    f.create_group("a")
    f["a/b"] = f["/"]
with file("never-written") as f:
    f.create_dataset("a", (1 << 40,), "float32")
with file("missing-pieces") as f:
    f.create_dataset("a", (1 << 40,), "float32", chunks=(1 << 20,), compression="gzip")
with file("text") as f:
    f["a"] = "words"
with file("compound") as f:
    f["a"] = np.zeros(2, dtype=[("x", "f4"), ("y", "i4")])
with file("other-filter") as f:
    f.create_dataset("a", data=values((8,), "float32"), chunks=(4,), compression="lzf")
with file("unknown-dtype") as f:
    f["a"] = values((2,), "uint16")
    f["a"].attrs["dtype"] = "F17"
with file("wrong-dtype") as f:
    f["a"] = values((2,), "uint16")
    f["a"].attrs["dtype"] = "F8_E4M3"
with file("bytes-without-dtype") as f:
    f["a"] = values((2,), "uint16").view("V2")
with file("nine-dimensions") as f:
    f["a"] = values((1,) * 9, "uint8")
with file("deep") as f:
    f["/".join("g" * 40)] = np.uint8(1)
with file("datatype") as f:
    f["a"] = np.dtype("float32")
