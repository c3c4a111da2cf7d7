// Causal softmax attention: ONE head of ONE sequence.
//
// Query t sees key s if s <= t and (window == 0 or t - s < window or s < sinks). Work is done on visible blocks only,
// and the scores are never stored whole. For grouped queries the caller loops over the query heads of a key-value head
// and has dk and dv accumulated.
#ifndef CK_ATTENTION_H
#define CK_ATTENTION_H

/// A head: q, k [time, key_dimension], v [time, value_dimension]; a leading dimension is the distance of two tokens in
/// floats.
typedef struct {
  long time, key_dimension, value_dimension;
  /// What scores are multiplied with.
  float scale;
  long window, sinks;
  /// Tokens that a key stands for, where keys are of whole blocks of tokens: [time / stride, ...]. Query t then sees key
  /// s if (s + 1) * stride - 1 <= t, without window and sinks. 0 or 1: a key a token.
  long stride;
  /// A score that takes part in every softmax and has no value (gpt-oss); NULL for none.
  const float *sink_logit;
  const float *q, *k, *v;
  long ldq, ldk, ldv;
} ck_attention_head;

/// Where gradients go. Each flag says whether dq, or dk and dv, are added to (1) or overwritten (0).
typedef struct {
  float *dq, *dk, *dv;
  long lddq, lddk, lddv;
  int accumulate_dq, accumulate_dkv;
  /// One number, added to; NULL without a sink logit.
  float *dsink_logit;
} ck_attention_gradients;

/// Floats of scratch that forward and backward need.
long ck_attention_scratch_count(long time, long key_dimension, long value_dimension);

/// out [time, value_dimension] = softmax(scale q k^T) v over the visible keys, zero where there is none; logsumexp [time] is kept for the
/// backward pass.
void ck_attention_forward(const ck_attention_head *head, float *out, long ldo, float *logsumexp, float *scratch);
/// Gradients from dout; `out` and `logsumexp` are those of the forward pass.
void ck_attention_backward(const ck_attention_head *head, const float *out, long ldo, const float *logsumexp,
                           const float *dout, long lddo, const ck_attention_gradients *gradients, float *scratch);
/// Some queries over the same cached keys, all visible: out = softmax(scale q k^T) v. sink_logits: one a query, or NULL.
/// scratch: [queries, keys + 1].
void ck_attention_decode(long queries, long keys, long key_dimension, long value_dimension, float scale,
                         const float *sink_logits, const float *q, long ldq, const float *k, long ldk, const float *v,
                         long ldv, float *out, long ldo, float *scratch);

#endif
