/* The loops of depthwise_any.h. Each worker copies a plane with kernel - 1 zeros around it into its work space, so that no
 * position needs a test; four neighbouring outputs are computed at a time. */
#include "depthwise_any.h"

#include "phases.h"

#define TYPE F32
#include "depthwise_any_typed.h"
#undef TYPE
#define TYPE F16
#include "depthwise_any_typed.h"
#undef TYPE
#define TYPE BF16
#include "depthwise_any_typed.h"
