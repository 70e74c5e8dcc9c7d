/* Written by golden/networks.py. */
#ifndef ENNEAD_NETWORKS_H
#define ENNEAD_NETWORKS_H

#define NETWORK_RATE 0.015625f
#define NETWORK_MOMENTUM 0.875f
#define NETWORK_DECAY 0.0009765625f
#define NETWORK_RESULTS 64

#if defined(NETWORK_RESNET8) && ENNEAD_BITS == 32
#define NETWORK_LABEL 3
#define NETWORK_LAYERS \
  CONVOLUTION(0, conv1, 64, 544, 30, 3, 32, 32, 1024, 16, 32, 32, 1024, 3, 3, 1, 1, 1) \
  CONVOLUTION(1, conv2, 560, 2896, 146, 16, 32, 32, 1024, 16, 32, 32, 1024, 3, 3, 1, 1, 1) \
  CONVOLUTION(2, conv3, 2912, 5248, 146, 16, 32, 32, 1024, 16, 32, 32, 1024, 3, 3, 1, 1, 1) \
  CONVOLUTION(3, conv4, 5264, 9936, 146, 16, 32, 32, 1024, 32, 16, 16, 256, 3, 3, 2, 0, 0) \
  CONVOLUTION(4, conv5, 9968, 19248, 290, 32, 16, 16, 256, 32, 16, 16, 256, 3, 3, 1, 1, 1) \
  CONVOLUTION(5, skip5, 19280, 19856, 18, 16, 32, 32, 1024, 32, 16, 16, 256, 1, 1, 2, 0, 0) \
  CONVOLUTION(6, conv6, 19888, 38448, 290, 32, 16, 16, 256, 64, 8, 8, 64, 3, 3, 2, 0, 0) \
  CONVOLUTION(7, conv7, 38512, 75504, 578, 64, 8, 8, 64, 64, 8, 8, 64, 3, 3, 1, 1, 1) \
  CONVOLUTION(8, skip7, 75568, 77744, 34, 32, 16, 16, 256, 64, 8, 8, 64, 1, 1, 2, 0, 0) \
  CLASSIFIER(9, classifier, 77808, 78468, 66, 64, 64, 64, 10)
#define NETWORK_LAYER_COUNT 10
#define NETWORK_PARAMETERS 78478
ENNEAD_REGION(1, "conv1/forward");
ENNEAD_REGION(2, "conv1/forward/wait");
ENNEAD_REGION(3, "conv1/input-gradient");
ENNEAD_REGION(4, "conv1/input-gradient/wait");
ENNEAD_REGION(5, "conv1/weight-gradient");
ENNEAD_REGION(6, "conv1/weight-gradient/wait");
ENNEAD_REGION(7, "conv2/forward");
ENNEAD_REGION(8, "conv2/forward/wait");
ENNEAD_REGION(9, "conv2/input-gradient");
ENNEAD_REGION(10, "conv2/input-gradient/wait");
ENNEAD_REGION(11, "conv2/weight-gradient");
ENNEAD_REGION(12, "conv2/weight-gradient/wait");
ENNEAD_REGION(13, "conv3/forward");
ENNEAD_REGION(14, "conv3/forward/wait");
ENNEAD_REGION(15, "conv3/input-gradient");
ENNEAD_REGION(16, "conv3/input-gradient/wait");
ENNEAD_REGION(17, "conv3/weight-gradient");
ENNEAD_REGION(18, "conv3/weight-gradient/wait");
ENNEAD_REGION(19, "conv4/forward");
ENNEAD_REGION(20, "conv4/forward/wait");
ENNEAD_REGION(21, "conv4/input-gradient");
ENNEAD_REGION(22, "conv4/input-gradient/wait");
ENNEAD_REGION(23, "conv4/weight-gradient");
ENNEAD_REGION(24, "conv4/weight-gradient/wait");
ENNEAD_REGION(25, "conv5/forward");
ENNEAD_REGION(26, "conv5/forward/wait");
ENNEAD_REGION(27, "conv5/input-gradient");
ENNEAD_REGION(28, "conv5/input-gradient/wait");
ENNEAD_REGION(29, "conv5/weight-gradient");
ENNEAD_REGION(30, "conv5/weight-gradient/wait");
ENNEAD_REGION(31, "skip5/forward");
ENNEAD_REGION(32, "skip5/forward/wait");
ENNEAD_REGION(33, "skip5/input-gradient");
ENNEAD_REGION(34, "skip5/input-gradient/wait");
ENNEAD_REGION(35, "skip5/weight-gradient");
ENNEAD_REGION(36, "skip5/weight-gradient/wait");
ENNEAD_REGION(37, "conv6/forward");
ENNEAD_REGION(38, "conv6/forward/wait");
ENNEAD_REGION(39, "conv6/input-gradient");
ENNEAD_REGION(40, "conv6/input-gradient/wait");
ENNEAD_REGION(41, "conv6/weight-gradient");
ENNEAD_REGION(42, "conv6/weight-gradient/wait");
ENNEAD_REGION(43, "conv7/forward");
ENNEAD_REGION(44, "conv7/forward/wait");
ENNEAD_REGION(45, "conv7/input-gradient");
ENNEAD_REGION(46, "conv7/input-gradient/wait");
ENNEAD_REGION(47, "conv7/weight-gradient");
ENNEAD_REGION(48, "conv7/weight-gradient/wait");
ENNEAD_REGION(49, "skip7/forward");
ENNEAD_REGION(50, "skip7/forward/wait");
ENNEAD_REGION(51, "skip7/input-gradient");
ENNEAD_REGION(52, "skip7/input-gradient/wait");
ENNEAD_REGION(53, "skip7/weight-gradient");
ENNEAD_REGION(54, "skip7/weight-gradient/wait");
ENNEAD_REGION(55, "classifier/forward");
ENNEAD_REGION(56, "classifier/forward/wait");
ENNEAD_REGION(57, "classifier/input-gradient");
ENNEAD_REGION(58, "classifier/input-gradient/wait");
ENNEAD_REGION(59, "classifier/weight-gradient");
ENNEAD_REGION(60, "classifier/weight-gradient/wait");
#endif

#if defined(NETWORK_RESNET8) && ENNEAD_BITS == 16
#define NETWORK_LABEL 3
#define NETWORK_LAYERS \
  CONVOLUTION(0, conv1, 64, 512, 28, 3, 32, 32, 1024, 16, 32, 32, 1024, 3, 3, 1, 1, 1) \
  CONVOLUTION(1, conv2, 528, 2896, 148, 16, 32, 32, 1024, 16, 32, 32, 1024, 3, 3, 1, 1, 1) \
  CONVOLUTION(2, conv3, 2912, 5280, 148, 16, 32, 32, 1024, 16, 32, 32, 1024, 3, 3, 1, 1, 1) \
  CONVOLUTION(3, conv4, 5296, 10032, 148, 16, 32, 32, 1024, 32, 16, 16, 256, 3, 3, 2, 0, 0) \
  CONVOLUTION(4, conv5, 10064, 19408, 292, 32, 16, 16, 256, 32, 16, 16, 256, 3, 3, 1, 1, 1) \
  CONVOLUTION(5, skip5, 19440, 20080, 20, 16, 32, 32, 1024, 32, 16, 16, 256, 1, 1, 2, 0, 0) \
  CONVOLUTION(6, conv6, 20112, 38800, 292, 32, 16, 16, 256, 64, 8, 8, 64, 3, 3, 2, 0, 0) \
  CONVOLUTION(7, conv7, 38864, 75984, 580, 64, 8, 8, 64, 64, 8, 8, 64, 3, 3, 1, 1, 1) \
  CONVOLUTION(8, skip7, 76048, 78352, 36, 32, 16, 16, 256, 64, 8, 8, 64, 1, 1, 2, 0, 0) \
  CLASSIFIER(9, classifier, 78416, 79096, 68, 64, 64, 64, 10)
#define NETWORK_LAYER_COUNT 10
#define NETWORK_PARAMETERS 79106
ENNEAD_REGION(1, "conv1/forward");
ENNEAD_REGION(2, "conv1/forward/wait");
ENNEAD_REGION(3, "conv1/input-gradient");
ENNEAD_REGION(4, "conv1/input-gradient/wait");
ENNEAD_REGION(5, "conv1/weight-gradient");
ENNEAD_REGION(6, "conv1/weight-gradient/wait");
ENNEAD_REGION(7, "conv2/forward");
ENNEAD_REGION(8, "conv2/forward/wait");
ENNEAD_REGION(9, "conv2/input-gradient");
ENNEAD_REGION(10, "conv2/input-gradient/wait");
ENNEAD_REGION(11, "conv2/weight-gradient");
ENNEAD_REGION(12, "conv2/weight-gradient/wait");
ENNEAD_REGION(13, "conv3/forward");
ENNEAD_REGION(14, "conv3/forward/wait");
ENNEAD_REGION(15, "conv3/input-gradient");
ENNEAD_REGION(16, "conv3/input-gradient/wait");
ENNEAD_REGION(17, "conv3/weight-gradient");
ENNEAD_REGION(18, "conv3/weight-gradient/wait");
ENNEAD_REGION(19, "conv4/forward");
ENNEAD_REGION(20, "conv4/forward/wait");
ENNEAD_REGION(21, "conv4/input-gradient");
ENNEAD_REGION(22, "conv4/input-gradient/wait");
ENNEAD_REGION(23, "conv4/weight-gradient");
ENNEAD_REGION(24, "conv4/weight-gradient/wait");
ENNEAD_REGION(25, "conv5/forward");
ENNEAD_REGION(26, "conv5/forward/wait");
ENNEAD_REGION(27, "conv5/input-gradient");
ENNEAD_REGION(28, "conv5/input-gradient/wait");
ENNEAD_REGION(29, "conv5/weight-gradient");
ENNEAD_REGION(30, "conv5/weight-gradient/wait");
ENNEAD_REGION(31, "skip5/forward");
ENNEAD_REGION(32, "skip5/forward/wait");
ENNEAD_REGION(33, "skip5/input-gradient");
ENNEAD_REGION(34, "skip5/input-gradient/wait");
ENNEAD_REGION(35, "skip5/weight-gradient");
ENNEAD_REGION(36, "skip5/weight-gradient/wait");
ENNEAD_REGION(37, "conv6/forward");
ENNEAD_REGION(38, "conv6/forward/wait");
ENNEAD_REGION(39, "conv6/input-gradient");
ENNEAD_REGION(40, "conv6/input-gradient/wait");
ENNEAD_REGION(41, "conv6/weight-gradient");
ENNEAD_REGION(42, "conv6/weight-gradient/wait");
ENNEAD_REGION(43, "conv7/forward");
ENNEAD_REGION(44, "conv7/forward/wait");
ENNEAD_REGION(45, "conv7/input-gradient");
ENNEAD_REGION(46, "conv7/input-gradient/wait");
ENNEAD_REGION(47, "conv7/weight-gradient");
ENNEAD_REGION(48, "conv7/weight-gradient/wait");
ENNEAD_REGION(49, "skip7/forward");
ENNEAD_REGION(50, "skip7/forward/wait");
ENNEAD_REGION(51, "skip7/input-gradient");
ENNEAD_REGION(52, "skip7/input-gradient/wait");
ENNEAD_REGION(53, "skip7/weight-gradient");
ENNEAD_REGION(54, "skip7/weight-gradient/wait");
ENNEAD_REGION(55, "classifier/forward");
ENNEAD_REGION(56, "classifier/forward/wait");
ENNEAD_REGION(57, "classifier/input-gradient");
ENNEAD_REGION(58, "classifier/input-gradient/wait");
ENNEAD_REGION(59, "classifier/weight-gradient");
ENNEAD_REGION(60, "classifier/weight-gradient/wait");
#endif

#if defined(NETWORK_DSCNN) && ENNEAD_BITS == 32
#define NETWORK_LABEL 5
#define NETWORK_LAYERS \
  CONVOLUTION(0, conv1, 64, 2752, 42, 1, 49, 10, 490, 64, 25, 5, 130, 10, 4, 2, 4, 1) \
  DEPTHWISE(1, depthwise1, 2816, 3456, 10, 64, 25, 5, 130) \
  CONVOLUTION(2, pointwise1, 3520, 7744, 66, 64, 1, 128, 130, 64, 1, 128, 130, 1, 1, 1, 0, 0) \
  DEPTHWISE(3, depthwise2, 7808, 8448, 10, 64, 25, 5, 130) \
  CONVOLUTION(4, pointwise2, 8512, 12736, 66, 64, 1, 128, 130, 64, 1, 128, 130, 1, 1, 1, 0, 0) \
  DEPTHWISE(5, depthwise3, 12800, 13440, 10, 64, 25, 5, 130) \
  CONVOLUTION(6, pointwise3, 13504, 17728, 66, 64, 1, 128, 130, 64, 1, 128, 130, 1, 1, 1, 0, 0) \
  DEPTHWISE(7, depthwise4, 17792, 18432, 10, 64, 25, 5, 130) \
  CONVOLUTION(8, pointwise4, 18496, 22720, 66, 64, 1, 128, 130, 64, 1, 128, 130, 1, 1, 1, 0, 0) \
  CLASSIFIER(9, classifier, 22784, 23576, 66, 64, 125, 130, 12)
#define NETWORK_LAYER_COUNT 10
#define NETWORK_PARAMETERS 23588
ENNEAD_REGION(1, "conv1/forward");
ENNEAD_REGION(2, "conv1/forward/wait");
ENNEAD_REGION(3, "conv1/input-gradient");
ENNEAD_REGION(4, "conv1/input-gradient/wait");
ENNEAD_REGION(5, "conv1/weight-gradient");
ENNEAD_REGION(6, "conv1/weight-gradient/wait");
ENNEAD_REGION(7, "depthwise1/forward");
ENNEAD_REGION(8, "depthwise1/forward/wait");
ENNEAD_REGION(9, "depthwise1/input-gradient");
ENNEAD_REGION(10, "depthwise1/input-gradient/wait");
ENNEAD_REGION(11, "depthwise1/weight-gradient");
ENNEAD_REGION(12, "depthwise1/weight-gradient/wait");
ENNEAD_REGION(13, "pointwise1/forward");
ENNEAD_REGION(14, "pointwise1/forward/wait");
ENNEAD_REGION(15, "pointwise1/input-gradient");
ENNEAD_REGION(16, "pointwise1/input-gradient/wait");
ENNEAD_REGION(17, "pointwise1/weight-gradient");
ENNEAD_REGION(18, "pointwise1/weight-gradient/wait");
ENNEAD_REGION(19, "depthwise2/forward");
ENNEAD_REGION(20, "depthwise2/forward/wait");
ENNEAD_REGION(21, "depthwise2/input-gradient");
ENNEAD_REGION(22, "depthwise2/input-gradient/wait");
ENNEAD_REGION(23, "depthwise2/weight-gradient");
ENNEAD_REGION(24, "depthwise2/weight-gradient/wait");
ENNEAD_REGION(25, "pointwise2/forward");
ENNEAD_REGION(26, "pointwise2/forward/wait");
ENNEAD_REGION(27, "pointwise2/input-gradient");
ENNEAD_REGION(28, "pointwise2/input-gradient/wait");
ENNEAD_REGION(29, "pointwise2/weight-gradient");
ENNEAD_REGION(30, "pointwise2/weight-gradient/wait");
ENNEAD_REGION(31, "depthwise3/forward");
ENNEAD_REGION(32, "depthwise3/forward/wait");
ENNEAD_REGION(33, "depthwise3/input-gradient");
ENNEAD_REGION(34, "depthwise3/input-gradient/wait");
ENNEAD_REGION(35, "depthwise3/weight-gradient");
ENNEAD_REGION(36, "depthwise3/weight-gradient/wait");
ENNEAD_REGION(37, "pointwise3/forward");
ENNEAD_REGION(38, "pointwise3/forward/wait");
ENNEAD_REGION(39, "pointwise3/input-gradient");
ENNEAD_REGION(40, "pointwise3/input-gradient/wait");
ENNEAD_REGION(41, "pointwise3/weight-gradient");
ENNEAD_REGION(42, "pointwise3/weight-gradient/wait");
ENNEAD_REGION(43, "depthwise4/forward");
ENNEAD_REGION(44, "depthwise4/forward/wait");
ENNEAD_REGION(45, "depthwise4/input-gradient");
ENNEAD_REGION(46, "depthwise4/input-gradient/wait");
ENNEAD_REGION(47, "depthwise4/weight-gradient");
ENNEAD_REGION(48, "depthwise4/weight-gradient/wait");
ENNEAD_REGION(49, "pointwise4/forward");
ENNEAD_REGION(50, "pointwise4/forward/wait");
ENNEAD_REGION(51, "pointwise4/input-gradient");
ENNEAD_REGION(52, "pointwise4/input-gradient/wait");
ENNEAD_REGION(53, "pointwise4/weight-gradient");
ENNEAD_REGION(54, "pointwise4/weight-gradient/wait");
ENNEAD_REGION(55, "classifier/forward");
ENNEAD_REGION(56, "classifier/forward/wait");
ENNEAD_REGION(57, "classifier/input-gradient");
ENNEAD_REGION(58, "classifier/input-gradient/wait");
ENNEAD_REGION(59, "classifier/weight-gradient");
ENNEAD_REGION(60, "classifier/weight-gradient/wait");
#endif

#if defined(NETWORK_DSCNN) && ENNEAD_BITS == 16
#define NETWORK_LABEL 5
#define NETWORK_LAYERS \
  CONVOLUTION(0, conv1, 64, 2880, 44, 1, 49, 10, 490, 64, 25, 5, 132, 10, 4, 2, 4, 1) \
  DEPTHWISE(1, depthwise1, 2944, 3584, 10, 64, 25, 5, 132) \
  CONVOLUTION(2, pointwise1, 3648, 8000, 68, 64, 1, 128, 132, 64, 1, 128, 132, 1, 1, 1, 0, 0) \
  DEPTHWISE(3, depthwise2, 8064, 8704, 10, 64, 25, 5, 132) \
  CONVOLUTION(4, pointwise2, 8768, 13120, 68, 64, 1, 128, 132, 64, 1, 128, 132, 1, 1, 1, 0, 0) \
  DEPTHWISE(5, depthwise3, 13184, 13824, 10, 64, 25, 5, 132) \
  CONVOLUTION(6, pointwise3, 13888, 18240, 68, 64, 1, 128, 132, 64, 1, 128, 132, 1, 1, 1, 0, 0) \
  DEPTHWISE(7, depthwise4, 18304, 18944, 10, 64, 25, 5, 132) \
  CONVOLUTION(8, pointwise4, 19008, 23360, 68, 64, 1, 128, 132, 64, 1, 128, 132, 1, 1, 1, 0, 0) \
  CLASSIFIER(9, classifier, 23424, 24240, 68, 64, 125, 132, 12)
#define NETWORK_LAYER_COUNT 10
#define NETWORK_PARAMETERS 24252
ENNEAD_REGION(1, "conv1/forward");
ENNEAD_REGION(2, "conv1/forward/wait");
ENNEAD_REGION(3, "conv1/input-gradient");
ENNEAD_REGION(4, "conv1/input-gradient/wait");
ENNEAD_REGION(5, "conv1/weight-gradient");
ENNEAD_REGION(6, "conv1/weight-gradient/wait");
ENNEAD_REGION(7, "depthwise1/forward");
ENNEAD_REGION(8, "depthwise1/forward/wait");
ENNEAD_REGION(9, "depthwise1/input-gradient");
ENNEAD_REGION(10, "depthwise1/input-gradient/wait");
ENNEAD_REGION(11, "depthwise1/weight-gradient");
ENNEAD_REGION(12, "depthwise1/weight-gradient/wait");
ENNEAD_REGION(13, "pointwise1/forward");
ENNEAD_REGION(14, "pointwise1/forward/wait");
ENNEAD_REGION(15, "pointwise1/input-gradient");
ENNEAD_REGION(16, "pointwise1/input-gradient/wait");
ENNEAD_REGION(17, "pointwise1/weight-gradient");
ENNEAD_REGION(18, "pointwise1/weight-gradient/wait");
ENNEAD_REGION(19, "depthwise2/forward");
ENNEAD_REGION(20, "depthwise2/forward/wait");
ENNEAD_REGION(21, "depthwise2/input-gradient");
ENNEAD_REGION(22, "depthwise2/input-gradient/wait");
ENNEAD_REGION(23, "depthwise2/weight-gradient");
ENNEAD_REGION(24, "depthwise2/weight-gradient/wait");
ENNEAD_REGION(25, "pointwise2/forward");
ENNEAD_REGION(26, "pointwise2/forward/wait");
ENNEAD_REGION(27, "pointwise2/input-gradient");
ENNEAD_REGION(28, "pointwise2/input-gradient/wait");
ENNEAD_REGION(29, "pointwise2/weight-gradient");
ENNEAD_REGION(30, "pointwise2/weight-gradient/wait");
ENNEAD_REGION(31, "depthwise3/forward");
ENNEAD_REGION(32, "depthwise3/forward/wait");
ENNEAD_REGION(33, "depthwise3/input-gradient");
ENNEAD_REGION(34, "depthwise3/input-gradient/wait");
ENNEAD_REGION(35, "depthwise3/weight-gradient");
ENNEAD_REGION(36, "depthwise3/weight-gradient/wait");
ENNEAD_REGION(37, "pointwise3/forward");
ENNEAD_REGION(38, "pointwise3/forward/wait");
ENNEAD_REGION(39, "pointwise3/input-gradient");
ENNEAD_REGION(40, "pointwise3/input-gradient/wait");
ENNEAD_REGION(41, "pointwise3/weight-gradient");
ENNEAD_REGION(42, "pointwise3/weight-gradient/wait");
ENNEAD_REGION(43, "depthwise4/forward");
ENNEAD_REGION(44, "depthwise4/forward/wait");
ENNEAD_REGION(45, "depthwise4/input-gradient");
ENNEAD_REGION(46, "depthwise4/input-gradient/wait");
ENNEAD_REGION(47, "depthwise4/weight-gradient");
ENNEAD_REGION(48, "depthwise4/weight-gradient/wait");
ENNEAD_REGION(49, "pointwise4/forward");
ENNEAD_REGION(50, "pointwise4/forward/wait");
ENNEAD_REGION(51, "pointwise4/input-gradient");
ENNEAD_REGION(52, "pointwise4/input-gradient/wait");
ENNEAD_REGION(53, "pointwise4/weight-gradient");
ENNEAD_REGION(54, "pointwise4/weight-gradient/wait");
ENNEAD_REGION(55, "classifier/forward");
ENNEAD_REGION(56, "classifier/forward/wait");
ENNEAD_REGION(57, "classifier/input-gradient");
ENNEAD_REGION(58, "classifier/input-gradient/wait");
ENNEAD_REGION(59, "classifier/weight-gradient");
ENNEAD_REGION(60, "classifier/weight-gradient/wait");
#endif

#endif
