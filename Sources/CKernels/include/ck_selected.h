// Softmax attention over selected tokens: the query heads of ONE key-value head, of ONE sequence; and the choice of them.
//
// Tokens are selected in blocks: block b is the tokens b * block_size ... (b + 1) * block_size - 1, of which a query sees
// those up to its own. Neighbouring queries are taken together, over the union of what they see.
#ifndef CK_SELECTED_H
#define CK_SELECTED_H

#include <stdint.h>

typedef struct {
  /// Query heads, key_dimension apart.
  long time, group, key_dimension, value_dimension;
  /// What scores are multiplied with.
  float scale;
  const float *q, *k, *v;
  long ldq, ldk, ldv;
  /// [time, count], the distance of two queries being ldb: blocks that a query sees, each once; -1 for none.
  const int32_t *blocks;
  long count, ldb, block_size;
} ck_selected_heads;

/// Floats of scratch that forward and backward need.
long ck_selected_scratch_count(long time, long key_dimension, long value_dimension, long count, long block_size);

/// out: heads value_dimension apart; logsumexp: [group, time], minus infinity for a query that sees nothing, whose
/// output is zero.
void ck_selected_forward(const ck_selected_heads *heads, float *out, long ldo, float *logsumexp, float *scratch);
/// Gradients from dout; those of keys and values are the sums over the group. attended [time, count * block_size], or
/// NULL: the probabilities of what each query sees are added to it, in the order of its blocks.
void ck_selected_backward(const ck_selected_heads *heads, const float *out, long ldo, const float *logsumexp,
                          const float *dout, long lddo, const ck_attention_gradients *gradients, float *attended,
                          float *scratch);

/// The `count` greatest of n values, in the order of their places; of equals the last. Fewer than count places are
/// followed by -1. scratch: [n].
void ck_select_top(long n, const float *values, long count, int32_t *places, float *scratch);

/// The lightning indexer (DeepSeek-V3.2): score(t, s) = scale sum over h of w(t, h) max(0, q(t, h) . k(s)).
typedef struct {
  long time, heads, dimension;
  float scale;
  /// q: [time, heads * dimension]; k: [time, dimension]; w: [time, heads].
  const float *q, *k, *w;
  long ldq, ldk, ldw;
} ck_indexer;

/// Where gradients are added to.
typedef struct {
  float *dq, *dk, *dw;
  long lddq, lddk, lddw;
} ck_indexer_gradients;

/// Floats of scratch that selection and the backward pass need.
long ck_indexer_scratch_count(long time, long heads, long dimension, long count, long block_size);
/// For every query the `count` blocks with the greatest scores, a block's being that of its best token that the query
/// may see. blocks: [time, count], -1 at the end of the first rows.
void ck_indexer_select(const ck_indexer *indexer, long count, long block_size, int32_t *blocks, float *scratch);
/// The scores of `keys` tokens for one query (`time` is not read). scratch: [heads, keys].
void ck_indexer_scores(const ck_indexer *indexer, long keys, float *scores, float *scratch);
/// The gradient of weight * sum over t of KL(p(t) || softmax(scores(t))) over the selected tokens, p(t) being
/// attended(t) * share. Returns that sum.
double ck_indexer_backward(const ck_indexer *indexer, long count, long block_size, const int32_t *blocks,
                           const float *attended, float share, float weight, const ck_indexer_gradients *gradients,
                           float *scratch);

#endif
