// Whether an instruction can be computed: numbers of inputs and parameters, shapes, extents.
#pragma once

#include <string>

#include "program/program.h"

namespace pada {

// Throws, naming the instruction by `name`, unless it fits the earlier ones of the program and the tensors it names.
void check_instruction(const Program& program, const Instruction& in, const std::string& name,
                       const ShapeTable& parameters, const ShapeTable& buffers);

}  // namespace pada
