#!/usr/bin/env python3
"""Write what steps with an anchor (MAGIC-A, Xu et al. 2022) are compared with, computed by PyTorch.

    python3 scripts/make-alignment-fixture.py      # needs torch and safetensors

test/fixtures/alignment.json: SGD steps on the NAS-Bench-201 supernet of make-fixtures.py, from its weights and on its
images, in float64. The loss of a step is the cross-entropy of its path plus WEIGHT times the mean, over inputs and
outputs of candidate convolutions that path and anchor share, of F.mse_loss to those of the anchor, which autograd does
not see, all divided by the root of their mean square. The input of a convolution is taken before its ReLU, its output after its batch norm.
"""
import importlib
import json

import torch
import torch.nn.functional as F

from fixtures import FIXTURES, float32_tensor, random_numbers, rounded

net = importlib.import_module("make-fixtures")

WEIGHT = 1.7
STEPS = [  # anchor, path
    ([3, 2, 3, 3, 1, 3], [3, 4, 3, 1, 2, 3]),
    ([2, 3, 1, 4, 3, 2], [2, 3, 3, 0, 3, 2]),
    # With dead edges, which are not computed: in the first, edges from node 1; in the second, the edge to it.
    ([0, 3, 2, 2, 3, 1], [3, 3, 0, 2, 0, 3]),
    # Nothing in common.
    ([3, 3, 3, 3, 3, 3], [2, 2, 2, 2, 2, 2]),
]


def tapped(w, images, path):
    """Logits, and what candidate convolutions read and give, by name."""
    values = {}
    plain = net.relu_conv_bn

    def noting(w, name, x, stride=1):
        y = plain(w, name, x, stride)
        if ".edges." in name:
            values[name, "input"], values[name, "output"] = x, y
        return y

    net.relu_conv_bn = noting
    try:
        return net.forward(w, images, path), values
    finally:
        net.relu_conv_bn = plain


def scaled(x):
    return x / x.square().mean().sqrt()


def steps(images, labels, dtype=torch.float64):
    w = {name: value.to(dtype).clone().requires_grad_() for name, value in net.initial_weights().items()}
    optimizer = torch.optim.SGD(w.values(), lr=net.LEARNING_RATE, momentum=net.MOMENTUM, weight_decay=net.WEIGHT_DECAY)
    images = images.to(dtype)
    for anchor, path in STEPS:
        optimizer.zero_grad()
        with torch.no_grad():
            anchor_logits, towards = tapped(w, images, anchor)
        logits, values = tapped(w, images, path)
        shared = sorted(towards.keys() & values.keys())
        squares = [F.mse_loss(scaled(values[key]), scaled(towards[key])) for key in shared]
        alignment = torch.stack(squares).mean() if squares else images.new_zeros(())
        loss = F.cross_entropy(logits, labels)
        (loss + WEIGHT * alignment).backward()
        for name in net.sampled_names(path, w):
            if w[name].grad is None:
                w[name].grad = torch.zeros_like(w[name])
        norms = [None if p.grad is None else p.grad.norm().item() for p in w.values()]
        total = torch.nn.utils.clip_grad_norm_(w.values(), net.CLIP).item()
        optimizer.step()
        yield {
            "anchor": anchor,
            "path": path,
            "shared": len(shared),
            "observedLoss": F.cross_entropy(anchor_logits, labels).item(),
            "observedCorrect": int((anchor_logits.argmax(1) == labels).sum()),
            "loss": loss.item(),
            "correct": int((logits.argmax(1) == labels).sum()),
            "alignment": alignment.item(),
            "gradientNorms": norms,
            "globalNorm": total,
            "parameterNorms": [value.norm().item() for value in w.values()],
        }


if __name__ == "__main__":
    images = float32_tensor(random_numbers(net.SEED + 1), (net.BATCH, 3, net.SIZE, net.SIZE), 2.0)
    labels = torch.tensor([3, 1, 4, 1, 5, 9])
    fixture = {"weight": WEIGHT, "steps": list(steps(images, labels))}
    exact, single = net.flattened(fixture["steps"]), net.flattened(list(steps(images, labels, torch.float32)))
    worst = max(abs(a - b) / max(1, abs(a)) for a, b in zip(exact, single))
    print(f"float32 differs from float64 by at most {worst:.1e};", [(s["shared"], s["alignment"]) for s in fixture["steps"]])
    text = json.dumps(rounded(fixture), separators=(",", ":")).replace('},{"', '},\n{"')
    (FIXTURES / "alignment.json").write_text(text + "\n")
