// Lightning attention (Qin et al., "Lightning Attention-2", 2024; MiniMax-01): linear attention with a fixed decay
// lambda = exp(-slope) a head. With a state S of [head dimension, head dimension],
//
//   S <- lambda S + k' v;  o = q S
//
// computed in chunks: within one, o_i = lambda^{i+1} q_i S0 + sum_{j<=i} lambda^{i-j} (q_i . k_j) v_j.
#ifndef CK_LIGHTNING_H
#define CK_LIGHTNING_H

/// One head of one sequence. A stride is the floats from one token to the next.
typedef struct {
  long time;
  long head_dimension;
  /// Minus the logarithm of the decay, at least 0.
  float slope;
  const float *q;
  const float *k;
  const float *v;
  /// Of all three.
  long ld;
} ck_lightning_head;

/// Tokens of a chunk.
long ck_lightning_chunk(long head_dimension);
/// Floats of the states that a forward pass keeps for the backward one: the first and one after each chunk, both
/// dimensions rounded up to 16.
long ck_lightning_states_count(long time, long head_dimension);
/// Floats of scratch of either pass.
long ck_lightning_scratch_count(long head_dimension);

/// Writes the outputs, `[time, head_dimension]` at stride `ldo`.
/// - states: the first is the state before the first token, given by the caller. With `keep` the states after each
///   chunk follow it; without, it becomes the state after the last token.
void ck_lightning_forward(
    const ck_lightning_head *head, float *out, long ldo, float *states, int keep, float *scratch);

/// Writes, or adds if `accumulate`, the gradients of q, k and v at stride `ldd` from those of the outputs; the last
/// state counts as unused.
void ck_lightning_backward(
    const ck_lightning_head *head, const float *states, const float *dout, long lddo, float *dq, float *dk, float *dv,
    long ldd, int accumulate, float *scratch);

/// One token: updates the state, `[head_dimension, head_dimension]` without padding, and writes the output.
void ck_lightning_step(const ck_lightning_head *head, float *state, float *out);

#endif
