// In the place of Gloo's header, which the PyTorch wheel lacks. ProcessGroupGloo.hpp includes it and uses none of it.
#pragma once
