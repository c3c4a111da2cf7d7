// Rotary position embedding.
#ifndef CK_ROTARY_H
#define CK_ROTARY_H

/// Turns, in place, the first `rotary_dimension` (even) elements of each head of each token: element i and element
/// i + rotary_dimension / 2 are a pair (the half-split order of GPT-NeoX and Llama checkpoints).
///
/// cosines, sines: [time, rotary_dimension / 2]. Head h of token t begins at x + t * ldx + h * head_dimension.
/// `inverse` turns back, which is the backward pass.
void ck_rotary(long time, long heads, long head_dimension, long rotary_dimension, const float *cosines,
               const float *sines, float *x, long ldx, int inverse);

#endif
