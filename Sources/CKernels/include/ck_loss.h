// Cross-entropy.
#ifndef CK_LOSS_H
#define CK_LOSS_H

#include <stdint.h>

/// nll[r] = log(sum(exp(logits[r]))) - logits[r, targets[r]]; argmax[r]: the first greatest logit (0 if all are NaN);
/// dlogits[r] = weights[r] (softmax(logits[r]) - onehot(targets[r])).
///
/// logits: [rows, vocabulary]. nll is not weighted. weights may be NULL (ones); nll, argmax and dlogits may be NULL;
/// dlogits may be logits. A NaN among the logits of a row makes its nll NaN.
void ck_cross_entropy(long rows, long vocabulary, const float *logits, const int32_t *targets, const float *weights,
                      float *nll, int32_t *argmax, float *dlogits);

#endif
