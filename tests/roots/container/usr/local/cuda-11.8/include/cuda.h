/*
 * stands for the licence and 25000 lines
 */
#ifndef __cuda_cuda_h__
#define __cuda_cuda_h__

/**
 * CUDA API version number
 */
#define CUDA_VERSION 11080

#endif
