// Checks that an instruction can be computed: numbers of inputs and parameters, shapes, extents.
#pragma once

#include <string>

#include "program/program.h"

namespace pada {

// Throws if the instruction does not fit the earlier ones of the program or the tensors that it names. `name`: of the
// instruction, for error messages.
void check_instruction(const Program& program, const Instruction& in, const std::string& name,
                       const ShapeTable& parameters, const ShapeTable& buffers);

}  // namespace pada
