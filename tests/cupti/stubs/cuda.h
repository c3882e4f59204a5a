// Just enough of CUDA's own headers for those of CUPTI to be compiled without a toolkit.
#pragma once
#include <stddef.h>
#include <stdint.h>
#define CUDA_VERSION 13000
typedef struct CUctx_st* CUcontext;
typedef struct CUstream_st* CUstream;
typedef struct CUgraph_st* CUgraph;
typedef struct CUgraphNode_st* CUgraphNode;
typedef struct CUgraphExec_st* CUgraphExec;
typedef struct CUfunc_st* CUfunction;
typedef struct CUmod_st* CUmodule;
typedef int CUdevice;
typedef int CUresult;
typedef int CUgraphNodeType;
typedef int CUgraphDependencyType;
typedef int cudaError_t;
typedef unsigned long long CUdeviceptr;
typedef struct {
  char bytes[16];
} CUuuid;
typedef struct CUevent_st* CUevent;
typedef struct CUaccessPolicyWindow_st CUaccessPolicyWindow;
typedef int CUdevice_attribute;
typedef int CUstreamAttrID;
typedef struct {
  char bytes[64];
} CUstreamAttrValue;
