// SHA-256 (FIPS 180-4), for content identities.
#ifndef CK_HASH_H
#define CK_HASH_H

#include <stddef.h>
#include <stdint.h>

/// Running state of a SHA-256 digest.
typedef struct {
  uint32_t state[8];
  uint64_t length;
  uint8_t buffer[64];
} ck_sha256;

void ck_sha256_start(ck_sha256 *hash);
void ck_sha256_update(ck_sha256 *hash, const void *bytes, size_t count);
/// Writes the digest; the state must be started anew before it is used again.
void ck_sha256_finish(ck_sha256 *hash, uint8_t digest[32]);

#endif
