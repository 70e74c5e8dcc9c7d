#!/usr/bin/env python3
"""Makes the networks that are trained: their layers, initial parameters, and what a training step leaves; needs Python 3.9
and NumPy.

Like generate.py, it computes two answers, neither with our simulator nor with our kernels: `exact` performs every rounding
in the order that the kernels document, and `reference` is a float64 step written from the definitions of the layers.

It writes golden/data/NAME-PRECISION-train.*.bin and golden/networks.h. Seeds are fixed.
"""

from pathlib import Path

import numpy as np

from generate import HERE, F, add, chain, cross_entropy, fma, lane_dots, multiply, padded_row, uniform, write

TYPES = {"fp32": np.float32, "fp16": np.float16}

RATES = dict(rate=0.015625, momentum=0.875, decay=0.0009765625)
TILE = 8
DEPTHWISE_LD = 10
RESULTS = 64
REFERENCE_EVERY = 8


def same(extent, kernel, stride):
    """Output extent and zeros before the first element with "same" padding."""
    out = -(-extent // stride)
    return out, max((out - 1) * stride + kernel - extent, 0) // 2


class Convolution:
    def __init__(self, name, cin, height, width, cout, kernel, stride=1, x_plane=None, y_plane=None):
        self.name, self.cin, self.height, self.width, self.cout, self.stride = name, cin, height, width, cout, stride
        self.kernel_h, self.kernel_w = kernel
        self.out_height, self.pad_y = same(height, self.kernel_h, stride)
        self.out_width, self.pad_x = same(width, self.kernel_w, stride)
        self.x_plane = x_plane or (lambda dtype: height * width)
        self.y_plane = y_plane or (lambda dtype: self.out_height * self.out_width)
        self.depth = cin * self.kernel_h * self.kernel_w
        self.macs = cout * self.depth * self.out_height * self.out_width

    def weights_shape(self, dtype):
        return (self.cout, padded_row(self.depth, dtype))

    def initial(self, rng, dtype):
        scale = (3 / self.depth) ** 0.5
        weights = uniform(rng, (self.cout, self.depth), scale, dtype)
        padding = self.weights_shape(dtype)[1] - self.depth
        return np.pad(weights, ((0, 0), (0, padding))), uniform(rng, (self.cout,), 0.125, dtype)


class Depthwise:
    def __init__(self, name, channels, height, width, plane):
        self.name, self.channels, self.height, self.width, self.plane = name, channels, height, width, plane
        self.macs = channels * height * width * 9

    def weights_shape(self, dtype):
        return (self.channels, DEPTHWISE_LD)

    def initial(self, rng, dtype):
        weights = uniform(rng, (self.channels, 9), 3**-0.5, dtype)
        return np.pad(weights, ((0, 0), (0, 1))), uniform(rng, (self.channels,), 0.125, dtype)


class Classifier:
    def __init__(self, name, channels, positions, plane, classes):
        self.name, self.channels, self.positions, self.plane, self.classes = name, channels, positions, plane, classes
        self.macs = channels * classes

    def weights_shape(self, dtype):
        return (self.classes, padded_row(self.channels, dtype))

    def initial(self, rng, dtype):
        weights = uniform(rng, (self.classes, self.channels), self.channels**-0.5, dtype)
        padding = self.weights_shape(dtype)[1] - self.channels
        return np.pad(weights, ((0, 0), (0, padding))), uniform(rng, (self.classes,), 0.125, dtype)


# ---- The layers, with every rounding ------------------------------------------------------------------------------


def zeros(shape, dtype):
    return np.zeros(shape, dtype)


def relu(x):
    return np.where(x > 0, x, x.dtype.type(0))


def masked(d, mask):
    return d if mask is None else np.where(mask > 0, d, d.dtype.type(0))


def columns(x, kernel_h, kernel_w, stride, pad_y, pad_x, out_h, out_w):
    """x is channels x height x width; positions are padded with zeros to a whole tile."""
    channels, height, width = x.shape
    below = max((out_h - 1) * stride + kernel_h - pad_y - height, 0)
    right = max((out_w - 1) * stride + kernel_w - pad_x - width, 0)
    padded = np.pad(x, ((0, 0), (pad_y, below), (pad_x, right)))
    rows = [
        padded[c, i : i + stride * (out_h - 1) + 1 : stride, j : j + stride * (out_w - 1) + 1 : stride].reshape(-1)
        for c in range(channels)
        for i in range(kernel_h)
        for j in range(kernel_w)
    ]
    matrix = np.stack(rows)
    return np.pad(matrix, ((0, 0), (0, -matrix.shape[1] % TILE)))


def product(weights, matrix, bias=None):
    start = zeros((weights.shape[0], matrix.shape[1]), matrix.dtype)
    if bias is not None:
        start = start + bias[:, None]
    return chain(weights, matrix, start)


def image(planes, channels, height, width):
    return planes[:, : height * width].reshape(channels, height, width)


def conv_columns(layer, x):
    return columns(
        image(x, layer.cin, layer.height, layer.width),
        layer.kernel_h,
        layer.kernel_w,
        layer.stride,
        layer.pad_y,
        layer.pad_x,
        layer.out_height,
        layer.out_width,
    )


def conv_forward(layer, parameters, x, addend=None, activate=True):
    weights, bias = parameters
    y = product(weights[:, : layer.depth], conv_columns(layer, x), bias)
    if addend is not None:
        y = add(y, addend)
    return relu(y) if activate else y


def phase_taps(kernel, stride, padding, phase):
    """Taps that meet positions of a residue, last first, and how many zeros come before the first line."""
    taps = [tap for tap in range(kernel) if tap % stride == (phase + padding) % stride][::-1]
    return taps, (taps[0] - phase - padding) // stride if taps else 0


def conv_phase(layer, weights, dy, p, q):
    """Phase (p, q) of the input gradient, or None where no tap meets it."""
    taps_y, pad_y = phase_taps(layer.kernel_h, layer.stride, layer.pad_y, p)
    taps_x, pad_x = phase_taps(layer.kernel_w, layer.stride, layer.pad_x, q)
    if not taps_y or not taps_x:
        return None
    taps = weights[:, : layer.depth].reshape(layer.cout, layer.cin, layer.kernel_h, layer.kernel_w)
    turned = taps[:, :, taps_y][:, :, :, taps_x].transpose(1, 0, 2, 3).reshape(layer.cin, -1)
    out_h, out_w = layer.height // layer.stride, layer.width // layer.stride
    matrix = columns(
        image(dy, layer.cout, layer.out_height, layer.out_width), len(taps_y), len(taps_x), 1, pad_y, pad_x, out_h, out_w
    )
    return product(turned, matrix)


def conv_input_gradient(layer, parameters, dy, addend=None, mask=None):
    weights, _ = parameters
    if layer.stride == 1:
        dx = conv_phase(layer, weights, dy, 0, 0)
        return masked(dx if addend is None else add(dx, addend), mask)
    whole = zeros((layer.cin, layer.height, layer.width), dy.dtype)
    for p in range(2):
        for q in range(2):
            phase = conv_phase(layer, weights, dy, p, q)
            if phase is not None:
                if addend is not None and p == q == 0:
                    phase = add(phase, addend)
                whole[:, p::2, q::2] = image(phase, layer.cin, layer.height // 2, layer.width // 2)
    return masked(whole.reshape(layer.cin, -1), mask)


def lane_sums(rows):
    """Sums along rows as packed kernels take them: a chain for each lane of a word, then the lanes added."""
    lanes = 4 // rows.dtype.itemsize
    sums = []
    for lane in range(lanes):
        total = zeros(rows.shape[0], rows.dtype)
        for i in range(lane, rows.shape[1], lanes):
            total = add(total, rows[:, i])
        sums.append(total)
    return sums[0] if lanes == 1 else add(sums[0], sums[1])


def conv_gradients(layer, x, dy):
    return lane_dots(dy, conv_columns(layer, x)), lane_sums(dy)


def depthwise_forward(layer, parameters, x):
    weights, bias = parameters
    return relu(depthwise_chain(layer, weights, x, bias))


def depthwise_chain(layer, weights, x, start):
    padded = np.pad(image(x, layer.channels, layer.height, layer.width), ((0, 0), (1, 1), (1, 1)))
    total = zeros((layer.channels, layer.height, layer.width), x.dtype) + start[:, None, None]
    for tap in range(9):
        window = padded[:, tap // 3 : tap // 3 + layer.height, tap % 3 : tap % 3 + layer.width]
        total = fma(window, np.broadcast_to(weights[:, tap, None, None], window.shape), total)
    total = total.reshape(layer.channels, -1)
    return np.pad(total, ((0, 0), (0, x.shape[1] - total.shape[1])))


def depthwise_input_gradient(layer, parameters, dy, mask):
    turned = parameters[0][:, 8::-1]
    return masked(depthwise_chain(layer, turned, dy, zeros(layer.channels, dy.dtype)), mask)


def depthwise_gradients(layer, x, dy):
    padded = np.pad(image(x, layer.channels, layer.height, layer.width), ((0, 0), (1, 1), (1, 1)))
    d = image(dy, layer.channels, layer.height, layer.width)
    dw, db = zeros((layer.channels, 9), x.dtype), zeros(layer.channels, x.dtype)
    for i in range(layer.height):
        for j in range(layer.width):
            window = padded[:, i : i + 3, j : j + 3].reshape(layer.channels, 9)
            dw = fma(window, np.broadcast_to(d[:, i, j, None], window.shape), dw)
            db = add(db, d[:, i, j])
    return dw, db




def classify(layer, parameters, x, label):
    """Loss, logits, gradient of x before its ReLU, and of the parameters."""
    weights, bias = parameters
    dtype = x.dtype.type
    weights = weights[:, : layer.channels]
    total = zeros(layer.channels, x.dtype)
    for i in range(layer.positions):
        total = add(total, x[:, i])
    scale = np.full(layer.channels, dtype(F(1) / F(layer.positions)))
    pooled = multiply(total, scale)
    logits = add(lane_dots(weights, pooled[None, :])[:, 0], bias)
    loss, d = cross_entropy(logits, label)
    d_pooled = chain(d[None, :], weights, zeros((1, layer.channels), x.dtype))[0]
    share = multiply(d_pooled, scale)
    dx = np.where(x > 0, share[:, None], dtype(0))
    dx[:, layer.positions :] = 0
    return loss, logits, dx, (multiply(d[:, None], pooled[None, :]), d)


def sgd(w, v, dw):
    rate, momentum, decay = (np.full_like(w, RATES[key]) for key in ("rate", "momentum", "decay"))
    velocity = fma(v, momentum, fma(w, decay, dw))
    return fma(velocity, -rate, w), velocity


# ---- The layers in float64, from their definitions ----------------------------------------------------------------


class Plain:
    """A step in float64: tensors are channels x height x width, weights channels x channels x kernel."""

    @staticmethod
    def windows(layer, x):
        """cin x kernel_h x kernel_w x out_h x out_w: what each tap sees."""
        high = (layer.out_height - 1) * layer.stride + layer.kernel_h
        wide = (layer.out_width - 1) * layer.stride + layer.kernel_w
        padded = np.zeros((layer.cin, max(high, layer.pad_y + layer.height), max(wide, layer.pad_x + layer.width)))
        padded[:, layer.pad_y : layer.pad_y + layer.height, layer.pad_x : layer.pad_x + layer.width] = x
        view = np.lib.stride_tricks.sliding_window_view(padded, (layer.kernel_h, layer.kernel_w), axis=(1, 2))
        return view[:, : high : layer.stride, : wide : layer.stride][:, : layer.out_height, : layer.out_width]

    @staticmethod
    def kernels(layer, weights):
        return weights[:, : layer.depth].reshape(layer.cout, layer.cin, layer.kernel_h, layer.kernel_w)

    @staticmethod
    def conv(layer, parameters, x):
        weights, bias = parameters
        y = np.einsum("ocij,chwij->ohw", Plain.kernels(layer, weights), Plain.windows(layer, x), optimize=True)
        return y + bias[:, None, None]

    @staticmethod
    def conv_back(layer, parameters, x, dy):
        taps = Plain.kernels(layer, parameters[0])
        dw = np.einsum("ohw,chwij->ocij", dy, Plain.windows(layer, x), optimize=True).reshape(layer.cout, -1)
        high, wide = layer.height + 2 * layer.kernel_h, layer.width + 2 * layer.kernel_w
        dx = np.zeros((layer.cin, high, wide))
        s = layer.stride
        for i in range(layer.kernel_h):
            for j in range(layer.kernel_w):
                part = np.einsum("oc,ohw->chw", taps[:, :, i, j], dy, optimize=True)
                dx[:, i : i + s * (layer.out_height - 1) + 1 : s, j : j + s * (layer.out_width - 1) + 1 : s] += part
        dx = dx[:, layer.pad_y : layer.pad_y + layer.height, layer.pad_x : layer.pad_x + layer.width]
        return dx, (dw, dy.sum(axis=(1, 2)))

    @staticmethod
    def depthwise(layer, parameters, x):
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
        view = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
        taps = parameters[0][:, :9].reshape(-1, 3, 3)
        return np.einsum("cij,chwij->chw", taps, view) + parameters[1][:, None, None]

    @staticmethod
    def depthwise_back(layer, parameters, x, dy):
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
        view = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
        dw = np.einsum("chw,chwij->cij", dy, view).reshape(-1, 9)
        dx = np.zeros_like(padded)
        for i in range(3):
            for j in range(3):
                dx[:, i : i + layer.height, j : j + layer.width] += parameters[0][:, 3 * i + j, None, None] * dy
        return dx[:, 1:-1, 1:-1], (dw, dy.sum(axis=(1, 2)))

    @staticmethod
    def classify(layer, parameters, x, label):
        weights, bias = parameters[0][:, : layer.channels], parameters[1]
        pooled = x.reshape(layer.channels, -1).mean(axis=1)
        logits = weights @ pooled + bias
        shares = np.exp(logits - logits.max())
        shares /= shares.sum()
        loss = -np.log(shares[label])
        d = shares.copy()
        d[label] -= 1
        dx = np.broadcast_to((weights.T @ d / layer.positions)[:, None, None], x.shape)
        return loss, logits, dx, (np.outer(d, pooled), d)


# ---- The networks -------------------------------------------------------------------------------------------------


def resnet8():
    conv = Convolution
    return [
        conv("conv1", 3, 32, 32, 16, (3, 3)),
        conv("conv2", 16, 32, 32, 16, (3, 3)),
        conv("conv3", 16, 32, 32, 16, (3, 3)),
        conv("conv4", 16, 32, 32, 32, (3, 3), 2),
        conv("conv5", 32, 16, 16, 32, (3, 3)),
        conv("skip5", 16, 32, 32, 32, (1, 1), 2),
        conv("conv6", 32, 16, 16, 64, (3, 3), 2),
        conv("conv7", 64, 8, 8, 64, (3, 3)),
        conv("skip7", 32, 16, 16, 64, (1, 1), 2),
        Classifier("classifier", 64, 64, lambda dtype: 64, 10),
    ]


def resnet8_exact(layers, p, x, label):
    c1, c2, c3, c4, c5, s5, c6, c7, s7, head = layers
    q = {layer.name: p[layer.name] for layer in layers}
    a1 = conv_forward(c1, q["conv1"], x)
    a2 = conv_forward(c2, q["conv2"], a1)
    a3 = conv_forward(c3, q["conv3"], a2, a1)
    a4 = conv_forward(c4, q["conv4"], a3)
    k5 = conv_forward(s5, q["skip5"], a3, activate=False)
    a5 = conv_forward(c5, q["conv5"], a4, k5)
    a6 = conv_forward(c6, q["conv6"], a5)
    k7 = conv_forward(s7, q["skip7"], a5, activate=False)
    a7 = conv_forward(c7, q["conv7"], a6, k7)
    loss, logits, d7, head_gradients = classify(head, q["classifier"], a7, label)
    g = {"classifier": head_gradients}
    d6 = conv_input_gradient(c7, q["conv7"], d7, mask=a6)
    g["conv7"] = conv_gradients(c7, a6, d7)
    e7 = conv_phase(s7, q["skip7"][0], d7, 0, 0)
    g["skip7"] = conv_gradients(s7, a5, d7)
    d5 = conv_input_gradient(c6, q["conv6"], d6, e7, a5)
    g["conv6"] = conv_gradients(c6, a5, d6)
    d4 = conv_input_gradient(c5, q["conv5"], d5, mask=a4)
    g["conv5"] = conv_gradients(c5, a4, d5)
    e5 = conv_phase(s5, q["skip5"][0], d5, 0, 0)
    g["skip5"] = conv_gradients(s5, a3, d5)
    d3 = conv_input_gradient(c4, q["conv4"], d4, e5, a3)
    g["conv4"] = conv_gradients(c4, a3, d4)
    d2 = conv_input_gradient(c3, q["conv3"], d3, mask=a2)
    g["conv3"] = conv_gradients(c3, a2, d3)
    d1 = conv_input_gradient(c2, q["conv2"], d2, d3, a1)
    g["conv2"] = conv_gradients(c2, a1, d2)
    g["conv1"] = conv_gradients(c1, x, d1)
    return loss, logits, g


def resnet8_reference(layers, p, x, label):
    c1, c2, c3, c4, c5, s5, c6, c7, s7, head = layers
    up = lambda y: np.maximum(y, 0)
    x = x.reshape(3, 32, 32)
    a1 = up(Plain.conv(c1, p["conv1"], x))
    a2 = up(Plain.conv(c2, p["conv2"], a1))
    a3 = up(Plain.conv(c3, p["conv3"], a2) + a1)
    a4 = up(Plain.conv(c4, p["conv4"], a3))
    a5 = up(Plain.conv(c5, p["conv5"], a4) + Plain.conv(s5, p["skip5"], a3))
    a6 = up(Plain.conv(c6, p["conv6"], a5))
    a7 = up(Plain.conv(c7, p["conv7"], a6) + Plain.conv(s7, p["skip7"], a5))
    g = {}
    loss, logits, d7, g["classifier"] = Plain.classify(head, p["classifier"], a7, label)
    d7 = d7 * (a7 > 0)
    d6, g["conv7"] = Plain.conv_back(c7, p["conv7"], a6, d7)
    e7, g["skip7"] = Plain.conv_back(s7, p["skip7"], a5, d7)
    d5, g["conv6"] = Plain.conv_back(c6, p["conv6"], a5, d6 * (a6 > 0))
    d5 = (d5 + e7) * (a5 > 0)
    d4, g["conv5"] = Plain.conv_back(c5, p["conv5"], a4, d5)
    e5, g["skip5"] = Plain.conv_back(s5, p["skip5"], a3, d5)
    d3, g["conv4"] = Plain.conv_back(c4, p["conv4"], a3, d4 * (a4 > 0))
    d3 = (d3 + e5) * (a3 > 0)
    d2, g["conv3"] = Plain.conv_back(c3, p["conv3"], a2, d3)
    d1, g["conv2"] = Plain.conv_back(c2, p["conv2"], a1, d2 * (a2 > 0))
    _, g["conv1"] = Plain.conv_back(c1, p["conv1"], x, (d1 + d3) * (a1 > 0))
    return loss, logits, g


# A plane of 25 x 5 positions is padded to whole tiles, and its rows to begin in different banks.
DSCNN_POSITIONS = 125


def dscnn_plane(dtype):
    return padded_row(-(-DSCNN_POSITIONS // TILE) * TILE, dtype)


def dscnn():
    layers = [Convolution("conv1", 1, 49, 10, 64, (10, 4), 2, y_plane=dscnn_plane)]
    for i in range(1, 5):
        layers.append(Depthwise(f"depthwise{i}", 64, 25, 5, dscnn_plane))
        layers.append(Convolution(f"pointwise{i}", 64, 1, 128, 64, (1, 1), 1, dscnn_plane, dscnn_plane))
    layers.append(Classifier("classifier", 64, DSCNN_POSITIONS, dscnn_plane, 12))
    # A pointwise layer runs over the padding too; nobody asked for that.
    for layer in layers:
        if layer.name.startswith("pointwise"):
            layer.macs = 64 * 64 * DSCNN_POSITIONS
    return layers


def dscnn_exact(layers, p, x, label):
    activations = [x, conv_forward(layers[0], p["conv1"], x)]
    for layer in layers[1:-1]:
        forward = depthwise_forward if isinstance(layer, Depthwise) else conv_forward
        activations.append(forward(layer, p[layer.name], activations[-1]))
    loss, logits, d, gradients = classify(layers[-1], p["classifier"], activations[-1], label)
    g = {"classifier": gradients}
    for i in range(len(layers) - 2, 0, -1):
        layer, before = layers[i], activations[i]
        if isinstance(layer, Depthwise):
            below = depthwise_input_gradient(layer, p[layer.name], d, before)
            g[layer.name] = depthwise_gradients(layer, before, d)
        else:
            below = conv_input_gradient(layer, p[layer.name], d, mask=before)
            g[layer.name] = conv_gradients(layer, before, d)
        d = below
    g["conv1"] = conv_gradients(layers[0], x, d)
    return loss, logits, g


def dscnn_reference(layers, p, x, label):
    pointwise = [layer for layer in layers if layer.name.startswith("pointwise")]
    for layer in pointwise:  # as the convolution that it is
        layer.height = layer.out_height = 25
        layer.width = layer.out_width = 5
    up = lambda y: np.maximum(y, 0)
    x = x.reshape(1, 49, 10)
    activations = [x, up(Plain.conv(layers[0], p["conv1"], x))]
    for layer in layers[1:-1]:
        forward = Plain.depthwise if isinstance(layer, Depthwise) else Plain.conv
        activations.append(up(forward(layer, p[layer.name], activations[-1])))
    g = {}
    loss, logits, d, g["classifier"] = Plain.classify(layers[-1], p["classifier"], activations[-1], label)
    for i in range(len(layers) - 2, -1, -1):
        layer = layers[i]
        d = d * (activations[i + 1] > 0)
        back = Plain.depthwise_back if isinstance(layer, Depthwise) else Plain.conv_back
        d, g[layer.name] = back(layer, p[layer.name], activations[i], d)
    for layer in pointwise:
        layer.height = layer.out_height = 1
        layer.width = layer.out_width = 128
    return loss, logits, g


NETWORKS = {
    "resnet8": dict(layers=resnet8, exact=resnet8_exact, reference=resnet8_reference, input=(3, 1024), label=3, seed=8),
    "dscnn": dict(layers=dscnn, exact=dscnn_exact, reference=dscnn_reference, input=(1, 490), label=5, seed=5),
}


def flatten(layers, p, dtype):
    parts = [part.reshape(-1) for layer in layers for part in p[layer.name]]
    return np.concatenate(parts)


def train(name, network, precision, dtype):
    layers = network["layers"]()
    rng = np.random.default_rng(20230600 + network["seed"])
    x = uniform(rng, network["input"], 1, dtype)
    initial = {layer.name: layer.initial(rng, dtype) for layer in layers}
    stem = f"{name}-{precision}-train"
    write(stem, "x", x)
    write(stem, "parameters", np.concatenate([zeros(RESULTS, dtype), flatten(layers, initial, dtype)]))

    loss, logits, gradients = network["exact"](layers, initial, x, network["label"])
    final = {}
    for layer in layers:
        new = []
        for w, dw in zip(initial[layer.name], gradients[layer.name]):
            padded = np.zeros_like(w)
            padded[..., : dw.shape[-1]] = dw
            new.append(sgd(w, np.zeros_like(w), padded)[0])
        final[layer.name] = new
    results = zeros(RESULTS, dtype)
    results[0] = loss
    results[1 : 1 + len(logits)] = logits
    exact = np.concatenate([results, flatten(layers, final, dtype)])

    wide = {name: [part.astype(np.float64) for part in parts] for name, parts in initial.items()}
    loss, logits, gradients = network["reference"](layers, wide, x.astype(np.float64), network["label"])
    plain = {}
    largest = {}
    for layer in layers:
        new = []
        for w, dw in zip(wide[layer.name], gradients[layer.name]):
            padded = np.zeros_like(w)
            padded[..., : dw.shape[-1]] = dw
            new.append(w - RATES["rate"] * (padded + RATES["decay"] * w))
        plain[layer.name] = new
        largest[layer.name] = np.max(np.abs(gradients[layer.name][0]))
    results = np.zeros(RESULTS)
    results[0] = loss
    results[1 : 1 + len(logits)] = logits
    reference = np.concatenate([results, flatten(layers, plain, np.float64)])
    error = np.abs(exact.astype(np.float64) - reference)
    print(f"{stem}: loss {exact[0]:.5g} ({loss:.5g}); largest error {error.max():.3g}, of the results {error[:RESULTS].max():.3g}")
    print("   largest gradients", {key: float(f"{value:.2g}") for key, value in largest.items()})
    write(stem, "exact", exact)
    write(stem, "reference", reference[::REFERENCE_EVERY].astype(np.float32))


REPLAY_LABELS = [1, 7]


def continual(precision, dtype):
    """Latent replay on ResNet8: the front is frozen, the rest is trained on a new sample and then on stored activations."""
    layers = resnet8()
    named = {layer.name: layer for layer in layers}
    tail = ["conv6", "conv7", "skip7", "classifier"]
    rng = np.random.default_rng(20230700)
    x = uniform(rng, (3, 1024), 1, dtype)
    latents = np.abs(uniform(rng, (len(REPLAY_LABELS), 32, 256), 1, dtype))
    p = {layer.name: layer.initial(rng, dtype) for layer in layers}
    stem = f"resnet8-{precision}-continual"
    write(stem, "x", x)
    write(stem, "latents", latents)
    write(stem, "parameters", np.concatenate([zeros(RESULTS, dtype), flatten(layers, p, dtype)]))
    labels = [NETWORKS["resnet8"]["label"], *REPLAY_LABELS]

    def pad(w, dw):
        padded = np.zeros_like(w)
        padded[..., : dw.shape[-1]] = dw
        return padded

    wide = {name: [part.astype(np.float64) for part in parts] for name, parts in p.items()}
    a1 = conv_forward(named["conv1"], p["conv1"], x)
    a3 = conv_forward(named["conv3"], p["conv3"], conv_forward(named["conv2"], p["conv2"], a1), a1)
    k5 = conv_forward(named["skip5"], p["skip5"], a3, activate=False)
    a5 = conv_forward(named["conv5"], p["conv5"], conv_forward(named["conv4"], p["conv4"], a3), k5)
    velocities = {name: [np.zeros_like(part) for part in p[name]] for name in tail}
    results = zeros(RESULTS, dtype)
    for sample, label in enumerate(labels):
        latent = a5 if sample == 0 else latents[sample - 1]
        a6 = conv_forward(named["conv6"], p["conv6"], latent)
        k7 = conv_forward(named["skip7"], p["skip7"], latent, activate=False)
        a7 = conv_forward(named["conv7"], p["conv7"], a6, k7)
        loss, logits, d7, head = classify(named["classifier"], p["classifier"], a7, label)
        d6 = conv_input_gradient(named["conv7"], p["conv7"], d7, mask=a6)
        g = {"classifier": head, "conv7": conv_gradients(named["conv7"], a6, d7)}
        g["skip7"] = conv_gradients(named["skip7"], latent, d7)
        g["conv6"] = conv_gradients(named["conv6"], latent, d6)
        for name in tail:
            steps = [sgd(w, v, pad(w, dw)) for w, v, dw in zip(p[name], velocities[name], g[name])]
            p[name], velocities[name] = [step[0] for step in steps], [step[1] for step in steps]
        results[16 * sample] = loss
        results[16 * sample + 1 : 16 * sample + 1 + len(logits)] = logits
    exact = np.concatenate([results, flatten(layers, p, dtype)])

    up = lambda y: np.maximum(y, 0)
    conv = lambda name, x: Plain.conv(named[name], wide[name], x)
    a1 = up(conv("conv1", x.astype(np.float64).reshape(3, 32, 32)))
    a3 = up(conv("conv3", up(conv("conv2", a1))) + a1)
    a5 = up(conv("conv5", up(conv("conv4", a3))) + conv("skip5", a3))
    moving = {name: [np.zeros_like(part) for part in wide[name]] for name in tail}
    results = np.zeros(RESULTS)
    for sample, label in enumerate(labels):
        latent = a5 if sample == 0 else latents[sample - 1].astype(np.float64).reshape(32, 16, 16)
        a6 = up(conv("conv6", latent))
        a7 = up(conv("conv7", a6) + conv("skip7", latent))
        g = {}
        loss, logits, d7, g["classifier"] = Plain.classify(named["classifier"], wide["classifier"], a7, label)
        d7 = d7 * (a7 > 0)
        d6, g["conv7"] = Plain.conv_back(named["conv7"], wide["conv7"], a6, d7)
        _, g["skip7"] = Plain.conv_back(named["skip7"], wide["skip7"], latent, d7)
        _, g["conv6"] = Plain.conv_back(named["conv6"], wide["conv6"], latent, d6 * (a6 > 0))
        for name in tail:
            for i, dw in enumerate(g[name]):
                w, v = wide[name][i], moving[name][i]
                moving[name][i] = RATES["momentum"] * v + RATES["decay"] * w + pad(w, dw)
                wide[name][i] = w - RATES["rate"] * moving[name][i]
        results[16 * sample] = loss
        results[16 * sample + 1 : 16 * sample + 1 + len(logits)] = logits
    reference = np.concatenate([results, flatten(layers, wide, np.float64)])
    error = np.abs(exact.astype(np.float64) - reference)
    print(f"{stem}: losses {exact[:48:16]} ({results[:48:16]}); largest error {error.max():.3g}, {error[RESULTS:].max():.3g} of parameters")
    write(stem, "exact", exact)
    write(stem, "reference", reference[::REFERENCE_EVERY].astype(np.float32))


def header():
    lines = ["/* Written by golden/networks.py. */", "#ifndef ENNEAD_NETWORKS_H", "#define ENNEAD_NETWORKS_H", ""]
    lines += [f"#define NETWORK_{key.upper()} {value}f" for key, value in RATES.items()]
    lines += [f"#define NETWORK_RESULTS {RESULTS}"]
    for name, network in NETWORKS.items():
        for bits, dtype in ((32, np.float32), (16, np.float16)):
            lines += ["", f"#if defined(NETWORK_{name.upper()}) && ENNEAD_BITS == {bits}"]
            lines += [f"#define NETWORK_LABEL {network['label']}"]
            at = RESULTS
            entries = []
            layers = network["layers"]()
            for i, layer in enumerate(layers):
                shape = layer.weights_shape(dtype)
                weights, bias = at, at + shape[0] * shape[1]
                at = bias + shape[0]
                places = f"{weights}, {bias}, {shape[1]}"
                if isinstance(layer, Convolution):
                    sizes = (layer.cin, layer.height, layer.width, layer.x_plane(dtype), layer.cout, layer.out_height)
                    sizes += (layer.out_width, layer.y_plane(dtype), layer.kernel_h, layer.kernel_w, layer.stride)
                    sizes += (layer.pad_y, layer.pad_x)
                    kind = "CONVOLUTION"
                elif isinstance(layer, Depthwise):
                    sizes = (layer.channels, layer.height, layer.width, layer.plane(dtype))
                    kind = "DEPTHWISE"
                else:
                    sizes = (layer.channels, layer.positions, layer.plane(dtype), layer.classes)
                    kind = "CLASSIFIER"
                entries.append(f"  {kind}({i}, {layer.name}, {places}, {', '.join(map(str, sizes))})")
            lines += ["#define NETWORK_LAYERS \\", " \\\n".join(entries)]
            lines += [f"#define NETWORK_LAYER_COUNT {len(layers)}", f"#define NETWORK_PARAMETERS {at}"]
            for i, layer in enumerate(layers):
                for j, step in enumerate(("forward", "input-gradient", "weight-gradient")):
                    number = 1 + 6 * i + 2 * j
                    lines += [f'ENNEAD_REGION({number}, "{layer.name}/{step}");']
                    lines += [f'ENNEAD_REGION({number + 1}, "{layer.name}/{step}/wait");']
            lines += ["#endif"]
    lines += ["", "#endif", ""]
    (HERE / "networks.h").write_text("\n".join(lines))


def table():
    """MACs of the forward step of each layer, and elements of its parameters (twice, with velocities), input and output in L2."""
    lines = ["network,layer,macs,parameters,tensors"]
    for name, network in NETWORKS.items():
        for layer in network["layers"]():
            parameters = 2 * sum(part.size for part in layer.initial(np.random.default_rng(0), np.float16))
            if isinstance(layer, Convolution):
                tensors = layer.cin * layer.x_plane(np.float16) + layer.cout * layer.y_plane(np.float16)
            elif isinstance(layer, Depthwise):
                tensors = 2 * layer.channels * layer.plane(np.float16)
            else:
                tensors = layer.channels * layer.plane(np.float16)
            lines.append(f"{name},{layer.name},{layer.macs},{parameters},{tensors}")
    (HERE / "layers.csv").write_text("\n".join(lines) + "\n")


def main():
    for name, network in NETWORKS.items():
        layers = network["layers"]()
        forward = sum(layer.macs for layer in layers)
        print(name, "forward MACs", forward, "training", 3 * forward - layers[0].macs)
        for precision, dtype in TYPES.items():
            train(name, network, precision, dtype)
    continual("fp16", np.float16)
    header()
    table()


if __name__ == "__main__":
    main()
