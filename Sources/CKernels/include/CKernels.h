// The C inner loops of Assay, each with run-time CPU dispatch.
//
// Conventions: float32 unless said; matrices are row-major with a leading dimension in elements; a flag
// `accumulate` says whether a destination is added to (1) or overwritten (0). No function allocates.
#ifndef CKERNELS_H
#define CKERNELS_H

#include "ck_hash.h"

#endif
