// The source of the kernels, one program per group. The files of kernels/ are strings, so that the addon contains them.
#pragma once

#include <array>
#include <string>

namespace pada::cuda {

// What kernels are for: sums of nodes with their batch norms and average pools, depthwise convolutions and max pools,
// sweeps over parameters, the loss, batches of images.
enum class Group { Sums, Windows, Sweeps, Loss, Images };
inline constexpr std::array kGroups = {Group::Sums, Group::Windows, Group::Sweeps, Group::Loss, Group::Images};
inline constexpr std::array kGroupNames = {"sums", "windows", "sweeps", "loss", "images"};

inline const char* name_of(Group group) { return kGroupNames[static_cast<size_t>(group)]; }

std::string source_of(Group group);

}  // namespace pada::cuda
