// The C inner loops of Assay, each with run-time CPU dispatch.
//
// Conventions: float32 unless said; matrices are row-major with a leading dimension in elements; a flag
// `accumulate` says whether a destination is added to (1) or overwritten (0). No function allocates. A call has the
// same bits every time on the same instruction set.
#ifndef CKERNELS_H
#define CKERNELS_H

#include "ck_attention.h"
#include "ck_channel.h"
#include "ck_convolution.h"
#include "ck_delta.h"
#include "ck_dispatch.h"
#include "ck_elementwise.h"
#include "ck_gemm.h"
#include "ck_hash.h"
#include "ck_logits.h"
#include "ck_loss.h"
#include "ck_norm.h"
#include "ck_optimizer.h"
#include "ck_rotary.h"
#include "ck_rwkv.h"
#include "ck_rounding.h"
#include "ck_scan.h"
#include "ck_selected.h"

#endif
