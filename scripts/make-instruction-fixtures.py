#!/usr/bin/env python3
"""Write what test/native/pytorch-instructions.test.ts compares with, computed by PyTorch in float64.

    python3 scripts/make-instruction-fixtures.py      # needs torch

test/fixtures/instructions.json: small networks of the instructions whose meaning is PyTorch's convention: which of
equal maxima gets the gradient of a pool, where grouped, dilated and factorized convolutions look, and how running
statistics move. Weights and images come from a generator of a few lines that the test repeats, so the file holds
results only.
"""
import json

import torch
import torch.nn.functional as F

from fixtures import FIXTURES, float32_tensor, random_numbers, rounded

BATCH, CLASSES, SEED = 6, 3, 77
LABELS = torch.tensor([i % CLASSES for i in range(BATCH)])


def numbers(shapes, image, seed=SEED):
    """Weights of the shapes, then a batch of images."""
    stream = random_numbers(seed)
    weights = [float32_tensor(stream, shape, 0.7).requires_grad_() for shape in shapes]
    return weights, float32_tensor(stream, (BATCH, *image), 2)


def result(weights, logits):
    F.cross_entropy(logits, LABELS).backward()
    return {"logits": logits.flatten().tolist(), "gradients": [w.grad.flatten().tolist() for w in weights]}


def max_pools():
    """Whole-numbered images, of which the pools see the first channel only, have equal maxima nearly everywhere."""
    weights, images = numbers([(3, 2, 1, 1), (CLASSES, 9), (CLASSES,)], (2, 7, 6))
    images[:, 0] = images[:, 0].round()
    with torch.no_grad():
        # The second channel tells in the gradient of its weight which of the equal maxima it was.
        weights[0][:, 1] = 0
    x = F.conv2d(images, weights[0])
    pools = [F.max_pool2d(x, 3, 1, 1), F.max_pool2d(x, 3, 2, 1), F.max_pool2d(x, 2, 2, 0)]
    features = torch.cat([pool.mean((2, 3)) for pool in pools], 1)
    return result(weights, F.linear(features, weights[1], weights[2]))


def convolutions():
    shapes = [(4, 1, 5, 5), (4,), (6, 2, 3, 3), (6,), (2, 6, 1, 1), (3, 6, 1, 1), (CLASSES, 5), (CLASSES,)]
    weights, images = numbers(shapes, (2, 8, 8))
    # Padding that keeps the extent at stride 1: dilation * (kernel - 1) / 2.
    x = F.relu(F.conv2d(images, weights[0], weights[1], padding=4, dilation=2, groups=2))
    x = F.relu(F.conv2d(x, weights[2], weights[3], stride=2, padding=2, dilation=2, groups=2))
    # DARTS' FactorizedReduce.
    x = torch.cat([F.conv2d(x, weights[4], stride=2), F.conv2d(x[:, :, 1:, 1:], weights[5], stride=2)], 1)
    return result(weights, F.linear(x.mean((2, 3)), weights[6], weights[7]))


def running_statistics():
    shapes = [(4, 2, 3, 3), (4,), (4,), (4, 1, 3, 3), (4,), (4,), (CLASSES, 4), (CLASSES,)]
    weights, images = numbers(shapes, (2, 5, 6))
    norms = [torch.nn.BatchNorm2d(4, dtype=torch.float64) for _ in range(2)]
    for norm, weight, bias in zip(norms, (weights[1], weights[4]), (weights[2], weights[5])):
        del norm.weight, norm.bias
        norm.weight, norm.bias = weight, bias

    def forward(indices, training):
        for norm in norms:
            norm.train(training)
        x = F.relu6(norms[0](F.conv2d(images[indices], weights[0], padding=1)))
        x = F.relu(norms[1](F.conv2d(x, weights[3], padding=1, groups=4)))
        return F.linear(x.mean((2, 3)), weights[6], weights[7])

    def buffers():
        return [value.tolist() for norm in norms for value in (norm.running_mean, norm.running_var)]

    everything = list(range(BATCH))
    steps = []
    for indices in ([0, 1, 2, 3], [2, 5, 4]):
        loss = F.cross_entropy(forward(indices, True), LABELS[indices])
        loss.backward()
        steps.append({"indices": indices, "loss": loss.item(), "buffers": buffers()})
    trained = forward(everything, False).flatten().tolist()

    # torch.optim.swa_utils.update_bn: cumulative averages over batches.
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    order, size = [5, 0, 1, 2, 3, 4], 4
    for first in range(0, BATCH, size):
        forward(order[first : first + size], True)
    return {
        "steps": steps,
        "gradients": [w.grad.flatten().tolist() for w in weights],
        "logits": trained,
        "recalibrated": {
            "order": order,
            "batchSize": size,
            "buffers": buffers(),
            "logits": forward(everything, False).flatten().tolist(),
        },
    }


if __name__ == "__main__":
    fixture = {
        "seed": SEED,
        "maxPools": max_pools(),
        "convolutions": convolutions(),
        "runningStatistics": running_statistics(),
    }
    text = json.dumps(rounded(fixture, 7), separators=(",", ":")).replace('},"', '},\n"')
    (FIXTURES / "instructions.json").write_text(text + "\n")
