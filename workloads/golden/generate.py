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
LINEAR = dict(ni=256, no=64)
ELEMENTS = 8192
SGD = dict(rate=0.015625, momentum=0.875, decay=0.0009765625)


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


def lane_dots(a, b):
    """a @ b.T as packed kernels sum it: one chain over the elements of each lane of a word, then the lanes added."""
    lanes = 4 // a.dtype.itemsize
    start = np.zeros((a.shape[0], b.shape[0]), a.dtype)
    sums = [chain(a[:, lane::lanes], b[:, lane::lanes].T, start) for lane in range(lanes)]
    return sums[0] if lanes == 1 else add(sums[0], sums[1])


def add(a, b):
    """a + b with one rounding."""
    return (a.astype(np.float64) + b.astype(np.float64)).astype(a.dtype)


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


def conv2d_tensors(dtype):
    rng = np.random.default_rng(20230520)
    depth = CONV["cin"] * CONV["kernel"] ** 2
    out_h = (CONV["h"] + 2 * CONV["padding"] - CONV["kernel"]) // CONV["stride"] + 1
    out_w = (CONV["w"] + 2 * CONV["padding"] - CONV["kernel"]) // CONV["stride"] + 1
    x = uniform(rng, (CONV["cin"], CONV["h"], CONV["w"]), 1, dtype)
    weights = uniform(rng, (CONV["cout"], depth), depth**-0.5, dtype)
    bias = uniform(rng, (CONV["cout"],), 1, dtype)
    dy = uniform(rng, (CONV["cout"], out_h, out_w), 1 / 16, dtype)
    return x, weights, bias, dy


def conv2d_fw(name, dtype):
    x, weights, bias, _ = conv2d_tensors(dtype)
    columns = im2col(x, CONV["kernel"], CONV["stride"], CONV["padding"])
    write(name, "x", x)
    write(name, "weights", pad_rows(weights))
    write(name, "bias", bias)
    start = np.broadcast_to(bias[:, None], (CONV["cout"], columns.shape[1])).copy()
    reference = weights.astype(np.float64) @ columns.astype(np.float64) + bias.astype(np.float64)[:, None]
    write_answers(name, chain(weights, columns, start), reference)


def conv2d_wg(name, dtype):
    """The reference is the definition of the gradient, tap by tap; the exact answer follows the kernel."""
    x, _, _, dy = conv2d_tensors(dtype)
    write(name, "x", x)
    rows = dy.reshape(CONV["cout"], -1)
    write(name, "dy", pad_rows(rows))
    padding, stride, kernel = CONV["padding"], CONV["stride"], CONV["kernel"]
    padded = np.pad(x.astype(np.float64), ((0, 0), (padding, padding), (padding, padding)))
    reference = np.zeros((CONV["cout"], CONV["cin"], kernel, kernel))
    for i in range(kernel):
        for j in range(kernel):
            window = padded[:, i : i + stride * dy.shape[1] : stride, j : j + stride * dy.shape[2] : stride]
            reference[:, :, i, j] = np.einsum("ohw,chw->oc", dy.astype(np.float64), window)
    exact = lane_dots(rows, im2col(x, kernel, stride, padding))
    write_answers(name, exact, reference.reshape(CONV["cout"], -1))


def conv2d_ig(name, dtype):
    """The reference scatters each output's gradient to the inputs that it came from; the exact answer follows the
    kernel: a convolution of dY, spread out by the stride, with the kernels turned round."""
    _, weights, _, dy = conv2d_tensors(dtype)
    padding, stride, kernel = CONV["padding"], CONV["stride"], CONV["kernel"]
    write(name, "dy", dy)
    write(name, "weights", pad_rows(weights))
    taps = weights.reshape(CONV["cout"], CONV["cin"], kernel, kernel)
    height, width = CONV["h"] + 2 * padding, CONV["w"] + 2 * padding
    reference = np.zeros((CONV["cin"], height, width))
    for i in range(kernel):
        for j in range(kernel):
            reference[:, i : i + stride * dy.shape[1] : stride, j : j + stride * dy.shape[2] : stride] += np.einsum(
                "ohw,oc->chw", dy.astype(np.float64), taps[:, :, i, j].astype(np.float64)
            )
    reference = reference[:, padding : padding + CONV["h"], padding : padding + CONV["w"]]
    spread = np.zeros((CONV["cout"], CONV["h"] + 2 * padding - kernel + 1, CONV["w"] + 2 * padding - kernel + 1), dtype)
    spread[:, ::stride, ::stride] = dy
    columns = im2col(spread, kernel, 1, kernel - 1 - padding)
    flipped = taps[:, :, ::-1, ::-1].transpose(1, 0, 2, 3).reshape(CONV["cin"], -1)
    exact = chain(flipped, columns, np.zeros((CONV["cin"], columns.shape[1]), dtype))
    write_answers(name, exact, reference.reshape(CONV["cin"], -1))


def linear(stem, dtype):
    rng = np.random.default_rng(20230521)
    ni, no = LINEAR["ni"], LINEAR["no"]
    x = uniform(rng, (1, ni), 1, dtype)
    weights = uniform(rng, (no, ni), ni**-0.5, dtype)
    bias = uniform(rng, (no,), 1, dtype)
    dy = uniform(rng, (1, no), 1, dtype)
    wide = lambda tensor: tensor.astype(np.float64)

    write(f"{stem}-fw", "x", x)
    write(f"{stem}-fw", "weights", pad_rows(weights))
    write(f"{stem}-fw", "bias", bias)
    exact = add(lane_dots(weights, x)[:, 0], bias)
    write_answers(f"{stem}-fw", exact, wide(weights) @ wide(x)[0] + wide(bias))

    write(f"{stem}-wg", "x", x)
    write(f"{stem}-wg", "dy", dy)
    product = wide(dy).T * wide(x)
    write_answers(f"{stem}-wg", product.astype(dtype), product)

    write(f"{stem}-ig", "dy", dy)
    write(f"{stem}-ig", "weights", pad_rows(weights))
    write_answers(f"{stem}-ig", chain(dy, weights, np.zeros((1, ni), dtype)), wide(dy) @ wide(weights))


def relu(stem, dtype):
    rng = np.random.default_rng(20230522)
    x = uniform(rng, (ELEMENTS,), 1, dtype)
    dy = uniform(rng, (ELEMENTS,), 1, dtype)
    write(f"{stem}-fw", "x", x)
    forward = np.where(x > 0, x, 0).astype(dtype)
    write_answers(f"{stem}-fw", forward, forward.astype(np.float64))
    write(f"{stem}-bw", "x", x)
    write(f"{stem}-bw", "dy", dy)
    backward = np.where(x > 0, dy, 0).astype(dtype)
    write_answers(f"{stem}-bw", backward, backward.astype(np.float64))


def sgd(name, dtype):
    rng = np.random.default_rng(20230523)
    w = uniform(rng, (ELEMENTS,), 1, dtype)
    v = uniform(rng, (ELEMENTS,), 1, dtype)
    dw = uniform(rng, (ELEMENTS,), 1, dtype)
    for part, tensor in (("w", w), ("v", v), ("dw", dw)):
        write(name, part, tensor)
    rate, momentum, decay = (dtype(SGD[key]) for key in ("rate", "momentum", "decay"))
    velocity = fma(v, np.full_like(v, momentum), fma(w, np.full_like(w, decay), dw))
    exact = fma(velocity, np.full_like(w, -rate), w)
    wide = [tensor.astype(np.float64) for tensor in (w, v, dw)]
    reference = wide[0] - SGD["rate"] * (SGD["momentum"] * wide[1] + SGD["decay"] * wide[0] + wide[2])
    write_answers(name, exact, reference)


def shapes():
    lines = ["/* Written by golden/generate.py. */", "#ifndef ENNEAD_SHAPES_H", "#define ENNEAD_SHAPES_H", ""]
    lines += [f"#define MATMUL_{key.upper()} {value}" for key, value in MATMUL.items()]
    lines += [f"#define CONV_{key.upper()} {value}" for key, value in CONV.items()]
    lines += [f"#define LINEAR_{key.upper()} {value}" for key, value in LINEAR.items()]
    lines += [f"#define SGD_{key.upper()} {value}f" for key, value in SGD.items()]
    lines += [f"#define ELEMENTS {ELEMENTS}"]
    depth = CONV["cin"] * CONV["kernel"] ** 2
    out_h = (CONV["h"] + 2 * CONV["padding"] - CONV["kernel"]) // CONV["stride"] + 1
    out_w = (CONV["w"] + 2 * CONV["padding"] - CONV["kernel"]) // CONV["stride"] + 1
    for bits, dtype in ((32, np.float32), (16, np.float16)):
        lines += [
            f"{'#if' if bits == 32 else '#elif'} ENNEAD_BITS == {bits}",
            f"#define MATMUL_LDA {padded_row(MATMUL['k'], dtype)}",
            f"#define CONV_LDW {padded_row(depth, dtype)}",
            f"#define CONV_LDY {padded_row(out_h * out_w, dtype)}",
            f"#define LINEAR_LDW {padded_row(LINEAR['ni'], dtype)}",
        ]
    lines += ["#endif", "", "#endif", ""]
    (HERE / "shapes.h").write_text("\n".join(lines))


def main():
    DATA.mkdir(exist_ok=True)
    for precision, dtype in TYPES.items():
        matmul(f"matmul-{precision}", dtype)
        conv2d_fw(f"conv2d-{precision}-fw", dtype)
        conv2d_wg(f"conv2d-{precision}-wg", dtype)
        conv2d_ig(f"conv2d-{precision}-ig", dtype)
        linear(f"linear-{precision}", dtype)
        relu(f"relu-{precision}", dtype)
        sgd(f"sgd-{precision}", dtype)
    shapes()


if __name__ == "__main__":
    main()
