// Keeps freed tensor memory for the next tensor of the same size. A training step allocates and frees the same few
// dozen sizes over and over; returned to the system each time, their pages would be faulted in again every step.
#pragma once

namespace pada {

// Makes every CPU tensor of the process use it. Called once; later calls do nothing.
void install_caching_allocator();

// Gives back to the system what is kept and not in use.
void drop_kept_memory();

}  // namespace pada
