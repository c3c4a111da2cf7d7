// Causal softmax attention: ONE head of ONE sequence.
//
// Query t sees key s if s <= t and (window == 0 or t - s < window or s < sinks). Work is done on visible blocks only,
// and the scores are never stored whole. q, k, v, out: [time, head_dimension], the leading dimension the distance of
// two tokens in floats. For grouped queries the caller loops over the query heads of a key-value head and has dk and dv
// accumulated.
#ifndef CK_ATTENTION_H
#define CK_ATTENTION_H

/// Floats of scratch that forward and backward need.
long ck_attention_scratch_count(long time, long head_dimension);

/// out = softmax(scale q k^T) v over the visible keys; logsumexp [time] is kept for the backward pass.
void ck_attention_forward(long time, long head_dimension, float scale, long window, long sinks, const float *q,
                          long ldq, const float *k, long ldk, const float *v, long ldv, float *out, long ldo,
                          float *logsumexp, float *scratch);
/// Gradients from dout; `out` and `logsumexp` are those of the forward pass. Each flag says whether dq, or dk and dv,
/// are added to (1) or overwritten (0).
void ck_attention_backward(long time, long head_dimension, float scale, long window, long sinks, const float *q,
                           long ldq, const float *k, long ldk, const float *v, long ldv, const float *out, long ldo,
                           const float *logsumexp, const float *dout, long lddo, float *dq, long lddq,
                           int accumulate_dq, float *dk, long lddk, float *dv, long lddv, int accumulate_dkv,
                           float *scratch);
/// One query over `keys` cached keys, all visible: out = softmax(scale q k^T) v. scratch: [keys].
void ck_attention_decode(long keys, long head_dimension, float scale, const float *q, const float *k, long ldk,
                         const float *v, long ldv, float *out, float *scratch);

#endif
