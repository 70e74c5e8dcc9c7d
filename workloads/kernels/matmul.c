/* How a team divides a matrix multiply into register tiles (tiles.h), and what covers the edges.
 *
 * Workers that run in step must not meet in one bank at every load. So neighbouring rows of A go to different
 * workers (where a row is twice an odd number of words long, eight of them then lie in different banks), and each begins at another
 * column of tiles. */
#include "matmul.h"

#include "chain.h"
#include "share.h"
#include "tiles.h"

#define TYPE F32
#include "matmul_typed.h"
#undef TYPE
#define TYPE F16
#include "matmul_typed.h"
#undef TYPE
#define TYPE BF16
#include "matmul_typed.h"
