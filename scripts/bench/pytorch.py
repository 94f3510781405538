#!/usr/bin/env python3
"""The PyTorch side of scripts/bench/pytorch.mjs: a training step and an evaluation of PA&DA's NAS-Bench-201 supernet.

Reads one JSON request per line and answers each with one line, so that the caller can take turns between this process
and others without starting any of them anew. `open` comes first:

    {"do": "open", "folder": F, "channels": 16, "cells": 5, "batch": 256, "threads": 2, "device": "cpu",
     "layout": "contiguous" | "channels-last", "precision": "float32" | "bfloat16"}
    {"do": "check", "path": [3, 0, 1, 2, 4, 1]}                  -> {"loss", "globalNorm"}
    {"do": "train" | "eval", "path": […], "steps": 1}            -> {"seconds": per step}
    {"do": "memory"}                                             -> {"gpuPeak": bytes, null without a GPU}

F holds weights.json and weights.f32 (names, shapes, values), images.f32 (normalised), labels.i32. The network is written
as the released code builds and runs it: one module per candidate operation, `none` multiplies by zero, dead edges are
computed, nodes are Python sums. What is measured starts with a batch in memory: the released code leaves crop and flip
to worker processes.
"""
import json
import pathlib
import sys
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

LEARNING_RATE, MOMENTUM, WEIGHT_DECAY, CLIP = 0.05, 0.9, 2.5e-4, 5
STAGES, NODES, CLASSES, IMAGE = 3, 4, 10, (3, 32, 32)


def batch_norm(channels):
    """Without parameters and running statistics: it uses the batch's in evaluation too."""
    return nn.BatchNorm2d(channels, affine=False, track_running_stats=False)


class Zero(nn.Module):
    def forward(self, x):
        return x.mul(0.0)


class ReluConvNorm(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride=1):
        super().__init__()
        convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=True)
        self.op = nn.Sequential(nn.ReLU(inplace=False), convolution, batch_norm(outputs))

    def forward(self, x):
        return self.op(x)


class Cell(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.edges = nn.ModuleDict()
        for target in range(1, NODES):
            for source in range(target):
                # In NAS-Bench-201's order of operations: none, skip, 1×1, 3×3, pool.
                pool = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
                convolutions = [ReluConvNorm(channels, channels, kernel) for kernel in (1, 3)]
                self.edges[f"{target}<-{source}"] = nn.ModuleList([Zero(), nn.Identity(), *convolutions, pool])

    def forward(self, x, path):
        operations, nodes = iter(path), [x]
        for target in range(1, NODES):
            terms = [self.edges[f"{target}<-{source}"][next(operations)](nodes[source]) for source in range(target)]
            nodes.append(sum(terms))
        return nodes[-1]


class Residual(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv_a = ReluConvNorm(inputs, outputs, 3, stride=2)
        self.conv_b = ReluConvNorm(outputs, outputs, 3)
        self.downsample = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(inputs, outputs, 1, bias=False))

    def forward(self, x, path):
        return self.downsample(x) + self.conv_b(self.conv_a(x))


class Supernet(nn.Module):
    def __init__(self, channels, cells):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(IMAGE[0], channels, 3, padding=1, bias=False), batch_norm(channels))
        self.cells = nn.ModuleList()
        for stage in range(STAGES):
            width = channels << stage
            if stage > 0:
                self.cells.append(Residual(width >> 1, width))
            self.cells.extend(Cell(width) for _ in range(cells))
        self.lastact = nn.Sequential(batch_norm(width), nn.ReLU(inplace=True))
        self.classifier = nn.Linear(width, CLASSES)

    def forward(self, x, path):
        x = self.stem(x)
        for cell in self.cells:
            x = cell(x, path)
        x = F.adaptive_avg_pool2d(self.lastact(x), 1)
        return self.classifier(x.flatten(1))


class Moments:
    """Running mean and variance (Welford) of the gradients of every parameter sampled, and how often it was."""

    def __init__(self):
        self.state = {}

    def add(self, parameters):
        for p in parameters:
            if p not in self.state:
                self.state[p] = [0, torch.zeros_like(p.grad), torch.zeros_like(p.grad)]
            self.state[p][0] += 1
        counts, means, squares = zip(*(self.state[p] for p in parameters))
        gradients = [p.grad for p in parameters]
        deltas = torch._foreach_sub(gradients, means)
        torch._foreach_add_(means, torch._foreach_div(deltas, counts))
        torch._foreach_addcmul_(squares, deltas, torch._foreach_sub(gradients, means))


class Bench:
    def __init__(self, request):
        if request["device"] == "cuda" and not torch.cuda.is_available():
            raise ValueError("Expected a GPU for device cuda but PyTorch sees none")
        torch.set_num_threads(request["threads"])
        self.device = torch.device(request["device"])
        self.batch = request["batch"]
        layout = torch.channels_last if request["layout"] == "channels-last" else torch.contiguous_format
        self.autocast = torch.autocast(self.device.type, torch.bfloat16, enabled=request["precision"] == "bfloat16")

        folder = pathlib.Path(request["folder"])
        self.model = Supernet(request["channels"], request["cells"])
        self.model.load_state_dict(read_weights(folder))
        self.model.to(self.device, memory_format=layout)
        images = torch.from_numpy(np.fromfile(folder / "images.f32", np.float32)).reshape(-1, *IMAGE)[: self.batch]
        labels = torch.from_numpy(np.fromfile(folder / "labels.i32", np.int32))[: self.batch]
        self.images = images.contiguous(memory_format=layout).to(self.device)
        self.labels = labels.long().to(self.device)
        self.optimizer = torch.optim.SGD(self.model.parameters(), LEARNING_RATE, MOMENTUM, weight_decay=WEIGHT_DECAY)
        self.moments = Moments()
        self.answer = {
            "torch": torch.__version__,
            "threads": torch.get_num_threads(),
            "device": torch.cuda.get_device_name() if self.device.type == "cuda" else None,
        }

    def forward(self, path):
        with self.autocast:
            logits = self.model(self.images, path)
            return logits, F.cross_entropy(logits, self.labels)

    def check(self, path):
        self.model.train()
        self.optimizer.zero_grad()
        _, loss = self.forward(path)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        return {"loss": loss.item(), "globalNorm": norm.item()}

    def train_step(self, path):
        self.optimizer.zero_grad()
        logits, loss = self.forward(path)
        with torch.no_grad():
            onehot = F.one_hot(self.labels, CLASSES)
            importance = (logits.float().softmax(1) - onehot).norm(dim=1)
        loss.backward()
        sampled = [p for p in self.model.parameters() if p.grad is not None]
        with torch.no_grad():
            norms = torch.stack(torch._foreach_norm([p.grad for p in sampled]))
            self.moments.add(sampled)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        self.optimizer.step()
        # What the method needs outside of the network: this also waits for a GPU.
        return loss.item(), (logits.argmax(1) == self.labels).sum().item(), importance.tolist(), norms.tolist()

    @torch.no_grad()
    def evaluation(self, path):
        logits, loss = self.forward(path)
        return loss.item(), (logits.argmax(1) == self.labels).sum().item()

    def measure(self, mode, path, steps):
        self.model.train(mode == "train")
        step = self.train_step if mode == "train" else self.evaluation
        self.wait()
        start = time.perf_counter()
        for _ in range(steps):
            step(path)
        self.wait()
        return {"seconds": (time.perf_counter() - start) / steps}

    def wait(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize()


def read_weights(folder):
    values = torch.from_numpy(np.fromfile(folder / "weights.f32", np.float32))
    weights, offset = {}, 0
    for name, shape in json.loads((folder / "weights.json").read_text()):
        count = int(np.prod(shape))
        weights[name] = values[offset : offset + count].reshape(shape)
        offset += count
    return weights


def main():
    bench = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "open":
                bench = Bench(request)
                answer = bench.answer
            elif request["do"] == "check":
                answer = bench.check(request["path"])
            elif request["do"] == "memory":
                answer = {"gpuPeak": torch.cuda.max_memory_allocated() if bench.device.type == "cuda" else None}
            else:
                answer = bench.measure(request["do"], request["path"], request["steps"])
        except Exception as error:  # the caller reports it and ends
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
