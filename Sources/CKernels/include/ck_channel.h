// Recurrences whose state decays by a factor of its own in every key channel: for one head of one sequence, with a state
// S of [key dimension, value dimension] and log decays g <= 0, one a key channel,
//
//   additive   S <- diag(e^g) S + k v'                                          gated linear attention (Yang et al.,
//              "Gated Linear Attention Transformers with Hardware-Efficient Training", 2023)
//   delta      S <- diag(e^g) S;  S <- S + beta k (v - S' k)'                   Kimi Delta Attention (Kimi Team, "Kimi
//              Linear: An Expressive, Efficient Attention Architecture", 2025)
//   low rank   S <- diag(e^g) S - w (S' r)' + k v', the old S on the right      RWKV-7 (Peng et al., "RWKV-7 'Goose'
//              with Expressive Dynamic State Evolution", 2025), r = kappa, w = kappa * a
//
//   o = scale S' q
//
// All three are S <- D S + sum over writes w of y_w u_w', where u is v, or the solution of a triangular system of what
// the keys r read. In chunks, with G the running sum of g within one,
//
//   read of x by row i   (e^{G_i} x_i) S0 + sum_{j<=i} (sum_c x_ic y_jc e^{G_ic - G_jc}) u_j
//
// in which the exponents of a row relative to an earlier one are at most 0, but each row's own is not bounded. So the
// chunk is cut into blocks of 16 rows. Across blocks both sides are scaled relative to the start of the row's block
// (e^{G_i - G_s} and e^{G_s - G_j}, both at most 1) and their products are matrix products; within a block every pair
// multiplies its own decays. All decays are products of the e^g, never of their inverses: nothing can overflow.
#ifndef CK_CHANNEL_H
#define CK_CHANNEL_H

enum { CK_CHANNEL_ADDITIVE = 0, CK_CHANNEL_DELTA = 1, CK_CHANNEL_LOW_RANK = 2 };

/// The dimensions of a head, from which the sizes of memory follow.
typedef struct {
  /// CK_CHANNEL_ADDITIVE, CK_CHANNEL_DELTA or CK_CHANNEL_LOW_RANK.
  int rule;
  /// Tokens.
  long time;
  /// Tokens of a chunk, rounded up to a multiple of 16; 0 for what is fastest.
  long chunk;
  long key_dimension;
  long value_dimension;
} ck_channel_shape;

/// One head of one sequence: where its inputs lie. A stride is the floats from one token to the next.
typedef struct {
  ck_channel_shape shape;
  /// Of the queries.
  float scale;
  const float *q;
  const float *k;
  const float *v;
  long ldq;
  long ldk;
  long ldv;
  /// Logarithms of the decays, at most 0, one a key channel.
  const float *g;
  long ldg;
  /// Of the delta rule: one number a token.
  const float *beta;
  long ldb;
  /// Of the low-rank rule: the keys that the old state is read with, and those that this is taken away with.
  const float *r;
  const float *w;
  long ldr;
  long ldw;
} ck_channel_head;

/// Where the gradients of a head go, laid out as its inputs.
typedef struct {
  float *q;
  float *k;
  float *v;
  long ldq;
  long ldk;
  long ldv;
  float *g;
  long ldg;
  float *beta;
  long ldb;
  float *r;
  float *w;
  long ldr;
  long ldw;
  /// Which of them are added to what is there: a sum of CK_CHANNEL_ADDS_.
  int accumulate;
} ck_channel_gradients;

enum {
  CK_CHANNEL_ADDS_Q = 1,
  CK_CHANNEL_ADDS_K = 2,
  CK_CHANNEL_ADDS_V = 4,
  CK_CHANNEL_ADDS_G = 8,
  CK_CHANNEL_ADDS_BETA = 16,
  CK_CHANNEL_ADDS_R = 32,
  CK_CHANNEL_ADDS_W = 64
};

/// Tokens of a chunk.
long ck_channel_chunk(ck_channel_shape shape);
/// Floats of one state as the chunked form keeps it: both dimensions rounded up to 16.
long ck_channel_state_count(ck_channel_shape shape);
/// Floats of the states that a forward pass keeps for the backward one: the first and one after each chunk.
long ck_channel_states_count(ck_channel_shape shape);
/// Floats of the solutions of the triangular systems that it keeps; 0 for the additive rule.
long ck_channel_solutions_count(ck_channel_shape shape);
/// Floats of scratch of either pass.
long ck_channel_scratch_count(ck_channel_shape shape);

/// Writes the outputs, `[time, value_dimension]` at stride `ldo`.
/// - states: the first is the state before the first token, given by the caller. Without `keep` there is only that one,
///   and it becomes the state after the last token; with `keep` the states after each chunk follow it.
/// - solutions: only used with `keep`.
void ck_channel_forward(
    const ck_channel_head *head, float *out, long ldo, int keep, float *states, float *solutions, float *scratch);

/// Writes the gradients of the inputs, from those of the outputs; the last state counts as unused.
void ck_channel_backward(
    const ck_channel_head *head, const float *states, const float *solutions, const float *dout, long lddo,
    const ck_channel_gradients *gradients, float *scratch);

/// One token: updates the state, `[key_dimension, value_dimension]` without padding, and writes the output. The time and
/// the chunk of the shape do not matter.
/// - scratch: three rows of key_dimension floats.
void ck_channel_step(const ck_channel_head *head, float *state, float *out, float *scratch);

/// How a log decay follows from the input z + bias of its gate.
enum {
  /// g = rate softplus(z)
  CK_DECAY_SOFTPLUS = 0,
  /// g = -rate log sigmoid(z)
  CK_DECAY_LOG_SIGMOID = 1,
  /// g = rate sigmoid(z)
  CK_DECAY_SIGMOID = 2
};

/// Log decays `[rows, heads * width]` of gates; the rate is -exp(a_log) of the head, or `rate` where a_log is NULL.
void ck_decay_gate_forward(
    int kind, long rows, long heads, long width, const float *z, long ldz, const float *bias, const float *a_log,
    float rate, float *g, long ldg);

/// Writes dz (added to if `accumulate`), and adds to the gradients of bias and of a_log, unless a_log is NULL.
void ck_decay_gate_backward(
    int kind, long rows, long heads, long width, const float *z, long ldz, const float *bias, const float *a_log,
    float rate, const float *dg, long lddg, float *dz, long lddz, int accumulate, float *dbias, float *da_log);

#endif
