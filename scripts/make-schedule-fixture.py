#!/usr/bin/env python3
"""Write what test/unit/sampling/schedule.test.ts compares plateaus with: torch's ReduceLROnPlateau.

    python3 scripts/make-schedule-fixture.py      # needs torch

test/fixtures/schedules.json: losses that fall, rise, stay and fall by less than the scheduler's threshold, and per
setting the learning rate of each epoch, the first one included.
"""
import json
import random

import torch

from fixtures import FIXTURES

stream = random.Random(5)
losses, loss = [], 2.3
for epoch in range(80):
    loss += stream.choice([-0.05, -0.05, 0.03, 0, -0.00001, -0.0003])
    losses.append(round(loss, 6))

settings = [
    {"patience": 0, "factor": 0.5, "minimum": 0},
    {"patience": 2, "factor": 0.5, "minimum": 0},
    {"patience": 3, "factor": 0.1, "minimum": 0.002},
    {"patience": 0, "factor": 0.05, "minimum": 0},
]
for setting in settings:
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.05)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=setting["factor"], patience=setting["patience"], min_lr=setting["minimum"]
    )
    setting["rates"] = [0.05]
    for value in losses:
        scheduler.step(value)
        setting["rates"].append(optimizer.param_groups[0]["lr"])

(FIXTURES / "schedules.json").write_text(json.dumps({"losses": losses, "settings": settings}) + "\n")
