// Comparing two rows of logits.
#ifndef CK_LOGITS_H
#define CK_LOGITS_H

#include <stdint.h>

typedef struct {
  /// Whether all logits of both rows are numbers; if not, nothing else is set.
  int finite;
  /// The most likely token of each row, the first of equals.
  int32_t argmax_x, argmax_y;
  /// The distance of the two highest logits of x.
  float margin_x;
  /// Sum and largest of |x - y|.
  double difference_sum, difference_max;
  /// Kullback-Leibler divergences KL(x || y) and KL(y || x) of the probabilities, in nats; exact down to 1e-15.
  double kl_xy, kl_yx;
} ck_logit_comparison;

/// Compares two rows of at least one logit.
void ck_compare_logits(long vocabulary, const float *x, const float *y, ck_logit_comparison *result);

#endif
