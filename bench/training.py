"""A step of training by PyTorch's autograd, in milliseconds: what bench/training.mjs compares with.

    /usr/bin/python3 bench/training.py '{"planes": [16, 32, 64], .., "batch": 64}' THREADS STEPS

Needs Debian's python3-torch. The layers of scripts/golden-gradient.py in float32, with the stem that is not ImageNet's: forward
in training mode, cross-entropy, backward. The optimiser is left out, as it is there. Prints the least wall-clock and processor
time of so many steps.
"""
import json
import sys
import time

import torch
import torch.nn.functional as F

of, threads, steps = json.loads(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)
torch.manual_seed(0)
T = of["steps"]
W = {}


def weight(key, *shape):
    if key not in W:
        W[key] = (0.05 * torch.randn(*shape)).requires_grad_()
    return W[key]


class Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return (u >= 0).to(u)

    @staticmethod
    def backward(ctx, cotangent):
        (u,) = ctx.saved_tensors
        return cotangent / (1 + (torch.pi * u) ** 2)


def fire(x):
    v, spikes = torch.zeros_like(x[0]), []
    for current in x:
        h = v + (current - v) / 2
        s = Spike.apply(h - 1)
        v = h * (1 - s.detach())
        spikes.append(s)
    return torch.stack(spikes)


def transmit(x, key, outs, kernel=1, stride=1, padding=0, groups=1):
    w = weight(f"{key}.weight", outs, x.shape[2] // groups, kernel, kernel)
    y = F.conv2d(x.flatten(0, 1), w, None, stride, padding, 1, groups)
    gain = W.setdefault(f"{key}.gain", torch.ones(outs, requires_grad=True))
    bias = W.setdefault(f"{key}.bias", torch.zeros(outs, requires_grad=True))
    y = F.batch_norm(y, torch.zeros(outs), torch.ones(outs), gain, bias, True, 0.1, 1e-5)
    return y.unflatten(0, x.shape[:2])


def scaled(spikes, terms):
    rate = spikes.detach().mean((0, 1, 3, 4), keepdim=True)
    return 1 / torch.sqrt(rate * terms)


def attend(x, at, planes, heads, patch):
    t, b, _, height, width = x.shape
    spikes = fire(x)
    y = transmit(spikes, f"{at}.W", 2 * planes, patch, patch)
    y = y.reshape(t, b, heads, 2 * planes // heads, -1)
    y1, y2 = y[:, :, :, : planes // heads], y[:, :, :, planes // heads :]
    s = spikes.reshape(t, b, heads, planes // heads, height * width)
    attn = fire((y1.transpose(3, 4) @ s) * scaled(s, planes // heads))
    out = (y2 @ attn) * scaled(attn, y.shape[4])
    return transmit(fire(out.reshape(t, b, planes, height, width)), f"{at}.Wproj", planes) + x


def feed(x, at, planes):
    wide = of["ratio"] * planes
    up = transmit(fire(x), f"{at}.up", wide)
    up = transmit(fire(up), f"{at}.conv", wide, 3, 1, 1, wide // of["group"]) + up
    return transmit(fire(up), f"{at}.down", planes) + x


def forward(images):
    # A still image meets the stem once, as in the package.
    x = transmit(images.unsqueeze(0), "stem", of["planes"][0], 3, 1, 1)
    x = x.repeat(T, 1, 1, 1, 1)
    for stage, (planes, heads, patch, depth) in enumerate(zip(of["planes"], of["heads"], of["patches"], of["depths"])):
        if stage > 0:
            x = transmit(fire(x), f"{stage}.down", planes, 3, 2, 1)
        for block in range(depth):
            x = attend(x, f"{stage}.{block}.a", planes, heads, patch)
            x = feed(x, f"{stage}.{block}.f", planes)
    return F.linear(x.mean((3, 4)), weight("classifier", of["classes"], of["planes"][-1]))


images = torch.randn(of["batch"], of["channels"], of["side"], of["side"])
labels = torch.arange(of["batch"]) % of["classes"]
best = None
for _ in range(steps):
    for w in W.values():
        w.grad = None
    began, processor = time.perf_counter(), time.process_time()
    loss = F.cross_entropy(forward(images).mean(0), labels, label_smoothing=0.1)
    loss.backward()
    times = [1000 * (time.perf_counter() - began), 1000 * (time.process_time() - processor)]
    best = times if best is None else [min(a, b) for a, b in zip(best, times)]
print(json.dumps({"torch": str(torch.__version__), "wall": best[0], "processor": best[1]}))
