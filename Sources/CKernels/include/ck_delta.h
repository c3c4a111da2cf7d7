// The delta rule (Yang et al., "Parallelizing Linear Transformers with the Delta Rule over Sequence Length", 2024), its
// gated form (Yang et al., "Gated Delta Networks: Improving Mamba2 with Delta Rule", 2024) and its product form (Siems et
// al., "DeltaProduct: Improving State-Tracking in Linear RNNs via Householder Products", 2025): for one head of one
// sequence, with a state S of [key dimension, value dimension], a token decays the state once, rewrites it in one or
// more steps and reads it once,
//
//   q^ = q / sqrt(sum q^2 + 1e-6) / sqrt(key dimension),  k^ = k / sqrt(sum k^2 + 1e-6)
//   g = -exp(a_log) softplus(a + dt_bias),  beta = beta_scale sigmoid(b)
//   S <- e^g S;  for each step: u = beta (v - S' k^), S <- S + k^ u';  o = S' q^
//
// computed in chunks by the WY form of the papers. With the steps of all tokens of a chunk in one row of rows, and G the
// running sum over it of g, which is zero but at the first step of a token,
//
//   e_i = v_i - e^{G_i} S0' k_i - sum_{j<i} e^{G_i - G_j} (k_i . k_j) beta_j e_j,   u = beta e
//   o_i = e^{G_i} S0' q_i + sum_{j<=i} e^{G_i - G_j} (q_i . k_j) u_j     for the last step i of a token
//   S1  = e^{G_C} S0 + sum_j e^{G_C - G_j} k_j u_j'
//
// Every exponent is a difference of running sums that is at most 0, so no decay overflows.
#ifndef CK_DELTA_H
#define CK_DELTA_H

/// The dimensions of a head, from which the sizes of memory follow.
typedef struct {
  /// Tokens.
  long time;
  /// Steps of a token.
  long steps;
  /// Tokens of a chunk, rounded up to a multiple of 16; 0 for what is fastest.
  long chunk;
  long key_dimension;
  long value_dimension;
} ck_delta_shape;

/// One head of one sequence: where its inputs lie. Strides `ld` are the floats from one token to the next, strides
/// `_step` those from one step of a token to its next.
typedef struct {
  ck_delta_shape shape;
  /// Queries, one a token, and keys, one a step; not yet normalised.
  const float *q;
  const float *k;
  long ldq;
  long ldk;
  long k_step;
  /// Values, one a step.
  const float *v;
  long ldv;
  long v_step;
  /// Inputs of the decay, one number a token; NULL for no decay.
  const float *a;
  long lda;
  /// Inputs of beta, one number a step.
  const float *b;
  long ldb;
  long b_step;
  float a_log;
  float dt_bias;
  /// The upper end of beta: 1, or 2 for transitions with eigenvalues down to -1 (Grazzi et al., "Unlocking
  /// State-Tracking in Linear RNNs Through Negative Eigenvalues", 2024).
  float beta_scale;
} ck_delta_head;

/// Where the gradients of a head go, laid out as its inputs. The flags say whether they are added to what is there.
typedef struct {
  float *q;
  float *k;
  long ldq;
  long ldk;
  long k_step;
  float *v;
  long ldv;
  long v_step;
  /// Not used without decay.
  float *a;
  long lda;
  float *b;
  long ldb;
  long b_step;
  /// Added to; not used without decay.
  float *a_log;
  float *dt_bias;
  int accumulate_qk;
  int accumulate_v;
  int accumulate_gates;
} ck_delta_gradients;

/// Tokens of a chunk.
long ck_delta_chunk(ck_delta_shape shape);
/// Floats of one state as the chunked form keeps it: both dimensions rounded up to 16.
long ck_delta_state_count(ck_delta_shape shape);
/// Floats of the states that a forward pass keeps for the backward one: the first and one after each chunk.
long ck_delta_states_count(ck_delta_shape shape);
/// Floats of the prediction errors that it keeps.
long ck_delta_errors_count(ck_delta_shape shape);
/// Floats of scratch of either pass.
long ck_delta_scratch_count(ck_delta_shape shape);

/// Writes the outputs, `[time, value_dimension]` at stride `ldo`.
/// - states: the first is the state before the first token, given by the caller. Without `errors` there is only that
///   one, and it becomes the state after the last token; with `errors` the states after each chunk follow it.
/// - errors: NULL when no backward pass follows.
void ck_delta_forward(
    const ck_delta_head *head, float *out, long ldo, float *states, float *errors, float *scratch);

/// Writes the gradients of the inputs, from those of the outputs; the last state counts as unused.
void ck_delta_backward(
    const ck_delta_head *head, const float *states, const float *errors, const float *dout, long lddo,
    const ck_delta_gradients *gradients, float *scratch);

/// One token: updates the state, `[key_dimension, value_dimension]` without padding, and writes the output. The time and
/// the chunk of the shape do not matter.
/// - scratch: two rows of key_dimension floats.
void ck_delta_step(const ck_delta_head *head, float *state, float *out, float *scratch);

/// Rows of gated RMS norm: y = x / rms(x) * weight * act(gate), act being SiLU or, if `sigmoid`, the sigmoid.
void ck_gated_norm_forward(
    long rows, long width, const float *x, long ldx, const float *weight, const float *gate, long ldg, int sigmoid,
    float epsilon, float *y, long ldy, float *inverse_rms);

/// Writes dx, and dgate (added to if `accumulate_gate`); adds to dweight.
void ck_gated_norm_backward(
    long rows, long width, const float *x, long ldx, const float *weight, const float *gate, long ldg, int sigmoid,
    const float *inverse_rms, const float *dy, long lddy, float *dx, long lddx, float *dgate, long lddg,
    int accumulate_gate, float *dweight);

#endif
