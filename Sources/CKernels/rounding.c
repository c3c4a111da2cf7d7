// States as bytes. Plain C: it runs when a state is saved or restored, not at every token.
#include "include/ck_rounding.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

static int has_scale(int format) {
  return format == CK_FORMAT_INT8 || format == CK_FORMAT_FP8 || format == CK_FORMAT_INT4;
}

/// The largest number of a format with a scale.
static float largest_of(int format) {
  return format == CK_FORMAT_INT8 ? 127.0f : format == CK_FORMAT_INT4 ? 7.0f : 448.0f;
}

long ck_encoded_count(int format, long width) {
  if (format == CK_FORMAT_INT4) return 4 + (width + 1) / 2;
  return has_scale(format) ? 4 + width : 2 * width;
}

static uint32_t bits_of(float x) {
  uint32_t u;
  memcpy(&u, &x, 4);
  return u;
}

static float float_of(uint32_t u) {
  float x;
  memcpy(&x, &u, 4);
  return x;
}

/// The scale of a row, as ck_round_rows has it.
static float scale_of(int format, long width, const float *x) {
  float largest = 0;
  for (long i = 0; i < width; i++) {
    if (!isfinite(x[i])) return NAN;
    largest = fmaxf(largest, fabsf(x[i]));
  }
  return largest / largest_of(format);
}

// A number that ck_round_rows has rounded, in the bits of its format.

static uint16_t half_bits(float x) {
  uint32_t u = bits_of(x), m = u & 0x7fffffff, sign = u >> 16 & 0x8000;
  if (m > 0x7f800000) return (uint16_t)(sign | 0x7e00);
  if (m == 0x7f800000) return (uint16_t)(sign | 0x7c00);
  // Below 2^-14: multiples of 2^-24.
  if (m < 0x38800000) return (uint16_t)(sign | (uint32_t)(fabsf(x) * 0x1p24f));
  return (uint16_t)(sign | ((m >> 13) - (112 << 10)));
}

static float half_value(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000) << 16, m = h & 0x7fff;
  if (m >= 0x7c00) return float_of(sign | 0x7f800000 | (m & 0x3ff) << 13);
  if (m < 0x400) return float_of(sign | bits_of((float)m * 0x1p-24f));
  return float_of(sign | ((m + (112 << 10)) << 13));
}

static uint8_t fp8_bits(float x) {
  uint32_t u = bits_of(x), m = u & 0x7fffffff, sign = u >> 24 & 0x80;
  // Below 2^-6: multiples of 2^-9.
  if (m < 0x3c800000) return (uint8_t)(sign | (uint32_t)(fabsf(x) * 0x1p9f));
  return (uint8_t)(sign | ((m >> 20) - (120 << 3)));
}

static float fp8_value(uint8_t b) {
  uint32_t sign = (uint32_t)(b & 0x80) << 24, m = b & 0x7f;
  if (m < 8) return float_of(sign | bits_of((float)m * 0x1p-9f));
  return float_of(sign | ((m + (120 << 3)) << 20));
}

static void encode_row(int format, long width, const float *x, unsigned char *bytes) {
  if (!has_scale(format)) {
    for (long i = 0; i < width; i++) {
      float rounded = x[i];
      ck_round_rows(format, 1, 1, &rounded, 1);
      uint32_t u = bits_of(rounded);
      // The quiet bit keeps a NaN one when its low bits go.
      uint16_t h = format == CK_FORMAT_FLOAT16 ? half_bits(rounded)
                                               : (uint16_t)((u >> 16) | (isnan(rounded) ? 0x40 : 0));
      memcpy(bytes + 2 * i, &h, 2);
    }
    return;
  }
  const float scale = scale_of(format, width, x);
  memcpy(bytes, &scale, 4);
  for (long i = 0; i < width; i++) {
    const float v = isnan(scale) ? 0 : scale == 0 ? x[i] * 0 : x[i] / scale;
    if (format == CK_FORMAT_INT8) {
      bytes[4 + i] = (unsigned char)(signed char)fminf(fmaxf(rintf(v), -127), 127);
    } else if (format == CK_FORMAT_INT4) {
      const unsigned char half = (unsigned char)((int)fminf(fmaxf(rintf(v), -7), 7) & 15);
      bytes[4 + i / 2] = (unsigned char)(i % 2 ? bytes[4 + i / 2] | half << 4 : half);
    } else {
      // The row of its own largest magnitude and 448 has a scale of one.
      float pair[2] = {fminf(fmaxf(v, -448), 448), 448};
      ck_round_rows(CK_FORMAT_FP8, 1, 2, pair, 2);
      bytes[4 + i] = fp8_bits(pair[0]);
    }
  }
}

static void decode_row(int format, long width, const unsigned char *bytes, float *x) {
  if (!has_scale(format)) {
    for (long i = 0; i < width; i++) {
      uint16_t h;
      memcpy(&h, bytes + 2 * i, 2);
      x[i] = format == CK_FORMAT_FLOAT16 ? half_value(h) : float_of((uint32_t)h << 16);
    }
    return;
  }
  float scale;
  memcpy(&scale, bytes, 4);
  for (long i = 0; i < width; i++) {
    float v;
    if (format == CK_FORMAT_INT8) {
      v = (float)(signed char)bytes[4 + i];
    } else if (format == CK_FORMAT_INT4) {
      const int half = bytes[4 + i / 2] >> (i % 2 ? 4 : 0) & 15;
      v = (float)(half < 8 ? half : half - 16);
    } else {
      v = fp8_value(bytes[4 + i]);
    }
    x[i] = v * scale;
  }
}

void ck_encode_rows(int format, long rows, long width, const float *x, long ld, unsigned char *bytes) {
  const long count = ck_encoded_count(format, width);
  for (long r = 0; r < rows; r++) encode_row(format, width, x + r * ld, bytes + r * count);
}

void ck_decode_rows(int format, long rows, long width, const unsigned char *bytes, float *x, long ld) {
  const long count = ck_encoded_count(format, width);
  for (long r = 0; r < rows; r++) decode_row(format, width, bytes + r * count, x + r * ld);
}
