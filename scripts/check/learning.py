#!/usr/bin/env python3
"""The PyTorch side of scripts/check/learning.mjs: trains DARTS_V2 on CIFAR-10, one line of JSON per epoch.

    python3 learning.py CIFAR OUT --seed 0 --epochs 20 --channels 16 --cells 8 --images 50000 --threads 1

The recipe of configs/retrain-darts-cifar10.yaml (Liu, Simonyan and Yang 2019), in plain PyTorch: SGD with momentum, a
cosine by epochs, clipping, auxiliary head, drop path that rises over the epochs, padded crops, flips, cutout. OUT gets
events.jsonl with the fields that a run folder's has. A stopped training goes on from OUT/checkpoint.pt, the end of its
last epoch.
"""
import argparse
import json
import math
import pathlib
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "bench"))
from networks.darts import Network  # noqa: E402

BATCH, RATE, MOMENTUM, DECAY, CLIP, DROP, PADDING, CUTOUT = 96, 0.025, 0.9, 3e-4, 5, 0.2, 4, 16
MEAN = torch.tensor([0.49139968, 0.48215827, 0.44653124]).reshape(3, 1, 1)
STD = torch.tensor([0.24703233, 0.24348505, 0.26158768]).reshape(3, 1, 1)
RECORD = 1 + 3 * 32 * 32


def read_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("cifar", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    for name in ("seed", "epochs", "channels", "cells", "images", "threads"):
        parser.add_argument(f"--{name}", type=int, required=True)
    return parser.parse_args()


def read_split(files):
    records = np.concatenate([np.fromfile(file, np.uint8).reshape(-1, RECORD) for file in files])
    return torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32).copy()), torch.from_numpy(records[:, 0].astype(np.int64))


def normalised(images):
    return (images.float() / 255 - MEAN) / STD


def augmented(images):
    """Black is padded before normalising, and cut out as the mean colour after it."""
    padded = F.pad(images, [PADDING] * 4)
    result = torch.empty(images.shape)
    for i in range(len(images)):
        y, x = torch.randint(2 * PADDING + 1, (2,)).tolist()
        image = padded[i, :, y : y + 32, x : x + 32]
        image = normalised(image.flip(2) if torch.rand(()) < 0.5 else image)
        y, x = torch.randint(32, (2,)).tolist()
        half = CUTOUT // 2
        image[:, max(0, y - half) : y + half, max(0, x - half) : x + half] = 0
        result[i] = image
    return result


def train_epoch(model, optimizer, images, labels, epoch, epochs):
    model.train()
    model.drop = DROP * epoch / epochs
    optimizer.param_groups[0]["lr"] = RATE * (1 + math.cos(math.pi * epoch / epochs)) / 2
    loss_sum = correct = 0
    for indices in torch.randperm(len(images)).split(BATCH):
        outputs = model(augmented(images[indices]), None)
        losses = [F.cross_entropy(logits, labels[indices]) for logits, _ in outputs]
        optimizer.zero_grad()
        sum(weight * loss for loss, (_, weight) in zip(losses, outputs)).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        loss_sum += losses[0].item() * len(indices)
        correct += (outputs[0][0].argmax(1) == labels[indices]).sum().item()
    return {"loss": loss_sum / len(images), "trainTop1": correct / len(images)}


@torch.no_grad()
def evaluate(model, images, labels):
    model.eval()
    logits = torch.cat([model(normalised(batch), None)[0][0] for batch in images.split(BATCH)])
    return {"testLoss": F.cross_entropy(logits, labels).item(), "top1": (logits.argmax(1) == labels).float().mean().item()}


def replace(path, write):
    """Writes a file by `write` under a temporary name, and then gives it its own."""
    temporary = path.with_suffix(".tmp")
    write(temporary)
    temporary.replace(path)


def main():
    arguments = read_arguments()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    images, labels = read_split(sorted(arguments.cifar.glob("data_batch_*.bin")))
    images, labels = images[: arguments.images], labels[: arguments.images]
    test_images, test_labels = read_split([arguments.cifar / "test_batch.bin"])
    model = Network(arguments.channels, arguments.cells).to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), RATE, MOMENTUM, weight_decay=DECAY)
    arguments.out.mkdir(parents=True, exist_ok=True)
    events, checkpoint, lines = arguments.out / "events.jsonl", arguments.out / "checkpoint.pt", []
    if checkpoint.exists():
        state = torch.load(checkpoint)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"])
        lines = state["lines"]
        # A kill may have come between the checkpoint and the events of its epoch.
        replace(events, lambda file: file.write_text("\n".join(lines) + "\n"))
    for epoch in range(len(lines), arguments.epochs):
        start = time.perf_counter()
        trained = train_epoch(model, optimizer, images, labels, epoch, arguments.epochs)
        seconds = time.perf_counter() - start
        tested = evaluate(model, test_images, test_labels)
        lines.append(json.dumps({"event": "epoch", "epoch": epoch, **trained, **tested, "seconds": seconds}))
        state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "random": torch.get_rng_state()}
        replace(checkpoint, lambda file: torch.save({**state, "lines": lines}, file))
        replace(events, lambda file: file.write_text("\n".join(lines) + "\n"))
        print(lines[-1], flush=True)


if __name__ == "__main__":
    main()
