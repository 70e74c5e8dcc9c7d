/* Written by golden/generate.py. */
#ifndef ENNEAD_SHAPES_H
#define ENNEAD_SHAPES_H

#define MATMUL_N 96
#define MATMUL_M 96
#define MATMUL_K 96
#define LINEAR_NI 256
#define LINEAR_NO 64
#define SGD_RATE 0.015625f
#define SGD_MOMENTUM 0.875f
#define SGD_DECAY 0.0009765625f
#define ELEMENTS 8192
#define PRIMITIVE_C 16
#define PRIMITIVE_H 16
#define PRIMITIVE_W 16
#define PRIMITIVE_ELEMENTS 4096
#define PRIMITIVE_SLOPE 0.1f
#define PRIMITIVE_EPSILON 0.0009765625f
#define PRIMITIVE_SHARE 0.00048828125f
#define MLP_NI 64
#define MLP_NH 32
#define MLP_NO 16
#define MLP_STEPS 48
#define MLP_SAMPLES 4
#define MLP_RATE 0.0625f
#define MLP_MOMENTUM 0.5f
#if ENNEAD_BITS == 32
#define MATMUL_LDA 98
#define LINEAR_LDW 258
#define MLP_LD1 66
#define MLP_LD2 34
#elif ENNEAD_BITS == 16
#define MATMUL_LDA 100
#define LINEAR_LDW 260
#define MLP_LD1 68
#define MLP_LD2 36
#endif

#ifdef SHAPE_CONV2D
#define CONV_CIN 16
#define CONV_COUT 32
#define CONV_H 16
#define CONV_W 16
#define CONV_KERNEL 3
#define CONV_STRIDE 1
#define CONV_PADDING 1
#if ENNEAD_BITS == 32
#define CONV_LDW 146
#define CONV_LDY 258
#elif ENNEAD_BITS == 16
#define CONV_LDW 148
#define CONV_LDY 260
#endif
#endif
#ifdef SHAPE_CONV2D_S2
#define CONV_CIN 16
#define CONV_COUT 32
#define CONV_H 16
#define CONV_W 16
#define CONV_KERNEL 3
#define CONV_STRIDE 2
#define CONV_PADDING 1
#if ENNEAD_BITS == 32
#define CONV_LDW 146
#define CONV_LDY 66
#elif ENNEAD_BITS == 16
#define CONV_LDW 148
#define CONV_LDY 68
#endif
#endif
#ifdef SHAPE_POINTWISE
#define CONV_CIN 32
#define CONV_COUT 64
#define CONV_H 16
#define CONV_W 16
#define CONV_KERNEL 1
#define CONV_STRIDE 1
#define CONV_PADDING 0
#if ENNEAD_BITS == 32
#define CONV_LDW 34
#define CONV_LDY 258
#elif ENNEAD_BITS == 16
#define CONV_LDW 36
#define CONV_LDY 260
#endif
#endif

#endif
