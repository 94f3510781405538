// In the place of Gloo's header, which the PyTorch wheel lacks: only what ProcessGroupGloo.hpp names.
#pragma once

namespace gloo::transport {

class Device;

}  // namespace gloo::transport
