// Additive linear recurrences with a scalar decay a head and token, which are linear attention with decay: lightning
// attention (Qin et al., "Lightning Attention-2", 2024), retention (Sun et al., "Retentive Network", 2023), the state
// space duality of Mamba-2 (Dao & Gu, "Transformers are SSMs", 2024), plain linear attention (Katharopoulos et al.,
// "Transformers are RNNs", 2020). With a state S of [key dimension, value dimension],
//
//   S <- e^g S + k (s v)';  o = c S' q + D v
//
// where g <= 0 is the log decay, s a factor of the value (the step size of Mamba-2), c a factor of all queries and D a
// skip. Computed in chunks: within one, with G the running sum of g,
//
//   o_i = c e^{G_i} S0' q_i + c sum_{j<=i} e^{G_i - G_j} (q_i . k_j) s_j v_j + D v_i
//   S1  = e^{G_C} S0 + sum_j e^{G_C - G_j} k_j (s_j v_j)'
//
// Every exponent is a sum of log decays, at most 0, so that no decay overflows, and never a difference of such sums.
#ifndef CK_SCAN_H
#define CK_SCAN_H

/// The heads of one sequence that share queries and keys: where their inputs lie. A stride is the floats from one token
/// to the next; heads lie side by side.
typedef struct {
  long time;
  long heads;
  long key_dimension;
  long value_dimension;
  /// Tokens of a chunk, rounded up to a multiple of 16; 0 for what suits the dimensions.
  long chunk;
  const float *q;
  const float *k;
  long ldq;
  long ldk;
  /// The factor c of the queries.
  float query_scale;
  /// `[time, heads, value_dimension]`.
  const float *v;
  long ldv;
  /// Log decays, `[time, heads]`; NULL for a fixed decay.
  const float *log_decay;
  long ldg;
  /// Minus the fixed log decays, `[heads]`, at least 0; NULL for no decay. Not read where there are log decays.
  const float *slope;
  /// Factors of the values, `[time, heads]`; NULL for 1.
  const float *scale;
  long lds;
  /// D, `[heads]`; NULL for 0.
  const float *skip;
} ck_scan_group;

/// Where the gradients of a group go, laid out as its inputs; those of fixed or absent inputs are NULL. The flags say
/// whether they are added to what is there; those of skips always are.
typedef struct {
  float *q;
  float *k;
  long ldq;
  long ldk;
  float *v;
  long ldv;
  float *log_decay;
  long ldg;
  float *scale;
  long lds;
  float *skip;
  int accumulate_q;
  int accumulate_k;
  int accumulate_v;
  int accumulate_log_decay;
  int accumulate_scale;
} ck_scan_gradients;

/// Tokens of a chunk of this group.
long ck_scan_chunk(const ck_scan_group *group);
/// Floats of the states of a group as the chunked form keeps them: both dimensions rounded up to 16.
long ck_scan_state_count(const ck_scan_group *group);
/// Floats of the states that a forward pass keeps for the backward one: the first ones and those after each chunk.
long ck_scan_states_count(const ck_scan_group *group);
/// Floats of scratch of either pass.
long ck_scan_scratch_count(const ck_scan_group *group);

/// Writes the outputs, `[time, heads, value_dimension]` at stride `ldo`.
/// - states: the first `[heads]` are those before the first token, given by the caller. With `keep` the states after
///   each chunk follow them; without, they become those after the last token.
void ck_scan_forward(const ck_scan_group *group, float *out, long ldo, float *states, int keep, float *scratch);

/// Writes the gradients of the inputs from those of the outputs; the last states count as unused.
void ck_scan_backward(const ck_scan_group *group, const float *states, const float *dout, long lddo,
                      const ck_scan_gradients *gradients, float *scratch);

/// One token: updates the states, `[heads, key_dimension, value_dimension]` without padding, and writes the outputs,
/// `[heads, value_dimension]`.
void ck_scan_step(const ck_scan_group *group, float *states, float *out);

/// What the normaliser of linear attention divides by: dots[t] = q_t . (k_1 + ... + k_t), for one head. `sum` [width]
/// holds the sum of the keys before the first token, and then that of all.
void ck_running_dots_forward(long time, long width, const float *q, long ldq, const float *k, long ldk, float *sum,
                             float *dots);
/// Writes, or adds, the gradients of queries and keys, from sums that began at zero.
/// - scratch: a row of `width` floats.
void ck_running_dots_backward(long time, long width, const float *q, long ldq, const float *k, long ldk,
                              const float *ddots, float *dq, long lddq, int accumulate_q, float *dk, long lddk,
                              int accumulate_k, float *scratch);

#endif
