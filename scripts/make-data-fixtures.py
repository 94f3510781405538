#!/usr/bin/env python3
"""Write the small image files that the readers' tests read: what Python's pickle and NumPy themselves write.

    python3 scripts/make-data-fixtures.py      # needs numpy and Pillow

test/fixtures/images/batch-protocol*.pickle: batches as CIFAR and the downsampled ImageNet have them, of one image each,
in every protocol that the reader knows, so with every way in which Python writes bytes. Pixel number i of the image is
7 * i modulo 251; the keys and labels are in the table below.

test/fixtures/images/*.npz: five images of 4x6 pixels with three channels, plain and compressed; pixel number i of an
array is i modulo 251 in the file's own order.

test/fixtures/images/evaluation-crops.json: what Pillow makes of an image, height x width x 3, whose byte number i is
i * i modulo 251, where torchvision's Resize and CenterCrop call it: planes of bytes in base64.
"""
import base64
import json
import pathlib
import pickle

import numpy as np
from PIL import Image

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "test" / "fixtures" / "images"


def row(pixels):
    return (np.arange(pixels) * 7 % 251).astype(np.uint8)[None]


# Protocol, pixels, entries beside the images. Labels: a list, an array, NumPy's scalars, a big-endian array.
BATCHES = [
    (2, 3072, {"fine_labels": [99], "coarse_labels": [3], "filenames": ["a.png"], "batch_label": b"1 of 1"}),
    (3, 768, {"labels": np.array([120]), "mean": np.full(768, 0.5)}),
    (4, 768, {"labels": [np.int64(1)], "mean": np.float64(0.5)}),
    (5, 768, {"labels": np.array([7], dtype=">i2"), "mean": None}),
]


def images(*shape):
    return (np.arange(np.prod(shape)) % 251).astype(np.uint8).reshape(shape)


# Height, width, size: shrunk to a half and to a ninth, enlarged, one axis untouched, and halves of odd numbers cut off.
CROPS = [(20, 30, 9), (83, 63, 6), (9, 7, 14), (16, 21, 14), (11, 32, 7)]


def evaluation_crop(height, width, size):
    pixels = (np.arange(height * width * 3) ** 2 % 251).astype(np.uint8).reshape(height, width, 3)
    shorter = round(size * 256 / 224)
    longer = int(shorter * max(height, width) / min(height, width))
    columns, rows = (longer, shorter) if height <= width else (shorter, longer)
    left, top = (int(round((extent - size) / 2.0)) for extent in (columns, rows))
    resized = Image.fromarray(pixels).resize((columns, rows), Image.Resampling.BILINEAR)
    return np.asarray(resized.crop((left, top, left + size, top + size))).transpose(2, 0, 1)


def crops():
    for height, width, size in CROPS:
        planes = base64.b64encode(evaluation_crop(height, width, size).tobytes()).decode()
        yield {"height": height, "width": width, "size": size, "planes": planes}


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for protocol, pixels, others in BATCHES:
        text = pickle.dumps({"data": row(pixels), **others}, protocol=protocol)
        (FOLDER / f"batch-protocol{protocol}.pickle").write_bytes(text)
    train = {"x_train": images(3, 4, 6, 3), "y_train": np.array([[2], [0], [1]])}
    test = {"x_test": images(2, 4, 6, 3), "y_test": np.array([[1], [2]])}
    np.savez_compressed(FOLDER / "channels-last.npz", **train, **test)
    np.savez(FOLDER / "channels-first.npz", images=images(5, 3, 4, 6), labels=np.array([0, 1, 0, 1, 2], dtype=np.uint8))
    (FOLDER / "evaluation-crops.json").write_text(json.dumps(list(crops()), indent=1) + "\n")
