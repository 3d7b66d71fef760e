"""The gradient of the whole digits network in training mode, by PyTorch's autograd: what spec/training compares with.

    /usr/bin/python3 scripts/golden-gradient.py spec/golden/training/digits-gradient.safetensors

Needs Debian's python3-torch. Everything in float64: the golden checkpoint, the first four of the training digits, T = 4,
cross-entropy of the mean over time with label smoothing 0.1. It shares no code with the package.
"""
import csv
import json
import struct
import sys

import torch
import torch.nn.functional as F

T, BATCH, SMOOTHING, CLASSES = 4, 4, 0.1, 10
STAGES = [(16, 1, 4, 1), (32, 2, 2, 2), (64, 4, 1, 3)]  # planes, heads, patch, depth
GROUP = 16


def write(path, tensors, metadata):
    header, data = {"__metadata__": metadata}, b""
    for key, value in tensors.items():
        raw = value.detach().double().contiguous().numpy().tobytes()
        header[key] = {"dtype": "F64", "shape": list(value.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


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


def transmit(x, conv, norm, stride=1, padding=0, groups=1):
    y = F.conv2d(x.flatten(0, 1), W[f"{conv}.weight"], None, stride, padding, 1, groups)
    mean, var = W[f"{norm}.bn.running_mean"].clone(), W[f"{norm}.bn.running_var"].clone()
    y = F.batch_norm(y, mean, var, W[f"{norm}.bn.weight"], W[f"{norm}.bn.bias"], True, 0.1, 1e-5)
    after[f"{norm}.bn.running_mean"], after[f"{norm}.bn.running_var"] = mean, var
    return y.unflatten(0, x.shape[:2])


def scaled(key, spikes, terms):
    """The scale of a product: the spikes' rate, [T, B, heads, ...], into the average first."""
    rate = spikes.detach().mean((0, 1, 3, 4), keepdim=True)
    after[key] = W[key] * 0.999 + rate * (1 - 0.999)
    return 1 / torch.sqrt(after[key] * terms)


def attend(x, at, planes, heads, patch):
    t, b, _, height, width = x.shape
    spikes = fire(x)
    y = transmit(spikes, f"{at}.W", f"{at}.norm", stride=patch)
    y = y.reshape(t, b, heads, 2 * planes // heads, -1)
    y1, y2 = y[:, :, :, : planes // heads], y[:, :, :, planes // heads :]
    s = spikes.reshape(t, b, heads, planes // heads, height * width)
    scores = (y1.transpose(3, 4) @ s) * scaled(f"{at}.firing_rate_x", s, planes // heads)
    attn = fire(scores)
    out = (y2 @ attn) * scaled(f"{at}.firing_rate_attn", attn, y.shape[4])
    out = fire(out.reshape(t, b, planes, height, width))
    return transmit(out, f"{at}.Wproj", f"{at}.norm_proj") + x


def feed(x, at, planes):
    up = transmit(fire(x), f"{at}.up.1", f"{at}.up.2")
    wide = transmit(fire(up), f"{at}.conv.0.1", f"{at}.conv.0.2", padding=1, groups=4 * planes // GROUP) + up
    return transmit(fire(wide), f"{at}.down.1", f"{at}.down.2") + x


def forward(images):
    x = transmit(images.unsqueeze(0).repeat(T, 1, 1, 1, 1), "prologue.0", "prologue.1", padding=1)
    for stage, (planes, heads, patch, depth) in enumerate(STAGES):
        if stage > 0:
            x = transmit(fire(x), f"layers.{stage}.0.conv", f"layers.{stage}.0.norm", stride=2, padding=1)
        first = 0 if stage == 0 else 1
        for block in range(depth):
            x = attend(x, f"layers.{stage}.{first + 2 * block}", planes, heads, patch)
            x = feed(x, f"layers.{stage}.{first + 2 * block + 1}", planes)
    return F.linear(x.mean((3, 4)), W["classifier.weight"])


torch.manual_seed(0)
model = torch.load("spec/golden/digits.pth", map_location="cpu")["model"]
W, after = {key: value.double() for key, value in model.items()}, {}
with open("data/digits.csv") as file:
    rows = [[float(x) for x in row] for row in list(csv.reader(file))[1 : BATCH + 1]]
labels = torch.tensor([int(row[-1]) for row in rows])
images = torch.tensor([row[:-1] for row in rows], dtype=torch.float64).reshape(BATCH, 1, 8, 8) / 8 - 1
images = images.repeat_interleave(2, 2).repeat_interleave(2, 3)
learnt = [key for key in W if key.endswith("weight") or key.endswith("bias")]
for key in learnt:
    W[key].requires_grad_()
logits = forward(images)
loss = F.cross_entropy(logits.mean(0), labels, label_smoothing=SMOOTHING)
loss.backward()
found = {"logits": logits, "loss": loss.reshape(1)}
found.update({f"grad.{key}": W[key].grad for key in learnt})
found.update({f"after.{key}": value for key, value in after.items()})
write(sys.argv[1], found, {"torch": str(torch.__version__), "rows": f"the first {BATCH} of data/digits.csv"})
print(f"loss {loss.item():.6f}, {len(learnt)} gradients, {sum(W[key].numel() for key in learnt)} numbers")
