#!/usr/bin/env python3
"""Write what steps of FairNAS and SUMNAS do, computed by PyTorch.

    python3 scripts/make-methods-fixture.py      # needs torch

test/fixtures/methods.json: two steps each on the supernet and the batch of nasbench201-tiny.json, in float64, written by
hand after the papers: FairNAS (Chu et al. 2021) adds the gradients of K fair paths up; SUMNAS (Ha et al. 2022) lets
each take two SGD steps and moves by the mean of where they went. The paths are those that the methods draw with seed 0.
Results are, per parameter, its norm and its product with numbers of a fixed generator.
"""
import importlib
import json

import torch
import torch.nn.functional as F

from fixtures import FIXTURES, float32_tensor, random_numbers, rounded

tiny = importlib.import_module("make-fixtures")

PATHS = [
    [[3, 4, 4, 1, 1, 3], [1, 1, 1, 4, 3, 0], [0, 2, 0, 0, 0, 4], [4, 0, 2, 2, 4, 1], [2, 3, 3, 3, 2, 2]],
    [[0, 2, 2, 2, 0, 0], [3, 3, 4, 1, 2, 4], [1, 4, 3, 3, 3, 3], [4, 0, 0, 4, 4, 1], [2, 1, 1, 0, 1, 2]],
]
INNER_RATE, INNER_MOMENTUM, INNER_STEPS = 0.05, 0.9, 2
OUTER_RATE, OUTER_DECAY = 1.0, 4e-5
PROBE_SEED = 77


def batch():
    images = float32_tensor(random_numbers(tiny.SEED + 1), (tiny.BATCH, 3, tiny.SIZE, tiny.SIZE), 2.0)
    return images, torch.tensor([3, 1, 4, 1, 5, 9])


def loss_of(weights, images, labels, path):
    return F.cross_entropy(tiny.forward(weights, images, path), labels)


def leaves(weights):
    return {name: value.detach().clone().requires_grad_() for name, value in weights.items()}


def observed(weights):
    numbers = random_numbers(PROBE_SEED)
    result = []
    for value in weights.values():
        probe = float32_tensor(numbers, value.shape, 1.0)
        result.append([value.norm().item(), (value * probe).sum().item()])
    return result


def fairnas():
    images, labels = batch()
    weights = leaves(tiny.initial_weights())
    optimizer = torch.optim.SGD(
        weights.values(), lr=tiny.LEARNING_RATE, momentum=tiny.MOMENTUM, weight_decay=tiny.WEIGHT_DECAY
    )
    steps = []
    for paths in PATHS:
        optimizer.zero_grad(set_to_none=False)
        losses = []
        for path in paths:
            loss = loss_of(weights, images, labels, path)
            loss.backward()
            losses.append(loss.item())
        for value in weights.values():
            if value.grad is None:
                value.grad = torch.zeros_like(value)
        torch.nn.utils.clip_grad_norm_(weights.values(), tiny.CLIP)
        optimizer.step()
        steps.append({"loss": sum(losses) / len(losses), "parameters": observed({n: w.detach() for n, w in weights.items()})})
    return steps


def sumnas(keeps_momentum):
    """With momentum kept, one inner optimiser serves all paths and steps; otherwise each path has its own."""
    images, labels = batch()
    weights = {name: value.clone() for name, value in tiny.initial_weights().items()}
    momentum = {name: torch.zeros_like(value) for name, value in weights.items()}
    steps = []
    for paths in PATHS:
        displacement = {name: torch.zeros_like(value) for name, value in weights.items()}
        losses = []
        for path in paths:
            trial = leaves(weights)
            sampled = tiny.sampled_names(path, trial)
            if not keeps_momentum:
                momentum = {name: torch.zeros_like(value) for name, value in weights.items()}
            for step in range(INNER_STEPS):
                loss = loss_of(trial, images, labels, path)
                if step == 0:
                    losses.append(loss.item())
                gradients = torch.autograd.grad(loss, [trial[n] for n in sampled], allow_unused=True)
                gradients = [torch.zeros_like(trial[n]) if g is None else g for n, g in zip(sampled, gradients)]
                total = torch.stack([g.norm() for g in gradients]).norm()
                scale = min(1.0, tiny.CLIP / (total.item() + 1e-6))
                for name, gradient in zip(sampled, gradients):
                    momentum[name] = INNER_MOMENTUM * momentum[name] + scale * gradient
                    trial[name] = (trial[name].detach() - INNER_RATE * momentum[name]).requires_grad_()
            for name in sampled:
                displacement[name] += (weights[name] - trial[name].detach()) / len(paths)
        # Every operation of every edge was in one of the paths: all parameters decay.
        weights = {n: w - OUTER_RATE * (displacement[n] + OUTER_DECAY * w) for n, w in weights.items()}
        steps.append({"loss": sum(losses) / len(losses), "parameters": observed(weights)})
    return steps


if __name__ == "__main__":
    fixture = {
        "paths": PATHS,
        "probeSeed": PROBE_SEED,
        "fairnas": fairnas(),
        "sumnas": sumnas(False),
        "sumnasKeepingMomentum": sumnas(True),
    }
    text = json.dumps(rounded(fixture), separators=(",", ":")).replace('},{"', '},\n{"')
    (FIXTURES / "methods.json").write_text(text + "\n")
