// Keeps freed tensor memory for the next tensor of the same size. A training step allocates and frees the same few
// dozen sizes again and again. If the memory went back to the system, every step would fault its pages in again.
#pragma once

namespace pada {

// Makes every CPU tensor of the process use this allocator. Later calls do nothing.
void install_caching_allocator();

// Returns memory that is kept but not in use to the system.
void drop_kept_memory();

}  // namespace pada
