#!/usr/bin/env python3
"""Makes the inputs and the expected outputs of the bundled workloads; needs Python 3.9 and NumPy.

Two answers are computed for every output, neither with our simulator nor with our kernels:

* `reference`: the same sum in float64, stored as float32: what the answer is.
* `exact`: every fused multiply-add rounded once, in the order that the kernels document, in the element type: what
  the program has to print to the last bit.

Run it in any directory; it writes golden/data/*.bin and golden/shapes.h beside itself. Seeds are fixed.
"""

from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
DATA = HERE / "data"
TYPES = {"fp32": np.float32, "fp16": np.float16}

MATMUL = dict(n=96, m=96, k=96)
CONV = dict(cin=16, cout=32, h=16, w=16, kernel=3, stride=1, padding=1)


def fma(a, b, c):
    """a * b + c with one rounding to the type of c.

    A product of two float32 (or float16) is exact in float64. Its sum with c is rounded to odd there: the last bit
    says whether anything was lost. With at least two more bits than the result, the final rounding is then exact.
    """
    dtype = c.dtype
    product = a.astype(np.float64) * b.astype(np.float64)
    addend = c.astype(np.float64)
    total = product + addend
    back = total - product
    lost = (product - (total - back)) + (addend - back)
    even = (total.view(np.int64) & 1) == 0
    towards = np.where(lost > 0, np.inf, -np.inf)
    total = np.where((lost != 0) & even, np.nextafter(total, towards), total)
    return total.astype(dtype)


def chain(a, b, start):
    """start + a @ b, each element one chain of fused multiply-adds in the order of k."""
    total = start
    for k in range(a.shape[1]):
        total = fma(a[:, k : k + 1], b[k : k + 1, :], total)
    return total


def padded_row(elements, dtype):
    """The smallest row length that is twice an odd number of words: eight rows then begin in eight banks."""
    lanes = 4 // np.dtype(dtype).itemsize
    words = -(-elements // lanes)
    while words % 4 != 2:
        words += 1
    return words * lanes


def pad_rows(matrix):
    width = padded_row(matrix.shape[1], matrix.dtype)
    return np.pad(matrix, ((0, 0), (0, width - matrix.shape[1])))


def uniform(rng, shape, scale, dtype):
    return (rng.uniform(-scale, scale, shape)).astype(dtype)


def im2col(x, kernel, stride, padding):
    channels, height, width = x.shape
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding)))
    out_h = (height + 2 * padding - kernel) // stride + 1
    out_w = (width + 2 * padding - kernel) // stride + 1
    rows = [
        padded[c, i : i + stride * out_h : stride, j : j + stride * out_w : stride].reshape(-1)
        for c in range(channels)
        for i in range(kernel)
        for j in range(kernel)
    ]
    return np.stack(rows)


def write(name, part, array):
    (DATA / f"{name}.{part}.bin").write_bytes(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes())


def write_answers(name, exact, reference):
    error = np.max(np.abs(exact.astype(np.float64) - reference))
    print(f"{name}: largest error of the exact answer against float64: {error:.3g}")
    write(name, "exact", exact)
    write(name, "reference", reference.astype(np.float32))


def matmul(name, dtype):
    rng = np.random.default_rng(20230519)
    a = uniform(rng, (MATMUL["n"], MATMUL["k"]), 1, dtype)
    b = uniform(rng, (MATMUL["k"], MATMUL["m"]), 1, dtype)
    write(name, "a", pad_rows(a))
    write(name, "b", b)
    start = np.zeros((MATMUL["n"], MATMUL["m"]), dtype)
    write_answers(name, chain(a, b, start), a.astype(np.float64) @ b.astype(np.float64))


def conv2d_fw(name, dtype):
    rng = np.random.default_rng(20230520)
    depth = CONV["cin"] * CONV["kernel"] ** 2
    x = uniform(rng, (CONV["cin"], CONV["h"], CONV["w"]), 1, dtype)
    weights = uniform(rng, (CONV["cout"], depth), depth**-0.5, dtype)
    bias = uniform(rng, (CONV["cout"],), 1, dtype)
    columns = im2col(x, CONV["kernel"], CONV["stride"], CONV["padding"])
    write(name, "x", x)
    write(name, "weights", pad_rows(weights))
    write(name, "bias", bias)
    start = np.broadcast_to(bias[:, None], (CONV["cout"], columns.shape[1])).copy()
    reference = weights.astype(np.float64) @ columns.astype(np.float64) + bias.astype(np.float64)[:, None]
    write_answers(name, chain(weights, columns, start), reference)


def shapes():
    lines = ["/* Written by golden/generate.py. */", "#ifndef ENNEAD_SHAPES_H", "#define ENNEAD_SHAPES_H", ""]
    lines += [f"#define MATMUL_{key.upper()} {value}" for key, value in MATMUL.items()]
    lines += [f"#define CONV_{key.upper()} {value}" for key, value in CONV.items()]
    depth = CONV["cin"] * CONV["kernel"] ** 2
    for bits, dtype in ((32, np.float32), (16, np.float16)):
        lines += [
            f"{'#if' if bits == 32 else '#elif'} ENNEAD_BITS == {bits}",
            f"#define MATMUL_LDA {padded_row(MATMUL['k'], dtype)}",
            f"#define CONV_LDW {padded_row(depth, dtype)}",
        ]
    lines += ["#endif", "", "#endif", ""]
    (HERE / "shapes.h").write_text("\n".join(lines))


def main():
    DATA.mkdir(exist_ok=True)
    for precision, dtype in TYPES.items():
        matmul(f"matmul-{precision}", dtype)
        conv2d_fw(f"conv2d-{precision}-fw", dtype)
    shapes()


if __name__ == "__main__":
    main()
