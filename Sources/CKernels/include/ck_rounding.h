// Rounding to the formats in which a decode state can be kept: to the nearest, ties to even, the same bits on every
// instruction set.
//
// Finite numbers beyond the largest of a format become that. Infinities and NaN stay what they are in the 16-bit
// formats; in the formats with a scale they make the scale NaN, and with it the whole row, so that a broken state never
// looks sound.
#ifndef CK_ROUNDING_H
#define CK_ROUNDING_H

enum {
  CK_FORMAT_BFLOAT16 = 1,
  CK_FORMAT_FLOAT16 = 2,
  /// -127 ... 127, times the row's largest magnitude / 127.
  CK_FORMAT_INT8 = 3,
  /// E4M3 (largest 448, smallest normal 2^-6, smallest 2^-9), times the row's largest magnitude / 448.
  CK_FORMAT_FP8 = 4,
  /// -7 ... 7, times the row's largest magnitude / 7.
  CK_FORMAT_INT4 = 5,
};

/// Rounds rows [rows, width] in place; each has a scale of its own where the format has one.
void ck_round_rows(int format, long rows, long width, float *x, long ld);

/// Bytes of a row: its numbers, after a float32 scale where the format has one. Two numbers of 4 bits share a byte, the
/// first in its low half; the last byte of an odd row is filled up with zero.
long ck_encoded_count(int format, long width);
/// Writes rows as bytes, one after another, in the byte order of the machine.
void ck_encode_rows(int format, long rows, long width, const float *x, long ld, unsigned char *bytes);
/// Reads them back: the bits that ck_round_rows gives.
void ck_decode_rows(int format, long rows, long width, const unsigned char *bytes, float *x, long ld);

/// Sum of (x - y)^2 and sum of y^2, in double precision and a fixed order.
void ck_squared_error(long n, const float *x, const float *y, double *error, double *norm);

#endif
