#!/usr/bin/env python3
"""The side of torchvision in scripts/bench/images.mjs: its DataLoader over a folder of classes, by Pillow.

    python3 scripts/bench/images.py FOLDER WORKERS BATCH BATCHES      # needs torch, torchvision and Pillow

Decodes, crops at random, flips, makes tensors and normalises. Prints images per second, without the first batch.
"""
import sys
import time

import torch
from torchvision import datasets, transforms

folder, workers, batch, batches = sys.argv[1], *map(int, sys.argv[2:5])
steps = [
    transforms.RandomResizedCrop(224),
    transforms.RandomHorizontalFlip(),
    transforms.ToTensor(),
    transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
]
torch.manual_seed(0)
images = datasets.ImageFolder(folder, transforms.Compose(steps))
loader = torch.utils.data.DataLoader(images, batch, shuffle=True, num_workers=workers, drop_last=True)
seen, begin = 0, None
for i, (pictures, _) in enumerate(loader):
    if begin is None:
        begin = time.perf_counter()
        continue
    seen += len(pictures)
    end = time.perf_counter()
    if i == batches:
        break
print(seen / (end - begin))
