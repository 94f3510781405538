#!/usr/bin/env python3
"""The PyTorch side of scripts/bench/pytorch.mjs: a training step and an evaluation of a network of the folder networks.

Reads one JSON request per line and answers each with one line, so that the caller can take turns between this process
and others without starting any of them anew. `open` comes first:

    {"do": "open", "folder": F, "network": "nasbench201", "size": {"channels": 16, "cells": 5},
     "image": {"channels": 3, "height": 32, "width": 32}, "batch": 256, "threads": 2, "device": "cpu",
     "layout": "contiguous" | "channels-last", "precision": "float32" | "tf32" | "bfloat16", "drop": 0, "optimizer": {…}, "clipNorm": 5, "measures": true}
    {"do": "check", "path": [3, 0, 1, 2, 4, 1]}                  -> {"loss", "globalNorm"}
    {"do": "train" | "eval", "path": […], "steps": 1}            -> {"seconds": per step}
    {"do": "memory"}                                             -> {"gpuPeak": bytes, null without a GPU}

F holds weights.json and weights.f32 (names, shapes, values), images.f32 (normalised), labels.i32. Networks are written as
the released code builds and runs them. `measures` asks for what PA&DA measures in each step of a supernet. What is timed
starts with a batch in memory: the released code leaves augmentation to worker processes.
"""
import json
import pathlib
import sys
import time
from importlib import import_module

import numpy as np
import torch
import torch.nn.functional as F


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
        torch.backends.cudnn.allow_tf32 = request["precision"] == "tf32"
        self.batch, self.clip, self.drop = request["batch"], request["clipNorm"], request["drop"]
        layout = torch.channels_last if request["layout"] == "channels-last" else torch.contiguous_format
        self.autocast = torch.autocast(self.device.type, torch.bfloat16, enabled=request["precision"] == "bfloat16")

        folder = pathlib.Path(request["folder"])
        image = [request["image"][extent] for extent in ("channels", "height", "width")]
        self.model = import_module(f"networks.{request['network']}").Network(**request["size"])
        load(self.model, read_weights(folder))
        self.model.to(self.device, memory_format=layout)
        images = torch.from_numpy(np.fromfile(folder / "images.f32", np.float32)).reshape(-1, *image)[: self.batch]
        labels = torch.from_numpy(np.fromfile(folder / "labels.i32", np.int32))[: self.batch]
        self.images = images.contiguous(memory_format=layout).to(self.device)
        self.labels = labels.long().to(self.device)
        self.optimizer = torch.optim.SGD(self.model.parameters(), **request["optimizer"])
        self.moments = Moments() if request["measures"] else None
        self.answer = {
            "torch": torch.__version__,
            "threads": torch.get_num_threads(),
            "device": torch.cuda.get_device_name() if self.device.type == "cuda" else None,
        }

    def forward(self, path):
        """Logits and loss of the classifier, and the sum over all outputs that is trained on."""
        with self.autocast:
            outputs = self.model(self.images, path)
            losses = [F.cross_entropy(logits, self.labels) for logits, _ in outputs]
            total = sum(weight * loss for loss, (_, weight) in zip(losses, outputs))
            return outputs[0][0], losses[0], total

    def clip_gradient(self):
        """The global norm before clipping; a `clipNorm` of null clips nothing."""
        return torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.clip or float("inf"))

    def check(self, path):
        self.model.train()
        self.model.drop = 0
        self.optimizer.zero_grad()
        _, loss, total = self.forward(path)
        total.backward()
        return {"loss": loss.item(), "globalNorm": self.clip_gradient().item()}

    def train_step(self, path):
        self.optimizer.zero_grad()
        logits, loss, total = self.forward(path)
        # What is wanted outside of the network: this also waits for a GPU.
        wanted = [loss, (logits.argmax(1) == self.labels).sum()]
        total.backward()
        if self.moments:
            wanted += self.measures(logits)
        if self.clip:
            self.clip_gradient()
        self.optimizer.step()
        return [value.tolist() for value in wanted]

    @torch.no_grad()
    def measures(self, logits):
        """The gradient norms per image and per parameter that PA&DA samples by; adds to the moments."""
        importance = (logits.float().softmax(1) - F.one_hot(self.labels, logits.shape[1])).norm(dim=1)
        sampled = [p for p in self.model.parameters() if p.grad is not None]
        norms = torch.stack(torch._foreach_norm([p.grad for p in sampled]))
        self.moments.add(sampled)
        return importance, norms

    @torch.no_grad()
    def evaluation(self, path):
        logits, loss, _ = self.forward(path)
        return loss.item(), (logits.argmax(1) == self.labels).sum().item()

    def measure(self, mode, path, steps):
        self.model.train(mode == "train")
        self.model.drop = self.drop
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


def load(model, weights):
    """Running statistics are left as they begin; all parameters have to be there."""
    missing, unexpected = model.load_state_dict(weights, strict=False)
    lost = sorted({name for name, _ in model.named_parameters()}.intersection(missing).union(unexpected))
    if lost:
        raise ValueError(f"Expected the same parameters on both sides but received {lost[0]} on one only")


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
