// Reads the augmentation of a batch from JavaScript values.
#pragma once

#include <napi.h>

#include "data/augment.h"

namespace pada {

// { seed, list: [{ kind, … }, …], positions }, the last of which may be absent.
AugmentationList augmentation_argument(const Napi::Value& value);

}  // namespace pada
