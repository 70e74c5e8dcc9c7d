/* Written by golden/generate.py. */
#ifndef ENNEAD_SHAPES_H
#define ENNEAD_SHAPES_H

#ifndef MATMUL_N
#define MATMUL_N 96
#endif
#ifndef MATMUL_M
#define MATMUL_M 96
#endif
#ifndef MATMUL_K
#define MATMUL_K 96
#endif
#ifndef LINEAR_NI
#define LINEAR_NI 256
#endif
#ifndef LINEAR_NO
#define LINEAR_NO 64
#endif
#ifndef SGD_RATE
#define SGD_RATE 0.015625f
#endif
#ifndef SGD_MOMENTUM
#define SGD_MOMENTUM 0.875f
#endif
#ifndef SGD_DECAY
#define SGD_DECAY 0.0009765625f
#endif
#ifndef ELEMENTS
#define ELEMENTS 8192
#endif
#ifndef PRIMITIVE_C
#define PRIMITIVE_C 16
#endif
#ifndef PRIMITIVE_H
#define PRIMITIVE_H 16
#endif
#ifndef PRIMITIVE_W
#define PRIMITIVE_W 16
#endif
#ifndef PRIMITIVE_ELEMENTS
#define PRIMITIVE_ELEMENTS 4096
#endif
#ifndef PRIMITIVE_SLOPE
#define PRIMITIVE_SLOPE 0.1f
#endif
#ifndef PRIMITIVE_EPSILON
#define PRIMITIVE_EPSILON 0.0009765625f
#endif
#ifndef PRIMITIVE_SHARE
#define PRIMITIVE_SHARE 0.00048828125f
#endif
#ifndef UNROLLED_N
#define UNROLLED_N 32
#endif
#ifndef UNROLLED_M
#define UNROLLED_M 32
#endif
#ifndef UNROLLED_K
#define UNROLLED_K 32
#endif
#ifndef HEAD_CLASSES
#define HEAD_CLASSES 12
#endif
#ifndef HEAD_LABEL
#define HEAD_LABEL 3
#endif
#ifndef HEAD_CHANNELS
#define HEAD_CHANNELS 16
#endif
#ifndef HEAD_POSITIONS
#define HEAD_POSITIONS 64
#endif
#ifndef RESIDUAL
#define RESIDUAL 4096
#endif
#ifndef MLP_NI
#define MLP_NI 64
#endif
#ifndef MLP_NH
#define MLP_NH 32
#endif
#ifndef MLP_NO
#define MLP_NO 16
#endif
#ifndef MLP_STEPS
#define MLP_STEPS 48
#endif
#ifndef MLP_SAMPLES
#define MLP_SAMPLES 4
#endif
#ifndef MLP_RATE
#define MLP_RATE 0.0625f
#endif
#ifndef MLP_MOMENTUM
#define MLP_MOMENTUM 0.5f
#endif
#if ENNEAD_BITS == 32
#ifndef MATMUL_LDA
#define MATMUL_LDA 98
#endif
#ifndef LINEAR_LDW
#define LINEAR_LDW 258
#endif
#ifndef MLP_LD1
#define MLP_LD1 66
#endif
#ifndef MLP_LD2
#define MLP_LD2 34
#endif
#elif ENNEAD_BITS == 16
#ifndef MATMUL_LDA
#define MATMUL_LDA 100
#endif
#ifndef LINEAR_LDW
#define LINEAR_LDW 260
#endif
#ifndef MLP_LD1
#define MLP_LD1 68
#endif
#ifndef MLP_LD2
#define MLP_LD2 36
#endif
#endif

#ifdef SHAPE_CONV2D
#ifndef CONV_CIN
#define CONV_CIN 16
#endif
#ifndef CONV_COUT
#define CONV_COUT 32
#endif
#ifndef CONV_H
#define CONV_H 16
#endif
#ifndef CONV_W
#define CONV_W 16
#endif
#ifndef CONV_KERNEL
#define CONV_KERNEL 3
#endif
#ifndef CONV_STRIDE
#define CONV_STRIDE 1
#endif
#ifndef CONV_PADDING
#define CONV_PADDING 1
#endif
#if ENNEAD_BITS == 32
#ifndef CONV_LDW
#define CONV_LDW 146
#endif
#ifndef CONV_LDY
#define CONV_LDY 258
#endif
#elif ENNEAD_BITS == 16
#ifndef CONV_LDW
#define CONV_LDW 148
#endif
#ifndef CONV_LDY
#define CONV_LDY 260
#endif
#endif
#endif
#ifdef SHAPE_CONV2D_S2
#ifndef CONV_CIN
#define CONV_CIN 16
#endif
#ifndef CONV_COUT
#define CONV_COUT 32
#endif
#ifndef CONV_H
#define CONV_H 16
#endif
#ifndef CONV_W
#define CONV_W 16
#endif
#ifndef CONV_KERNEL
#define CONV_KERNEL 3
#endif
#ifndef CONV_STRIDE
#define CONV_STRIDE 2
#endif
#ifndef CONV_PADDING
#define CONV_PADDING 1
#endif
#if ENNEAD_BITS == 32
#ifndef CONV_LDW
#define CONV_LDW 146
#endif
#ifndef CONV_LDY
#define CONV_LDY 66
#endif
#elif ENNEAD_BITS == 16
#ifndef CONV_LDW
#define CONV_LDW 148
#endif
#ifndef CONV_LDY
#define CONV_LDY 68
#endif
#endif
#endif
#ifdef SHAPE_POINTWISE
#ifndef CONV_CIN
#define CONV_CIN 32
#endif
#ifndef CONV_COUT
#define CONV_COUT 64
#endif
#ifndef CONV_H
#define CONV_H 16
#endif
#ifndef CONV_W
#define CONV_W 16
#endif
#ifndef CONV_KERNEL
#define CONV_KERNEL 1
#endif
#ifndef CONV_STRIDE
#define CONV_STRIDE 1
#endif
#ifndef CONV_PADDING
#define CONV_PADDING 0
#endif
#if ENNEAD_BITS == 32
#ifndef CONV_LDW
#define CONV_LDW 34
#endif
#ifndef CONV_LDY
#define CONV_LDY 258
#endif
#elif ENNEAD_BITS == 16
#ifndef CONV_LDW
#define CONV_LDW 36
#endif
#ifndef CONV_LDY
#define CONV_LDY 260
#endif
#endif
#endif
#ifdef SHAPE_CONV2D_HWC
#ifndef CONV_CIN
#define CONV_CIN 16
#endif
#ifndef CONV_COUT
#define CONV_COUT 16
#endif
#ifndef CONV_H
#define CONV_H 8
#endif
#ifndef CONV_W
#define CONV_W 8
#endif
#ifndef CONV_KERNEL
#define CONV_KERNEL 3
#endif
#ifndef CONV_STRIDE
#define CONV_STRIDE 1
#endif
#ifndef CONV_PADDING
#define CONV_PADDING 1
#endif
#if ENNEAD_BITS == 32
#ifndef CONV_LDW
#define CONV_LDW 146
#endif
#ifndef CONV_LDY
#define CONV_LDY 66
#endif
#elif ENNEAD_BITS == 16
#ifndef CONV_LDW
#define CONV_LDW 148
#endif
#ifndef CONV_LDY
#define CONV_LDY 68
#endif
#endif
#endif
#ifdef SHAPE_CONV2D_HWC_S2
#ifndef CONV_CIN
#define CONV_CIN 16
#endif
#ifndef CONV_COUT
#define CONV_COUT 16
#endif
#ifndef CONV_H
#define CONV_H 8
#endif
#ifndef CONV_W
#define CONV_W 8
#endif
#ifndef CONV_KERNEL
#define CONV_KERNEL 3
#endif
#ifndef CONV_STRIDE
#define CONV_STRIDE 2
#endif
#ifndef CONV_PADDING
#define CONV_PADDING 1
#endif
#if ENNEAD_BITS == 32
#ifndef CONV_LDW
#define CONV_LDW 146
#endif
#ifndef CONV_LDY
#define CONV_LDY 18
#endif
#elif ENNEAD_BITS == 16
#ifndef CONV_LDW
#define CONV_LDW 148
#endif
#ifndef CONV_LDY
#define CONV_LDY 20
#endif
#endif
#endif
#ifdef SHAPE_DEPTHWISE
#ifndef CONV_CIN
#define CONV_CIN 16
#endif
#ifndef CONV_H
#define CONV_H 16
#endif
#ifndef CONV_W
#define CONV_W 16
#endif
#ifndef CONV_KERNEL
#define CONV_KERNEL 3
#endif
#ifndef CONV_STRIDE
#define CONV_STRIDE 1
#endif
#ifndef CONV_PADDING
#define CONV_PADDING 1
#endif
#if ENNEAD_BITS == 32
#ifndef CONV_LDW
#define CONV_LDW 10
#endif
#ifndef CONV_LDY
#define CONV_LDY 258
#endif
#elif ENNEAD_BITS == 16
#ifndef CONV_LDW
#define CONV_LDW 10
#endif
#ifndef CONV_LDY
#define CONV_LDY 260
#endif
#endif
#endif
#ifdef SHAPE_DEPTHWISE_S2
#ifndef CONV_CIN
#define CONV_CIN 16
#endif
#ifndef CONV_H
#define CONV_H 16
#endif
#ifndef CONV_W
#define CONV_W 16
#endif
#ifndef CONV_KERNEL
#define CONV_KERNEL 3
#endif
#ifndef CONV_STRIDE
#define CONV_STRIDE 2
#endif
#ifndef CONV_PADDING
#define CONV_PADDING 1
#endif
#if ENNEAD_BITS == 32
#ifndef CONV_LDW
#define CONV_LDW 9
#endif
#ifndef CONV_LDY
#define CONV_LDY 66
#endif
#elif ENNEAD_BITS == 16
#ifndef CONV_LDW
#define CONV_LDW 9
#endif
#ifndef CONV_LDY
#define CONV_LDY 68
#endif
#endif
#endif
#ifdef SHAPE_DEPTHWISE_5X5
#ifndef CONV_CIN
#define CONV_CIN 8
#endif
#ifndef CONV_H
#define CONV_H 9
#endif
#ifndef CONV_W
#define CONV_W 7
#endif
#ifndef CONV_KERNEL
#define CONV_KERNEL 5
#endif
#ifndef CONV_STRIDE
#define CONV_STRIDE 1
#endif
#ifndef CONV_PADDING
#define CONV_PADDING 2
#endif
#if ENNEAD_BITS == 32
#ifndef CONV_LDW
#define CONV_LDW 25
#endif
#ifndef CONV_LDY
#define CONV_LDY 66
#endif
#elif ENNEAD_BITS == 16
#ifndef CONV_LDW
#define CONV_LDW 25
#endif
#ifndef CONV_LDY
#define CONV_LDY 68
#endif
#endif
#endif

#endif
