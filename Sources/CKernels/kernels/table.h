// The table of kernels of one instruction set, and what all sets share.
#ifndef CK_TABLE_H
#define CK_TABLE_H

#include "../include/CKernels.h"

typedef struct {
  const char *name;
#define CK_FUNCTION(result, name, parameters, arguments) result(*name) parameters;
#include "functions.h"
#undef CK_FUNCTION
} ck_table;

extern const ck_table ck_table_baseline;
#if defined(__x86_64__)
extern const ck_table ck_table_avx2;
extern const ck_table ck_table_avx512;
#endif

/// Columns of a packed panel, the same for all instruction sets.
#define CK_PANEL 32
/// Steps of k that a product takes at a time, for the right-hand side to stay in the caches.
#define CK_BLOCK_K 256
/// Columns of the right-hand side that are packed at a time.
#define CK_BLOCK_N 512

/// Keys whose scores the forward pass of attention holds for a tile of queries.
#define CK_ATTENTION_KEYS 512
/// Queries, and keys, whose scores the backward pass of attention holds at a time.
#define CK_ATTENTION_BLOCK 96
/// Rows of the highest tile of any instruction set.
#define CK_TILE_ROWS_MAXIMUM 12

/// The thread's memory for packed right-hand sides. Touched, and so really there, only as far as it is needed.
extern _Thread_local float ck_pack_buffer[CK_BLOCK_K * CK_BLOCK_N] __attribute__((aligned(64)));

#endif
