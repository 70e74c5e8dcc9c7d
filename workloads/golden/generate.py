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
# NumPy has no bfloat16: its values are kept in a type that nothing else here uses, and every rounding goes through `to`.
BF16 = np.longdouble
F = np.float32
TYPES = {"fp32": np.float32, "fp16": np.float16, "bf16": BF16}

MATMUL = dict(n=96, m=96, k=96)
CONVS = {
    "conv2d": dict(cin=16, cout=32, h=16, w=16, kernel=3, stride=1, padding=1),
    "conv2d-s2": dict(cin=16, cout=32, h=16, w=16, kernel=3, stride=2, padding=1),
    "pointwise": dict(cin=32, cout=64, h=16, w=16, kernel=1, stride=1, padding=0),
}
HWC = {
    "conv2d-hwc": dict(cin=16, cout=16, h=8, w=8, kernel=3, stride=1, padding=1),
    "conv2d-hwc-s2": dict(cin=16, cout=16, h=8, w=8, kernel=3, stride=2, padding=1),
}
DEPTHWISE = {
    "depthwise": dict(cin=16, h=16, w=16, kernel=3, stride=1, padding=1),
    "depthwise-s2": dict(cin=16, h=16, w=16, kernel=3, stride=2, padding=1),
    "depthwise-5x5": dict(cin=8, h=9, w=7, kernel=5, stride=1, padding=2),
}
UNROLLED = dict(n=32, m=32, k=32)
HEAD = dict(classes=12, label=3, channels=16, positions=64)
RESIDUAL = 4096
LINEAR = dict(ni=256, no=64)
ELEMENTS = 8192
MLP = dict(ni=64, nh=32, no=16, steps=48, samples=4)
PRIMITIVE = dict(c=16, h=16, w=16, slope=0.1, epsilon=0.0009765625)
MLP_SGD = dict(rate=0.0625, momentum=0.5)
SGD = dict(rate=0.015625, momentum=0.875, decay=0.0009765625)


def to(values, dtype):
    """Rounded to an element type, to nearest, ties to even."""
    if dtype != BF16:
        return np.asarray(values).astype(dtype)
    bits = np.atleast_1d(np.asarray(values, np.float64)).view(np.int64)
    cut = 52 - 7
    bits = (bits + (1 << (cut - 1)) - 1 + (bits >> cut & 1)) >> cut << cut
    return bits.view(np.float64).reshape(np.shape(values)).astype(BF16)


def lanes_of(dtype):
    """Elements in a word."""
    return 1 if dtype == np.float32 else 2


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
    return to(total, dtype)


def chain(a, b, start):
    """start + a @ b, each element one chain of fused multiply-adds in the order of k."""
    total = start
    for k in range(a.shape[1]):
        total = fma(a[:, k : k + 1], b[k : k + 1, :], total)
    return total


def lane_dots(a, b):
    """a @ b.T as packed kernels sum it: one chain over the elements of each lane of a word, then the lanes added."""
    lanes = lanes_of(a.dtype)
    start = np.zeros((a.shape[0], b.shape[0]), a.dtype)
    sums = [chain(a[:, lane::lanes], b[:, lane::lanes].T, start) for lane in range(lanes)]
    return sums[0] if lanes == 1 else add(sums[0], sums[1])


def add(a, b):
    """a + b with one rounding."""
    return to(a.astype(np.float64) + b.astype(np.float64), a.dtype)


def padded_row(elements, dtype):
    """The smallest row length that is twice an odd number of words: eight rows then begin in eight banks."""
    lanes = lanes_of(dtype)
    words = -(-elements // lanes)
    while words % 4 != 2:
        words += 1
    return words * lanes


def pad_rows(matrix):
    width = padded_row(matrix.shape[1], matrix.dtype)
    return np.pad(matrix, ((0, 0), (0, width - matrix.shape[1])))


def uniform(rng, shape, scale, dtype):
    return to(rng.uniform(-scale, scale, shape), dtype)


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
    if array.dtype == BF16:
        array = (np.ascontiguousarray(array).astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
    (DATA / f"{name}.{part}.bin").write_bytes(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes())


def load(name, part, dtype):
    """What was written, in float64."""
    path = DATA / f"{name}.{part}.bin"
    if dtype == BF16:
        return (np.fromfile(path, np.uint16).astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    return np.fromfile(path, dtype).astype(np.float64)


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


def out_extents(conv):
    return [(conv[side] + 2 * conv["padding"] - conv["kernel"]) // conv["stride"] + 1 for side in "hw"]


def conv2d_tensors(conv, dtype):
    rng = np.random.default_rng(20230520)
    depth = conv["cin"] * conv["kernel"] ** 2
    out_h, out_w = out_extents(conv)
    x = uniform(rng, (conv["cin"], conv["h"], conv["w"]), 1, dtype)
    weights = uniform(rng, (conv["cout"], depth), depth**-0.5, dtype)
    bias = uniform(rng, (conv["cout"],), 1, dtype)
    dy = uniform(rng, (conv["cout"], out_h, out_w), 1 / 16, dtype)
    return x, weights, bias, dy


def conv2d_fw(name, conv, dtype):
    x, weights, bias, _ = conv2d_tensors(conv, dtype)
    columns = im2col(x, conv["kernel"], conv["stride"], conv["padding"])
    write(name, "x", x)
    write(name, "weights", pad_rows(weights))
    write(name, "bias", bias)
    start = np.broadcast_to(bias[:, None], (conv["cout"], columns.shape[1])).copy()
    reference = weights.astype(np.float64) @ columns.astype(np.float64) + bias.astype(np.float64)[:, None]
    write_answers(name, chain(weights, columns, start), reference)


def conv2d_wg(name, conv, dtype):
    """The reference is the definition of the gradient, tap by tap; the exact answer follows the kernel."""
    x, _, _, dy = conv2d_tensors(conv, dtype)
    write(name, "x", x)
    rows = dy.reshape(conv["cout"], -1)
    write(name, "dy", pad_rows(rows))
    padding, stride, kernel = conv["padding"], conv["stride"], conv["kernel"]
    padded = np.pad(x.astype(np.float64), ((0, 0), (padding, padding), (padding, padding)))
    reference = np.zeros((conv["cout"], conv["cin"], kernel, kernel))
    for i in range(kernel):
        for j in range(kernel):
            window = padded[:, i : i + stride * dy.shape[1] : stride, j : j + stride * dy.shape[2] : stride]
            reference[:, :, i, j] = np.einsum("ohw,chw->oc", dy.astype(np.float64), window)
    exact = lane_dots(rows, im2col(x, kernel, stride, padding))
    write_answers(name, exact, reference.reshape(conv["cout"], -1))


def conv2d_ig(name, conv, dtype):
    """The reference scatters each output's gradient to the inputs that it came from; the exact answer follows the
    kernel: a convolution of dY, spread out by the stride, with the kernels turned round."""
    _, weights, _, dy = conv2d_tensors(conv, dtype)
    padding, stride, kernel = conv["padding"], conv["stride"], conv["kernel"]
    write(name, "dy", dy)
    write(name, "weights", pad_rows(weights))
    taps = weights.reshape(conv["cout"], conv["cin"], kernel, kernel)
    height, width = conv["h"] + 2 * padding, conv["w"] + 2 * padding
    reference = np.zeros((conv["cin"], height, width))
    for i in range(kernel):
        for j in range(kernel):
            reference[:, i : i + stride * dy.shape[1] : stride, j : j + stride * dy.shape[2] : stride] += np.einsum(
                "ohw,oc->chw", dy.astype(np.float64), taps[:, :, i, j].astype(np.float64)
            )
    reference = reference[:, padding : padding + conv["h"], padding : padding + conv["w"]]
    spread = np.zeros((conv["cout"], conv["h"] + 2 * padding - kernel + 1, conv["w"] + 2 * padding - kernel + 1), dtype)
    spread[:, ::stride, ::stride] = dy
    columns = im2col(spread, kernel, 1, kernel - 1 - padding)
    flipped = taps[:, :, ::-1, ::-1].transpose(1, 0, 2, 3).reshape(conv["cin"], -1)
    exact = chain(flipped, columns, np.zeros((conv["cin"], columns.shape[1]), dtype))
    write_answers(name, exact, reference.reshape(conv["cin"], -1))


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
    write_answers(f"{stem}-wg", to(product, dtype), product)

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


def multiply(a, b):
    """a * b with one rounding."""
    return to(a.astype(np.float64) * b.astype(np.float64), a.dtype)


def mlp(name, dtype):
    """The losses of a training run, as the kernels round and in float64."""
    rng = np.random.default_rng(20230524)
    ni, nh, no, samples = (MLP[key] for key in ("ni", "nh", "no", "samples"))
    x = uniform(rng, (samples, ni), 1, dtype)
    t = uniform(rng, (samples, no), 1, dtype)
    w1, b1 = uniform(rng, (nh, ni), ni**-0.5, dtype), uniform(rng, (nh,), 0.125, dtype)
    w2, b2 = uniform(rng, (no, nh), nh**-0.5, dtype), uniform(rng, (no,), 0.125, dtype)
    for part, tensor in (("x", x), ("t", t), ("w1", pad_rows(w1)), ("b1", b1), ("w2", pad_rows(w2)), ("b2", b2)):
        write(name, part, tensor)

    rate, momentum = dtype(MLP_SGD["rate"]), dtype(MLP_SGD["momentum"])
    weights = [w1, b1, w2, b2]
    velocities = [np.zeros_like(w) for w in weights]
    exact = np.zeros(MLP["steps"], dtype)
    for step in range(MLP["steps"]):
        w1, b1, w2, b2 = weights
        row, target = x[step % samples : step % samples + 1], t[step % samples]
        hidden = add(lane_dots(w1, row)[:, 0], b1)
        active = np.where(hidden > 0, hidden, 0).astype(dtype)
        y = add(lane_dots(w2, active[None, :])[:, 0], b2)
        error = add(y, -target)
        for e in error:
            exact[step] = fma(e[None], e[None], exact[step : step + 1])[0]
        d_y = multiply(error, np.full_like(error, 2 / no))
        d_w2 = multiply(d_y[:, None], active[None, :])
        d_hidden = chain(d_y[None, :], w2, np.zeros((1, nh), dtype))[0]
        d_hidden = np.where(hidden > 0, d_hidden, 0).astype(dtype)
        gradients = [multiply(d_hidden[:, None], row), d_hidden, d_w2, d_y]
        for i, gradient in enumerate(gradients):
            velocities[i] = fma(velocities[i], np.full_like(gradient, momentum), gradient)
            weights[i] = fma(velocities[i], np.full_like(gradient, -rate), weights[i])

    wide = lambda tensor: tensor.astype(np.float64)
    write_answers(name, exact, mlp_reference(wide(x), wide(t), *initial_weights(x, dtype)))


def initial_weights(x, dtype):
    """The weights that a run begins from, in float64: read back from what was written."""
    nh, no = MLP["nh"], MLP["no"]
    precision = next(name for name, other in TYPES.items() if other is dtype)
    read = lambda part: load(f"mlp-{precision}-train", part, dtype)
    w1, w2 = read("w1").reshape(nh, -1)[:, : x.shape[1]], read("w2").reshape(no, -1)[:, :nh]
    return w1, read("b1"), w2, read("b2")


def mlp_reference(x, t, w1, b1, w2, b2):
    """The same run in matrix notation and float64, written without the helpers above."""
    losses = []
    weights = [w1, b1, w2, b2]
    velocities = [0, 0, 0, 0]
    for step in range(MLP["steps"]):
        w1, b1, w2, b2 = weights
        row, target = x[step % len(x)], t[step % len(x)]
        hidden = w1 @ row + b1
        error = w2 @ np.maximum(hidden, 0) + b2 - target
        losses.append(error @ error)
        d_y = 2 * error / len(error)
        d_hidden = (w2.T @ d_y) * (hidden > 0)
        gradients = [np.outer(d_hidden, row), d_hidden, np.outer(d_y, np.maximum(hidden, 0)), d_y]
        velocities = [MLP_SGD["momentum"] * v + g for v, g in zip(velocities, gradients)]
        weights = [w - MLP_SGD["rate"] * v for w, v in zip(weights, velocities)]
    return np.array(losses)


def f32(array):
    return array.astype(np.float32)


def statistics(x):
    """Mean and 1 / sqrt(variance + epsilon) of each plane, in binary32 and in the kernel's order."""
    share = np.float32(1) / np.float32(x.shape[1])
    total = np.zeros(len(x), np.float32)
    for i in range(x.shape[1]):
        total = add(total, f32(x[:, i]))
    mean = multiply(total, np.full_like(total, share))
    squares = np.zeros_like(mean)
    for i in range(x.shape[1]):
        distance = add(f32(x[:, i]), -mean)
        squares = fma(distance, distance, squares)
    variance = fma(squares, np.full_like(squares, share), np.full_like(squares, PRIMITIVE["epsilon"]))
    return mean, np.float32(1) / np.sqrt(variance)


def primitives(precision, dtype):
    """Everything in primitives.h. The references are the definitions in float64, one line each."""
    rng = np.random.default_rng(20230525)
    c, h, w = PRIMITIVE["c"], PRIMITIVE["h"], PRIMITIVE["w"]
    x = uniform(rng, (c, h * w), 1, dtype)
    dy = uniform(rng, (c, h * w), 1, dtype)
    small = uniform(rng, (c, h * w // 4), 1, dtype)
    scales, shifts = uniform(rng, (c,), 1, dtype), uniform(rng, (c,), 1, dtype)
    wide = lambda tensor: tensor.astype(np.float64)
    slope = to(np.full(x.shape, PRIMITIVE["slope"]), dtype)
    windows = lambda planes: planes.reshape(c, h // 2, 2, w // 2, 2).transpose(0, 1, 3, 2, 4).reshape(c, -1, 4)
    unfold = lambda parts: parts.reshape(c, h // 2, w // 2, 2, 2).transpose(0, 1, 3, 2, 4).reshape(c, -1)

    def emit(name, exact, reference, **operands):
        for part, tensor in operands.items():
            write(name, part, tensor)
        write_answers(name, to(exact, dtype), reference)

    leaky = np.where(wide(x) > 0, 1, PRIMITIVE["slope"])
    emit(f"leaky-relu-{precision}-fw", np.where(x > 0, x, multiply(x, slope)), wide(x) * leaky, x=x)
    emit(f"leaky-relu-{precision}-bw", np.where(x > 0, dy, multiply(dy, slope)), wide(dy) * leaky, x=x, dy=dy)

    parts = windows(x)
    emit(f"max-pool-{precision}-fw", parts.max(axis=2), wide(parts).max(axis=2), x=x)
    back = np.zeros_like(parts)
    np.put_along_axis(back, parts.argmax(axis=2)[..., None], small[..., None], axis=2)
    winners = (wide(parts) == wide(parts).max(axis=2, keepdims=True)) & (np.cumsum(wide(parts) == wide(parts).max(axis=2, keepdims=True), axis=2) == 1)
    emit(f"max-pool-{precision}-bw", unfold(back), unfold(wide(small)[..., None] * winners), x=x, dy=small)

    quarter = np.full(parts.shape[:2], 0.25, dtype)
    sums = add(add(parts[..., 0], parts[..., 1]), add(parts[..., 2], parts[..., 3]))
    emit(f"average-pool-{precision}-fw", multiply(sums, quarter), wide(parts).mean(axis=2), x=x)
    shares = multiply(small, quarter)[..., None].repeat(4, axis=2)
    emit(f"average-pool-{precision}-bw", unfold(shares), unfold((wide(small) / 4)[..., None].repeat(4, axis=2)), x=x, dy=small)

    mean, scale = statistics(x)
    column = lambda vector: np.broadcast_to(vector[:, None], x.shape)
    gain = multiply(scale, f32(scales))
    distance = add(f32(x), -column(mean))
    exact = fma(distance, column(gain), column(f32(shifts)).copy())
    centred = wide(x) - wide(x).mean(axis=1, keepdims=True)
    deviation = np.sqrt((centred**2).mean(axis=1, keepdims=True) + PRIMITIVE["epsilon"])
    unit = centred / deviation
    reference = unit * wide(scales)[:, None] + wide(shifts)[:, None]
    weights = np.concatenate([scales, shifts])
    emit(f"normalise-{precision}-fw", exact, reference, x=x, weights=weights)

    along, total = np.zeros(c, np.float32), np.zeros(c, np.float32)
    for i in range(h * w):
        along = fma(distance[:, i], f32(dy[:, i]), along)
        total = add(total, f32(dy[:, i]))
    along = multiply(along, scale)
    share = np.full(c, np.float32(1) / np.float32(h * w))
    slopes = -multiply(multiply(along, share), scale)
    rest = add(f32(dy), -column(multiply(total, share)))
    dx = multiply(column(gain), fma(distance, column(slopes), rest))
    exact = np.concatenate([to(dx, dtype).reshape(-1), to(along, dtype), to(total, dtype)])
    d_scale, d_shift = (unit * wide(dy)).sum(axis=1), wide(dy).sum(axis=1)
    down = wide(dy) - d_shift[:, None] / (h * w) - unit * d_scale[:, None] / (h * w)
    reference = np.concatenate([(down * wide(scales)[:, None] / deviation).reshape(-1), d_scale, d_shift])
    emit(f"normalise-{precision}-bw", exact, reference, x=x, dy=dy, weights=weights)

    error = add(x, -dy)
    squares = np.zeros(c, dtype)
    for i in range(h * w):
        squares = fma(error[:, i], error[:, i], squares)
    factor = 2 / x.size
    exact = np.concatenate([multiply(error, np.full_like(error, factor)).reshape(-1), squares])
    difference = wide(x) - wide(dy)
    reference = np.concatenate([(difference * factor).reshape(-1), (difference**2).sum(axis=1)])
    emit(f"squared-error-{precision}", exact, reference, x=x, dy=dy)

    emit(f"transpose-{precision}", x.T, wide(x).T, x=x)
    other = uniform(rng, (c, h * w), 1, np.float16 if dtype is np.float32 else np.float32)
    emit(f"cast-{precision}", to(other, dtype), wide(other), x=other)


def unrolled(stem, ending, dtype):
    """The product in the order of the chain forms, and in that of the packed ones."""
    rng = np.random.default_rng(20230526)
    n, m, k = (UNROLLED[key] for key in "nmk")
    a, b = uniform(rng, (n, k), 1, dtype), uniform(rng, (k, m), 1, dtype)
    reference = a.astype(np.float64) @ b.astype(np.float64)
    for name in [f"{stem}-unrolled-{ending}"] + ([f"{stem}-packed-{ending}"] if lanes_of(dtype) == 2 else []):
        packed = "packed" in name
        write(name, "a", a)
        write(name, "b", b)
        if packed:
            write(name, "t", b.T)
        exact = lane_dots(a, b.T) if packed else chain(a, b, np.zeros((n, m), dtype))
        write_answers(name, exact, reference)


def im2row(x, kernel, stride, padding):
    """Rows are positions, columns (kernel line, kernel column, channel)."""
    channels = x.shape[0]
    return im2col(x, kernel, stride, padding).reshape(channels, kernel * kernel, -1).transpose(2, 1, 0).reshape(-1, channels * kernel**2)


def conv2d_hwc(stem, ending, conv, dtype):
    """As the steps in CHW, with tensors and sums in the order of HWC: images [h][w][c], weights [cout][kernel line][kernel
    column][cin]."""
    rng = np.random.default_rng(20230527)
    cin, cout, kernel, stride, padding = (conv[key] for key in ("cin", "cout", "kernel", "stride", "padding"))
    out_h, out_w = out_extents(conv)
    depth = cin * kernel**2
    x = uniform(rng, (cin, conv["h"], conv["w"]), 1, dtype)
    weights = uniform(rng, (cout, cin, kernel, kernel), depth**-0.5, dtype)
    bias = uniform(rng, (cout,), 1, dtype)
    dy = uniform(rng, (cout, out_h, out_w), 1 / 16, dtype)
    last = lambda tensor: np.moveaxis(tensor, 1 if tensor.ndim == 4 else 0, -1)
    wide = lambda tensor: tensor.astype(np.float64)
    rows, by_rows = im2row(x, kernel, stride, padding), last(weights).reshape(cout, depth)

    name = f"{stem}-{ending}-fw"
    write(name, "x", last(x))
    write(name, "weights", pad_rows(by_rows))
    write(name, "bias", bias)
    exact = add(lane_dots(rows, by_rows), np.broadcast_to(bias, (len(rows), cout)))
    write_answers(name, exact, last((wide(weights.reshape(cout, -1)) @ wide(im2col(x, kernel, stride, padding))).reshape(cout, out_h, out_w)).reshape(-1, cout) + wide(bias))

    name = f"{stem}-{ending}-wg"
    write(name, "x", last(x))
    write(name, "dy", last(dy))
    exact = chain(dy.reshape(cout, -1), rows, np.zeros((cout, depth), dtype))
    padded = np.pad(wide(x), ((0, 0), (padding, padding), (padding, padding)))
    scattered = np.zeros((cin, conv["h"] + 2 * padding, conv["w"] + 2 * padding))
    reference = np.zeros((cout, kernel, kernel, cin))
    for i in range(kernel):
        for j in range(kernel):
            window = np.s_[:, i : i + stride * out_h : stride, j : j + stride * out_w : stride]
            reference[:, i, j] = np.einsum("ohw,chw->oc", wide(dy), padded[window])
            scattered[window] += np.einsum("ohw,oc->chw", wide(dy), wide(weights[:, :, i, j]))
    write_answers(name, exact, reference.reshape(cout, -1))

    name = f"{stem}-{ending}-ig"
    write(name, "dy", last(dy))
    write(name, "weights", pad_rows(by_rows))
    spread = np.zeros((cout, conv["h"] + 2 * padding - kernel + 1, conv["w"] + 2 * padding - kernel + 1), dtype)
    spread[:, ::stride, ::stride] = dy
    turned = weights[:, :, ::-1, ::-1].transpose(2, 3, 0, 1).reshape(-1, cin)
    columns = im2row(spread, kernel, 1, kernel - 1 - padding)
    exact = chain(columns, turned, np.zeros((len(columns), cin), dtype))
    reference = scattered[:, padding : padding + conv["h"], padding : padding + conv["w"]]
    write_answers(name, exact, last(reference).reshape(-1, cin))


def depthwise_row(conv):
    """Elements from one channel's weights to the next: the fast kernel wants ten."""
    return 10 if (conv["kernel"], conv["stride"], conv["padding"]) == (3, 1, 1) else conv["kernel"] ** 2


def depthwise(stem, ending, conv, dtype):
    rng = np.random.default_rng(20230528)
    channels, kernel, stride, padding = (conv[key] for key in ("cin", "kernel", "stride", "padding"))
    out_h, out_w = out_extents(conv)
    taps = kernel**2
    x = uniform(rng, (channels, conv["h"], conv["w"]), 1, dtype)
    weights = uniform(rng, (channels, taps), 1 / kernel, dtype)
    bias = uniform(rng, (channels,), 1, dtype)
    dy = uniform(rng, (channels, out_h, out_w), 1 / 16, dtype)
    wide = lambda tensor: tensor.astype(np.float64)
    wider = lambda matrix: np.pad(matrix, ((0, 0), (0, depthwise_row(conv) - taps)))
    columns = im2col(x, kernel, stride, padding).reshape(channels, taps, -1)
    flat = dy.reshape(channels, -1)

    name = f"{stem}-{ending}-fw"
    write(name, "x", x)
    write(name, "weights", wider(weights))
    write(name, "bias", bias)
    total = np.broadcast_to(bias[:, None], flat.shape).copy()
    for tap in range(taps):
        total = fma(columns[:, tap], weights[:, tap : tap + 1], total)
    write_answers(name, total, np.einsum("ctp,ct->cp", wide(columns), wide(weights)) + wide(bias)[:, None])

    name = f"{stem}-{ending}-wg"
    write(name, "x", x)
    write(name, "dy", dy)
    dw, db = np.zeros((channels, taps), dtype), np.zeros(channels, dtype)
    for at in range(flat.shape[1]):
        dw = fma(columns[:, :, at], flat[:, at : at + 1], dw)
        db = add(db, flat[:, at])
    exact = np.concatenate([wider(dw).reshape(-1), db])
    reference = np.concatenate([wider(np.einsum("ctp,cp->ct", wide(columns), wide(flat))).reshape(-1), wide(flat).sum(axis=1)])
    write_answers(name, exact, reference)

    name = f"{stem}-{ending}-ig"
    write(name, "dy", dy)
    write(name, "weights", wider(weights))
    spread = np.zeros((channels, conv["h"] + 2 * padding - kernel + 1, conv["w"] + 2 * padding - kernel + 1), dtype)
    spread[:, ::stride, ::stride] = dy
    back = im2col(spread, kernel, 1, kernel - 1 - padding).reshape(channels, taps, -1)
    total = np.zeros(back[:, 0].shape, dtype)
    for tap in range(taps):
        total = fma(back[:, tap], weights[:, taps - 1 - tap : taps - tap], total)
    scattered = np.zeros((channels, conv["h"] + 2 * padding, conv["w"] + 2 * padding))
    for tap in range(taps):
        i, j = divmod(tap, kernel)
        scattered[:, i : i + stride * out_h : stride, j : j + stride * out_w : stride] += wide(dy) * wide(weights[:, tap])[:, None, None]
    reference = scattered[:, padding : padding + conv["h"], padding : padding + conv["w"]]
    write_answers(name, total, reference.reshape(channels, -1))


def residual(ending, dtype):
    """y = ReLU(x + t), and the gradient of both: dy where y is above zero."""
    rng = np.random.default_rng(20230529)
    x, t, dy = (uniform(rng, (RESIDUAL,), 1, dtype) for _ in range(3))
    name = f"residual-{ending}-fw"
    write(name, "x", x)
    write(name, "t", t)
    total = add(x, t)
    exact = np.where(total > 0, total, 0).astype(dtype)
    write_answers(name, exact, np.maximum(x.astype(np.float64) + t.astype(np.float64), 0))
    name = f"residual-{ending}-bw"
    write(name, "x", exact)
    write(name, "dy", dy)
    back = np.where(exact > 0, dy, 0).astype(dtype)
    write_answers(name, back, back.astype(np.float64))


def global_pool(ending, dtype):
    """Means of planes; backward before the ReLU that made x."""
    rng = np.random.default_rng(20230530)
    channels, positions = HEAD["channels"], HEAD["positions"]
    x = uniform(rng, (channels, positions), 1, dtype)
    dy = uniform(rng, (channels,), 1, dtype)
    scale = to(np.full(channels, 1 / positions), dtype)
    name = f"global-pool-{ending}-fw"
    write(name, "x", x)
    total = np.zeros(channels, dtype)
    for i in range(positions):
        total = add(total, x[:, i])
    write_answers(name, multiply(total, scale), x.astype(np.float64).mean(axis=1))
    name = f"global-pool-{ending}-bw"
    write(name, "x", x)
    write(name, "dy", dy)
    exact = np.where(x > 0, multiply(dy, scale)[:, None], 0).astype(dtype)
    write_answers(name, exact, np.where(x > 0, dy.astype(np.float64)[:, None] / positions, 0))


def f32_fma(a, b, c):
    return fma(np.array([a], F), np.array([b], F), np.array([c], F))[0]


def exponential(x):
    """e^x in binary32 with the operations of kernels/head.c."""
    if x < F(-80):
        return F(0)
    n = np.trunc(f32_fma(x, F(float.fromhex("0x1.715476p+0")), F(-0.5)))
    r = f32_fma(n, F(float.fromhex("-0x1.62e4p-1")), x)
    r = f32_fma(n, F(float.fromhex("-0x1.7f7d1cp-20")), r)
    p = f32_fma(r, F(float.fromhex("0x1.6c16c2p-10")), F(float.fromhex("0x1.111112p-7")))
    for constant in (float.fromhex("0x1.555556p-5"), float.fromhex("0x1.555556p-3"), 0.5, 1.0, 1.0):
        p = f32_fma(p, r, F(constant))
    return F(np.ldexp(p, int(n)))


def logarithm(x):
    """log x in binary32 with the operations of kernels/head.c."""
    mantissa, exponent = np.frexp(x)
    m, k = F(mantissa * 2), int(exponent) - 1
    if m > F(float.fromhex("0x1.6a09e6p+0")):
        m, k = F(m / 2), k + 1
    s = F(F(m - F(1)) / F(m + F(1)))
    t = F(s * s)
    p = f32_fma(t, F(float.fromhex("0x1.c71c72p-3")), F(float.fromhex("0x1.24924ap-2")))
    for constant in ("0x1.99999ap-2", "0x1.555556p-1", "0x1p+1"):
        p = f32_fma(p, t, F(float.fromhex(constant)))
    return f32_fma(F(k), F(float.fromhex("0x1.62e43p-1")), F(s * p))


def cross_entropy(logits, label):
    dtype = logits.dtype.type
    wide = logits.astype(F)
    greatest = wide.max()
    total, powers = F(0), []
    for logit in wide:
        powers.append(exponential(F(logit - greatest)))
        total = F(total + powers[-1])
    shares = [F(power / total) for power in powers]
    shares[label] = F(shares[label] - F(1))
    loss = F(logarithm(total) - F(wide[label] - greatest))
    return dtype(loss), np.array(shares, F).astype(dtype)


def softmax_cross_entropy(ending, dtype):
    """Softmax and cross-entropy of one sample, in binary32 as the kernel does it: the gradient, then the loss."""
    rng = np.random.default_rng(20230531)
    logits = uniform(rng, (HEAD["classes"],), 4, dtype)
    name = f"cross-entropy-{ending}"
    write(name, "x", logits)
    loss, gradient = cross_entropy(f32(logits), HEAD["label"])
    powers = np.exp(logits.astype(np.float64) - logits.astype(np.float64).max())
    shares = powers / powers.sum()
    reference = np.append(shares - np.eye(HEAD["classes"])[HEAD["label"]], -np.log(shares[HEAD["label"]]))
    write_answers(name, to(np.append(gradient, loss), dtype), reference)


def layouts(ending, dtype):
    """Changes of layout alone: bits move, so the answers are the operands."""
    rng = np.random.default_rng(20230532)
    conv = CONVS["conv2d-s2"]
    x = uniform(rng, (conv["cin"] // 2, conv["h"], conv["w"]), 1, dtype)
    for name, rows in (
        (f"im2col-{ending}", im2col(x, conv["kernel"], conv["stride"], conv["padding"])),
        (f"im2row-{ending}", im2row(x, conv["kernel"], conv["stride"], conv["padding"])),
    ):
        write(name, "x", x if "im2col" in name else np.moveaxis(x, 0, -1))
        write_answers(name, rows, rows.astype(np.float64))
    weights = uniform(rng, (16, 8, 9), 1, dtype)
    turned = weights[:, :, ::-1].transpose(1, 0, 2)
    name = f"turn-weights-{ending}"
    write(name, "x", weights)
    write_answers(name, turned, turned.astype(np.float64))


def overridable(lines):
    """Each size yields to one from the command line."""
    for line in lines:
        if line.startswith("#define") and len(line.split()) > 2:
            yield f"#ifndef {line.split()[1]}"
            yield line
            yield "#endif"
        else:
            yield line


def shapes():
    lines = ["/* Written by golden/generate.py. */", "#ifndef ENNEAD_SHAPES_H", "#define ENNEAD_SHAPES_H", ""]
    lines += [f"#define MATMUL_{key.upper()} {value}" for key, value in MATMUL.items()]
    lines += [f"#define LINEAR_{key.upper()} {value}" for key, value in LINEAR.items()]
    lines += [f"#define SGD_{key.upper()} {value}f" for key, value in SGD.items()]
    lines += [f"#define ELEMENTS {ELEMENTS}"]
    c, h, w = (PRIMITIVE[key] for key in "chw")
    lines += [f"#define PRIMITIVE_{key.upper()} {PRIMITIVE[key]}" for key in "chw"]
    lines += [f"#define PRIMITIVE_ELEMENTS {c * h * w}"]
    lines += [f"#define PRIMITIVE_{key.upper()} {PRIMITIVE[key]}f" for key in ("slope", "epsilon")]
    lines += [f"#define PRIMITIVE_SHARE {2 / (c * h * w)}f"]
    lines += [f"#define UNROLLED_{key.upper()} {value}" for key, value in UNROLLED.items()]
    lines += [f"#define HEAD_{key.upper()} {value}" for key, value in HEAD.items()]
    lines += [f"#define RESIDUAL {RESIDUAL}"]
    lines += [f"#define MLP_{key.upper()} {value}" for key, value in MLP.items()]
    lines += [f"#define MLP_{key.upper()} {value}f" for key, value in MLP_SGD.items()]
    for bits, dtype in ((32, np.float32), (16, np.float16)):
        lines += [
            f"{'#if' if bits == 32 else '#elif'} ENNEAD_BITS == {bits}",
            f"#define MATMUL_LDA {padded_row(MATMUL['k'], dtype)}",
            f"#define LINEAR_LDW {padded_row(LINEAR['ni'], dtype)}",
            f"#define MLP_LD1 {padded_row(MLP['ni'], dtype)}",
            f"#define MLP_LD2 {padded_row(MLP['nh'], dtype)}",
        ]
    lines += ["#endif", ""]
    for name, conv in (CONVS | HWC | DEPTHWISE).items():
        lines += [f"#ifdef SHAPE_{name.upper().replace('-', '_')}"]
        lines += [f"#define CONV_{key.upper()} {value}" for key, value in conv.items()]
        for bits, dtype in ((32, np.float32), (16, np.float16)):
            out_h, out_w = out_extents(conv)
            lines += [
                f"{'#if' if bits == 32 else '#elif'} ENNEAD_BITS == {bits}",
                f"#define CONV_LDW {depthwise_row(conv) if name in DEPTHWISE else padded_row(conv['cin'] * conv['kernel'] ** 2, dtype)}",
                f"#define CONV_LDY {padded_row(out_h * out_w, dtype)}",
            ]
        lines += ["#endif", "#endif"]
    lines += ["", "#endif", ""]
    (HERE / "shapes.h").write_text("\n".join(overridable(lines)))


def main():
    DATA.mkdir(exist_ok=True)
    for precision, dtype in TYPES.items():
        matmul(f"matmul-{precision}", dtype)
        unrolled("matmul", precision, dtype)
        for stem, conv in CONVS.items():
            if dtype == BF16 and stem != "conv2d":
                continue
            conv2d_fw(f"{stem}-{precision}-fw", conv, dtype)
            conv2d_wg(f"{stem}-{precision}-wg", conv, dtype)
            conv2d_ig(f"{stem}-{precision}-ig", conv, dtype)
        linear(f"linear-{precision}", dtype)
        relu(f"relu-{precision}", dtype)
        sgd(f"sgd-{precision}", dtype)
        mlp(f"mlp-{precision}-train", dtype)
        primitives(precision, dtype)
        for stem, conv in DEPTHWISE.items():
            depthwise(stem, precision, conv, dtype)
        residual(precision, dtype)
        global_pool(precision, dtype)
        softmax_cross_entropy(precision, dtype)
        if dtype != BF16:
            for stem, conv in HWC.items():
                conv2d_hwc(stem, precision, conv, dtype)
            layouts(precision, dtype)
    shapes()


if __name__ == "__main__":
    main()
