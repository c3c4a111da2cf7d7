// The system headers that kernels use. They come before any target pragma, which would change their functions too.
#ifndef CK_PRELUDE_H
#define CK_PRELUDE_H

#include <math.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "table.h"

#endif
