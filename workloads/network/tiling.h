/* Which tiles each step of each layer uses. Written by `ennead tune`. */
#ifndef ENNEAD_TILING_H
#define ENNEAD_TILING_H

#define NETWORK_TILING {{0, 0}}

#endif
