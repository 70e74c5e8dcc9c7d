/* The loops of depthwise.h. Each worker copies a plane with zeros around it into its work space, so that no position
 * needs a test; two neighbouring outputs are computed at a time, because a multiply-add that needs the one before would
 * wait for it. */
#include "depthwise.h"

#define TYPE F32
#include "depthwise_typed.h"
#undef TYPE
#define TYPE F16
#include "depthwise_typed.h"
#undef TYPE
#define TYPE BF16
#include "depthwise_typed.h"
