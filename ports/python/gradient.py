"""The derivative of the network in numpy, both ways: what serve.py answers for `differentiate` and `pushForward`.

A run notes, of every value, the values it was made of and the linear map from each of them, with its transpose. Forward
mode walks these notes from first to last, reverse mode from last to first. The protocol is docs/protocol.md; the numbers in
brackets are requirements of docs/specification.md.
"""
import numpy as np


class Noted:
    """A value of a run, and the linear maps to it: (the value it was made of, the map, its transpose)."""

    def __init__(self, value, *parents):
        self.value, self.parents = value, parents

    def linear(self, there, back):
        """A linear function of this value."""
        return Noted(there(self.value), (self, there, back))

    def reshape(self, *shape):
        before = self.value.shape
        return self.linear(lambda x: x.reshape(shape), lambda y: y.reshape(before))

    def at(self, *index):
        """A part of this value."""
        def back(y):
            whole = np.zeros_like(self.value)
            whole[index] = y
            return whole
        return self.linear(lambda x: x[index], back)

    def __add__(self, other):
        return Noted(self.value + other.value, *[(x, lambda t: t, lambda t: t) for x in (self, other)])


def einsum(a, first, b, second, out):
    """A product of two values, linear in each; letters are indices, as np.einsum has them."""
    x, y = a.value, b.value
    return Noted(np.einsum(f'{first},{second}->{out}', x, y),
                 (a, lambda t: np.einsum(f'{first},{second}->{out}', t, y), lambda u: np.einsum(f'{out},{second}->{first}', u, y)),
                 (b, lambda t: np.einsum(f'{first},{second}->{out}', x, t), lambda u: np.einsum(f'{out},{first}->{second}', u, x)))


def stacked(values):
    """One value of several, along a new first axis."""
    def parent(t):
        def there(x):
            whole = np.zeros((len(values), *x.shape), x.dtype)
            whole[t] = x
            return whole
        return values[t], there, lambda y: y[t]
    return Noted(np.stack([v.value for v in values]), *[parent(t) for t in range(len(values))])


def windows(shape, kernel, stride, pad, dtype, fill=0):
    """The linear map from [.., H, W] to its windows [kernel^2, .., h, w], and its transpose."""
    H, W = shape[-2:]
    h, w = (H + 2 * pad - kernel) // stride + 1, (W + 2 * pad - kernel) // stride + 1
    places = [(..., slice(i, i + (h - 1) * stride + 1, stride), slice(j, j + (w - 1) * stride + 1, stride))
              for i in range(kernel) for j in range(kernel)]
    edges = [(0, 0)] * (len(shape) - 2) + [(pad, pad)] * 2

    def there(x):
        padded = np.pad(x, edges, constant_values=fill)
        return np.stack([padded[place] for place in places])

    def back(y):
        padded = np.zeros((*shape[:-2], H + 2 * pad, W + 2 * pad), dtype)
        for place, part in zip(places, y):
            padded[place] += part
        return padded[..., pad:pad + H, pad:pad + W]
    return there, back


class Run:
    """A run of the network under `how`, and what is noted of it."""

    def __init__(self, how, real, inputs):
        self.how, self.real = how, real
        self.given = {key: Noted(x.astype(real)) for key, x in inputs.items()}
        self.learnt, self.statistics = {}, {}
        self.membranes = {key: x for key, x in self.given.items() if key != 'image'}

    def learn(self, key, value):
        """A parameter, the same value wherever it is used."""
        return self.learnt.setdefault(key, Noted(np.asarray(value, self.real)))

    def norm(self, p, z):
        """Batch norm by the recorded statistics or the batch's [SRF-NORM-1 to SRF-NORM-3, SRF-GRADIENT-2]."""
        weight, bias, mean, variance = (p[k].astype(np.float64) for k in ('weight', 'bias', 'mean', 'variance'))
        batch, axes = self.how['statistics'] == 'batch', (0, 1, 3, 4)
        x = z.value.astype(np.float64)
        if batch:
            n = x.size / len(weight)
            recorded, (mean, variance) = (mean, variance), (x.mean(axes), x.var(axes))
            self.statistics[p['key'] + '.running_mean'] = 0.9 * recorded[0] + 0.1 * mean
            self.statistics[p['key'] + '.running_var'] = 0.9 * recorded[1] + 0.1 * variance * n / (n - 1)
        wide = lambda c: c[:, None, None]
        scale = 1 / np.sqrt(variance + p['eps'])
        gain, hat = weight / np.sqrt(variance + p['eps']), (x - wide(mean)) * wide(scale)

        def through(u):
            """Its own transpose: what the batch's mean and variance take away, they take away both ways."""
            if batch:
                u = u - wide(u.mean(axes)) - hat * wide((hat * u).mean(axes))
            return (u * wide(gain)).astype(self.real)
        value = z.value * wide(gain.astype(self.real)) + wide((bias - mean * gain).astype(self.real))
        return Noted(value, (z, through, through),
                     (self.learn(p['key'] + '.weight', weight), lambda t: (hat * wide(t)).astype(self.real), lambda u: (hat * u).sum(axes)),
                     (self.learn(p['key'] + '.bias', bias), lambda t: np.broadcast_to(wide(t), x.shape), lambda u: u.sum(axes)))

    def synapse(self, p, x):
        """BN(Conv(x)) [SRF-GEOMETRY-1]."""
        c = p['convolution']
        weight = self.learn(c['key'] + '.weight', c['weight'])
        (out, into, k, _), groups = weight.value.shape, c['groups']
        T, B, _, H, W = x.value.shape
        rows = weight.reshape(groups, out // groups, into, k * k)
        seen = x.reshape(T * B, groups, into, H, W).linear(*windows((T * B, groups, into, H, W), k, c['stride'], c['padding'], self.real))
        sums = einsum(rows, 'goik', seen, 'kfgiyx', 'fgoyx')
        return self.norm(p['norm'], sums.reshape(T, B, out, *sums.value.shape[3:]))

    def stem(self, p, image):
        """pool(BN(Conv(image))): the first of equals wins a window [SRF-STEM-1, SRF-STEM-2]."""
        x, pool = self.synapse(p, image), p['pool']
        if pool is None:
            return x
        size = x.value.shape, pool['kernel'], pool['stride'], pool['padding'], self.real
        seen = windows(*size, -np.inf)[0](x.value)
        wins = seen.argmax(0)[None]
        there, back = windows(*size)

        def placed(y):
            whole = np.zeros_like(seen)
            np.put_along_axis(whole, wins, y[None], 0)
            return back(whole)
        return x.linear(lambda t: np.take_along_axis(there(t), wins, 0)[0], placed)

    def fire(self, p, current):
        """Charge, spike, reset; the spike has the surrogate's slope [SRF-FIRE-1 to SRF-FIRE-5, SRF-GRADIENT-1]."""
        real, kind, soft = self.real, p['charge']['kind'], p['reset']['kind'] == 'soft'
        rest, threshold = real(0 if soft else p['reset']['value']), real(p['threshold'])
        hardness, left = (real(0), -threshold) if soft else (real(1), rest)
        k = {'IF': lambda: 1, 'LIF': lambda: 1 / p['charge']['tau'], 'PLIF': lambda: 1 / (1 + np.exp(-p['charge']['w']))}[kind]()
        v = self.membranes.get(p['key']) or Noted(np.full(current.value.shape[1:], rest, real))
        spikes = []
        for t in range(len(current.value)):
            x = current.at(t)
            drive = x.value if kind == 'IF' else x.value - (v.value - rest)
            potential = v.value + (drive / real(p['charge']['tau']) if kind == 'LIF' else drive * real(k))
            before = [(v, *[lambda u, by=real(1 if kind == 'IF' else 1 - k): u * by] * 2), (x, *[lambda u: u * real(k)] * 2)]
            if kind == 'PLIF':
                along = (drive * (k * (1 - k))).astype(real)
                w = self.learn(p['key'] + '.w', p['charge']['w'])
                before.append((w, lambda u, along=along: along * u, lambda u, along=along: (along * u).sum()))
            h = Noted(potential.astype(real), *before)
            over = h.value - threshold
            slope = (1 / (1 + (np.pi * over) ** 2)).astype(real)
            fired = over >= 0 if self.how['spike'] == 'step' else np.arctan(np.pi * over) / np.pi + 0.5
            s = Noted(fired.astype(real), (h, *[lambda u, slope=slope: u * slope] * 2))
            stays, falls = 1 - hardness * s.value, left - hardness * h.value
            after = [(h, *[lambda u, stays=stays: u * stays] * 2)]
            if self.how['reset'] == 'attached':
                after.append((s, *[lambda u, falls=falls: u * falls] * 2))
            v = Noted(stays * h.value + left * s.value, *after)
            spikes.append(s)
        self.membranes[p['key']] = v
        return stacked(spikes)

    def scaled(self, product, key, recorded, terms, spikes, heads):
        """A product times 1 / sqrt(f m), one f a head: recorded, or moved by the batch's [SRF-SCALE-1, SRF-SCALE-2]."""
        rates = np.array(recorded, np.float64)
        if self.how['statistics'] == 'batch':
            T, B = spikes.value.shape[:2]
            found = spikes.value.reshape(T, B, heads, -1).mean((0, 1, 3), dtype=np.float64)
            rates = (0.999 * rates + 0.001 * found if rates.any() else found).astype(self.real)
            self.statistics[key] = rates
        by = (1 / np.sqrt(rates.astype(np.float64) * terms)).astype(self.real)[:, None, None]
        return product.linear(lambda t: t * by, lambda u: u * by)

    def attention(self, at, p, x):
        """Dual spike self-attention and its residual [SRF-DSTT-1, SRF-DST-1]."""
        heads, d = p['heads'], p['planes'] // p['heads']
        spikes = self.fire(p['in'], x)
        T, B, C, H, W = x.value.shape
        y = self.synapse(p['W'], spikes)
        y = y.reshape(T, B, heads, 2, d, y.value[0, 0, 0].size)
        scores = einsum(y.at(..., 0, slice(None), slice(None)), 'tbhdn', spikes.reshape(T, B, heads, d, H * W), 'tbhdp', 'tbhnp')
        attn = self.fire(p['attn'], self.scaled(scores, at + '.firing_rate_x', p['firingRateX'], d, spikes, heads))
        mixed = einsum(y.at(..., 1, slice(None), slice(None)), 'tbhdn', attn, 'tbhnp', 'tbhdp')
        mixed = self.scaled(mixed, at + '.firing_rate_attn', p['firingRateAttn'], p['tokens'], attn, heads)
        return self.synapse(p['project'], self.fire(p['out'], mixed.reshape(T, B, C, H, W))) + x

    def layer(self, p, x):
        return self.synapse(p['synapse'], self.fire(p['neuron'], x))

    def network(self, p, image):
        """Frames to logits [SRF-HEAD-1]."""
        x = self.stem(p['stem'], image)
        for L, stage in enumerate(p['stages']):
            if stage['downsample'] is not None:
                x = self.layer(stage['downsample'], x)
            for block in stage['blocks']:
                x = self.attention(f'layers.{L}.{block["index"]}', block['attention'], x)
                up = self.layer(block['feedForward']['up'], x)
                x = self.layer(block['feedForward']['down'], self.layer(block['feedForward']['conv'], up) + up) + x
        count = self.real(x.value.shape[3] * x.value.shape[4])
        pooled = Noted(x.value.sum((3, 4), dtype=self.real) / count,
                       (x, lambda t: t.sum((3, 4)) / count, lambda u: np.broadcast_to(u[..., None, None] / count, x.value.shape)))
        return einsum(self.learn('classifier.weight', p['classifier']), 'kc', pooled, 'tbc', 'tbk')

    def whole(self, p):
        """Every step; where it is truncated, a chunk begins at membranes that are constants."""
        image, T = self.given['image'], len(self.given['image'].value)
        size = self.how['truncate'] or T
        parts = []
        for start in range(0, T, size):
            if start > 0:
                self.membranes = {key: Noted(v.value) for key, v in self.membranes.items()}
            parts.append(self.network(p, image.at(slice(start, start + size))))
        logits = stacked([part.at(t) for part in parts for t in range(len(part.value))])
        return {'logits': logits, **self.membranes}


def ordered(results):
    """Everything that results were made of, what a value was made of before it."""
    seen, order, waiting = set(), [], [(x, False) for x in results]
    while waiting:
        x, made = waiting.pop()
        if made:
            order.append(x)
        elif id(x) not in seen:
            seen.add(id(x))
            waiting += [(x, True), *[(parent, False) for parent, _, _ in x.parents]]
    return order


def pushed(results, tangents):
    """Forward mode: tangents of all that results were made of, by value."""
    for x in ordered(results):
        for parent, there, _ in x.parents:
            if parent in tangents:
                tangents[x] = tangents.get(x, 0) + there(tangents[parent])
    return tangents


def pulled(results, cotangents):
    """Reverse mode: cotangents of all that results were made of, by value."""
    for x in reversed(ordered(results)):
        for parent, _, back in x.parents if x in cotangents else ():
            cotangents[parent] = cotangents.get(parent, 0) + back(cotangents[x])
    return cotangents


def differentiate(real, p, inputs, cotangents):
    """The network, its new statistics, and the cotangents of its inputs and parameters."""
    run = Run(p['how'], real, inputs)
    results = run.whole(p['network'])
    back = {results[key]: y.astype(real) for key, y in (cotangents or {}).items()}
    found = pulled(list(results.values()), back) if back else {}
    own = {key: found[x] for key, x in {**run.given, **run.learnt}.items() if x in found}
    return [{key: x.value for key, x in results.items()}, run.statistics, own]


def push_forward(real, p, inputs, tangents):
    """The tangents of the logits and the membranes."""
    run = Run(p['how'], real, inputs)
    results = run.whole(p['network'])
    named = {**run.given, **run.learnt}
    found = pushed(list(results.values()), {named[key]: t.astype(real) for key, t in tangents.items() if key in named})
    return [{key: found.get(x, np.zeros_like(x.value)) for key, x in results.items()}]
