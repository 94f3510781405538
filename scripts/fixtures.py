"""What the scripts that write fixtures share: numbers that the tests repeat, and how results are written."""
import math
import pathlib

import numpy as np
import torch

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "test" / "fixtures"


def random_numbers(seed):
    """mulberry32: uniform numbers in [-1, 1) that any language with 32-bit integers repeats exactly."""
    mask = 0xFFFFFFFF
    while True:
        seed = (seed + 0x6D2B79F5) & mask
        t = ((seed ^ (seed >> 15)) * (seed | 1)) & mask
        t ^= (t + (((t ^ (t >> 7)) * (t | 61)) & mask)) & mask
        yield (t ^ (t >> 14)) / 2**31 - 1


def float32_tensor(numbers, shape, bound):
    values = [next(numbers) * bound for _ in range(math.prod(shape))]
    return torch.from_numpy(np.array(values, dtype=np.float32).astype(np.float64)).reshape(shape)


def rounded(value, digits=9):
    if isinstance(value, float):
        return float(f"{value:.{digits}g}")
    if isinstance(value, dict):
        return {key: rounded(item, digits) for key, item in value.items()}
    return [rounded(item, digits) for item in value] if isinstance(value, list) else value
