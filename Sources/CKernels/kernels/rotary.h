// Rotary position embedding.
#pragma once

#pragma STDC FP_CONTRACT ON

static void isa_rotary(long time, long heads, long head_dimension, long rotary_dimension, const float *cosines,
                       const float *sines, float *x, long ldx, int inverse) {
  const long half = rotary_dimension / 2;
  const float sign = inverse ? -1.0f : 1.0f;
  for (long t = 0; t < time; t++, cosines += half, sines += half, x += ldx) {
    for (long h = 0; h < heads; h++) {
      float *first = x + h * head_dimension, *second = first + half;
      for (long i = 0; i < half; i += W) {
        vf c = row_load(cosines, i, half), s = row_load(sines, i, half) * sign;
        vf a = row_load(first, i, half), b = row_load(second, i, half);
        row_store(first, i, half, a * c - b * s);
        row_store(second, i, half, b * c + a * s);
      }
    }
  }
}
