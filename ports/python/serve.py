#!/usr/bin/python3
"""SpikingResformer's operations in numpy, answered over standard input and output: a template for a port.

The derivative of the network is beside it, in gradient.py.
Level "spikes": right to the last bit where sums are exact, in any order; numpy adds in an order of its own.
The protocol is docs/protocol.md; the numbers in brackets are requirements of docs/specification.md.

    npx spikingresformer laws --process 'python3 serve.py'
"""
import base64
import json
import sys

import numpy as np

import gradient

PRECISION = sys.argv[1] if len(sys.argv) > 1 else 'float32'
REAL = np.dtype(PRECISION).type
kept = {}
np.seterr(over='ignore')  # 1 / (1 + exp(-w)) is 0 far below 0, by way of an infinity


def affine(norm):
    """Batch norm as one gain and one shift a channel: in float64, each rounded once [SRF-NORM-1, SRF-NORM-2]."""
    weight, bias, mean, variance = (norm[k].astype(np.float64) for k in ('weight', 'bias', 'mean', 'variance'))
    gain = weight / np.sqrt(variance + norm['eps'])
    return gain.astype(REAL), (bias - mean * gain).astype(REAL)


def convolve(p, x):
    """BN(Conv(x)), x [T, B, C, H, W] of spikes or pixels [SRF-GEOMETRY-1, SRF-NORM-3]."""
    c = p['convolution']
    weight, stride, pad, groups = c['weight'].astype(REAL), c['stride'], c['padding'], c['groups']
    out, into, kh, kw = weight.shape
    T, B, C, H, W = x.shape
    oh, ow = (H + 2 * pad - kh) // stride + 1, (W + 2 * pad - kw) // stride + 1
    padded = np.pad(x.reshape(T * B, groups, into, H, W).astype(REAL), [(0, 0)] * 3 + [(pad, pad)] * 2)
    sums = np.zeros((T * B, groups, out // groups, oh, ow), REAL)
    rows = weight.reshape(groups, out // groups, into, kh, kw)
    for ky in range(kh):
        for kx in range(kw):
            seen = padded[..., ky:ky + (oh - 1) * stride + 1:stride, kx:kx + (ow - 1) * stride + 1:stride]
            for group in range(groups):
                sums[:, group] += np.einsum('oc,fcyx->foyx', rows[group, :, :, ky, kx], seen[:, group])
    gain, shift = affine(p['norm'])
    sums = sums.reshape(T, B, out, oh, ow)
    return sums * gain[:, None, None] + shift[:, None, None]


def stem(p, image):
    """pool(BN(Conv(image))): the padding of the pool never wins [SRF-STEM-1, SRF-STEM-2]."""
    x, pool = convolve(p, image.astype(REAL)), p['pool']
    if pool is None:
        return [x]
    k, s, pad = pool['kernel'], pool['stride'], pool['padding']
    H, W = x.shape[3:]
    oh, ow = (H + 2 * pad - k) // s + 1, (W + 2 * pad - k) // s + 1
    x = np.pad(x, [(0, 0)] * 3 + [(pad, pad)] * 2, constant_values=-np.inf)
    windows = [x[..., i:i + (oh - 1) * s + 1:s, j:j + (ow - 1) * s + 1:s] for i in range(k) for j in range(k)]
    return [np.maximum.reduce(windows)]


def fire(p, current, membrane):
    """Charge, spike where h >= threshold, reset; step by step [SRF-FIRE-1 to SRF-FIRE-5]."""
    kind, soft = p['charge']['kind'], p['reset']['kind'] == 'soft'
    rest = REAL(0 if soft else p['reset']['value'])
    threshold, current = REAL(p['threshold']), current.astype(REAL)
    v = np.full(current.shape[1:], rest, REAL) if membrane is None else membrane.astype(REAL)
    spikes = np.zeros(current.shape, np.uint8)
    for t, x in enumerate(current):
        if kind == 'IF':
            h = v + x
        elif kind == 'LIF':
            h = v + (x - (v - rest)) / REAL(p['charge']['tau'])
        else:
            h = v + (x - (v - rest)) * REAL(1 / (1 + np.exp(-p['charge']['w'])))
        spikes[t] = h >= threshold
        v = np.where(spikes[t] == 1, h - threshold if soft else rest, h).astype(REAL)
    return [spikes, v]


def split_heads(heads, y):
    """The first and the last d rows of each head, [T, B, heads, d, n] [SRF-SPLIT-1]."""
    T, B, C2, h, w = y.shape
    y = y.reshape(T, B, heads, 2, C2 // heads // 2, h * w)
    return [y[:, :, :, 0], y[:, :, :, 1]]


def dst_t(scale, y, x):
    """(y^T x) scale, one scale a head [SRF-DSTT-1, SRF-SCALE-3]."""
    T, B, heads, d, n = y.shape
    x = x.reshape(T, B, heads, d, -1).astype(REAL)
    return [np.einsum('tbhdn,tbhdp->tbhnp', y.astype(REAL), x) * np.array(scale, REAL)[:, None, None]]


def dst(scale, y, attn):
    """(y attn) scale, one scale a head [SRF-DST-1, SRF-SCALE-3]."""
    return [np.einsum('tbhdn,tbhnp->tbhdp', y.astype(REAL), attn.astype(REAL)) * np.array(scale, REAL)[:, None, None]]


def merge_heads(size, y):
    """[T, B, heads, d, HW] as [T, B, heads d, H, W]: the same numbers [SRF-MERGE-1]."""
    T, B, heads, d, _ = y.shape
    return [y.reshape(T, B, heads * d, size['height'], size['width'])]


def mean_pool(_, x):
    """The mean over the positions [SRF-HEAD-1]."""
    return [x.astype(REAL).sum((3, 4), dtype=REAL) / REAL(x.shape[3] * x.shape[4])]


def scales(rates, terms):
    """1 / sqrt(f m), one a head, in float64 [SRF-SCALE-1, SRF-SCALE-2]."""
    return [[1 / np.sqrt(rate * terms) for rate in rates]]


OPERATIONS = {
    'stem': stem,
    'hold': lambda steps, x: [np.repeat(x, steps, axis=0)],
    'fire': fire,
    'synapse': lambda p, spikes: [convolve(p, spikes)],
    'splitHeads': split_heads,
    'dstT': dst_t,
    'dst': dst,
    'mergeHeads': merge_heads,
    'add': lambda _, a, b: [a.astype(REAL) + b.astype(REAL)],
    'meanPool': mean_pool,
    'classify': lambda weight, x: [x.astype(REAL) @ weight.astype(REAL).T],
    'c1': lambda p: scales(p['firingRateX'], p['planes'] / len(p['firingRateX'])),
    'c2': lambda p: scales(p['firingRateAttn'], p['tokens']),
    'differentiate': lambda *of: gradient.differentiate(REAL, *of),
    'pushForward': lambda *of: gradient.push_forward(REAL, *of),
}


def read(value):
    """JSON with tensors as arrays: {dtype, shape, data}, or {name} of one that was kept."""
    if isinstance(value, list):
        return [read(x) for x in value]
    if not isinstance(value, dict):
        return value
    if 'data' in value:
        raw = np.frombuffer(base64.b64decode(value['data']), np.dtype(value['dtype']).newbyteorder('<'))
        return raw.reshape(value['shape'])
    if set(value) == {'name'}:
        return kept[value['name']]
    return {key: read(x) for key, x in value.items()}


def write(value):
    """The other way: spikes stay bytes, all other arrays are of the precision."""
    if isinstance(value, dict):
        return {key: write(x) for key, x in value.items()}
    if isinstance(value, list):
        return [float(x) for x in value]
    value = np.asarray(value)
    value = np.ascontiguousarray(value if value.dtype == np.uint8 else value.astype(REAL))
    return {'dtype': value.dtype.name, 'shape': value.shape, 'data': base64.b64encode(value.tobytes()).decode()}


def answer(request):
    ask = request['ask']
    if ask == 'hello':
        return {'protocol': 1, 'name': 'numpy', 'precision': PRECISION, 'operations': list(OPERATIONS)}
    if ask == 'keep':
        kept[request['name']] = read(request['tensor'])
        return {}
    if ask == 'forget':
        kept.pop(request['name'], None)
        return {}
    if ask not in OPERATIONS:
        return {'missing': True}
    outputs = OPERATIONS[ask](read(request['parameters']), *[read(x) for x in request['inputs']])
    return {'outputs': [write(x) for x in outputs]}


for line in sys.stdin:
    request = json.loads(line)
    try:
        reply = answer(request)
    except Exception as error:  # an error is an answer; the judge tells it on
        reply = {'error': f'{type(error).__name__}: {error}'}
    print(json.dumps({'id': request['id'], **reply}), flush=True)
