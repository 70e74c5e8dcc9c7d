/* Continual learning with latent replay on ResNet8, batch 1: the front of the network (up to the second of three stages) is
 * frozen; a new sample runs through it once, and the rest is trained on the new sample's activations and then on stored ones
 * of earlier samples. All tensors lie in L2. */
#define NETWORK_RESNET8
#include "train.h"

enum { WIDE = 16 * 32 * 32, MIDDLE = 32 * 16 * 16, NARROW = 64 * 8 * 8, REPLAYS = 2 };

_Static_assert(NETWORK_RESULTS >= (1 + REPLAYS) * 16, "loss and logits of each sample have to fit");

/* Activations of earlier samples after the frozen front, and their classes. */
extern const REAL ennead_latents[REPLAYS * MIDDLE];
static const uint32_t labels[1 + REPLAYS] IN_L1 = {NETWORK_LABEL, 1, 7};

TENSOR(a1, WIDE);
TENSOR(a2, WIDE);
TENSOR(a3, WIDE);
TENSOR(a4, MIDDLE);
TENSOR(k5, MIDDLE);
TENSOR(a5, MIDDLE);
TENSOR(a6, NARROW);
TENSOR(k7, NARROW);
TENSOR(a7, NARROW);
TENSOR(d6, NARROW);
TENSOR(d7, NARROW);
TENSOR(scratch, 64 * 580);

void ennead_team_main(uint32_t core, uint32_t team) {
  const struct worker self = {core, team}, *w = &self;
  convolution_forward(w, &conv1, ennead_x, NULL, a1, 1);
  convolution_forward(w, &conv2, a1, NULL, a2, 1);
  convolution_forward(w, &conv3, a2, a1, a3, 1);
  convolution_forward(w, &conv4, a3, NULL, a4, 1);
  convolution_forward(w, &skip5, a3, NULL, k5, 0);
  convolution_forward(w, &conv5, a4, k5, a5, 1);
  for (uint32_t sample = 0; sample <= REPLAYS; sample++) {
    const REAL *latent = sample == 0 ? a5 : ennead_latents + (sample - 1) * MIDDLE;
    convolution_forward(w, &conv6, latent, NULL, a6, 1);
    convolution_forward(w, &skip7, latent, NULL, k7, 0);
    convolution_forward(w, &conv7, a6, k7, a7, 1);
    classifier_step(w, &classifier, a7, d7, labels[sample], ennead_output + 16 * sample, &rates);
    convolution_input_gradient(w, &conv7, d7, NULL, a6, d6, scratch);
    convolution_update(w, &conv7, a6, d7, &rates);
    convolution_update(w, &skip7, latent, d7, &rates);
    convolution_update(w, &conv6, latent, d6, &rates);
  }
}
