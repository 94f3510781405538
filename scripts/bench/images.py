#!/usr/bin/env python3
"""The side of torchvision in scripts/bench/images.mjs: its DataLoader over a folder of classes, by Pillow.

    python3 scripts/bench/images.py FOLDER WORKERS BATCH BATCHES      # needs torch, torchvision and Pillow

Decodes, crops at random, flips, makes tensors and normalises. Prints images per second. Workers finish their first
batches together, and each has another one ready soon after; so the clock starts behind them, and at least four batches
of each worker are timed.
"""
import sys
import time

import torch
from torchvision import datasets, transforms

AHEAD = 2
folder, workers, batch, batches = sys.argv[1], *map(int, sys.argv[2:5])
steps = [
    transforms.RandomResizedCrop(224),
    transforms.RandomHorizontalFlip(),
    transforms.ToTensor(),
    transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
]
torch.manual_seed(0)
images = datasets.ImageFolder(folder, transforms.Compose(steps))
loader = torch.utils.data.DataLoader(
    images, batch, shuffle=True, num_workers=workers, drop_last=True, prefetch_factor=AHEAD
)
skipped, timed = workers * AHEAD, max(batches, 4 * workers)
if len(loader) < skipped + timed:
    sys.exit(f"Expected {(skipped + timed) * batch} images in {folder} but received {len(images)}")
for i, _ in enumerate(loader):
    if i == skipped - 1:
        begin = time.perf_counter()
    if i == skipped + timed - 1:
        break
print(timed * batch / (time.perf_counter() - begin))
