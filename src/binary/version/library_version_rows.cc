#include "binary/version/library_version_rows.h"

#include "binary/version/read_only_strings.h"

namespace varve {
namespace {

using enum VersionWay;
using enum VersionScale;

// Names and forms are those of the public headers: cublas_api.h, cublasLt.h, cudnn_version.h, nccl.h, cufft.h,
// curand.h, cusparse.h, cusolver_common.h, cusparseLt.h, nvrtc.h, nvJitLink.h, nvFatbin.h, npp.h, nvshmem.h,
// cupti_version.h, cuda_runtime_api.h. The rows that read bytes were held against the metadata
// of wheels for CUDA 12.1 to 13.5, all but libcudnn (whose own constant only releases before 8 have).
// libcublas, libcudnn (since 8), libcufftw, libnvblas and libcusolverMg ask another library for their version: only
// their file name tells it. The numbers of libnvvm.so.4, libnvToolsExt.so.1 and libOpenCL.so.1 are interface numbers.
constexpr VersionRow kRows[] = {
    {"libcudart", runtime, {}, none, 2},
    {"libcublasLt", stored, "cublasLtGetVersion", either, 3, true, "cublasLtGetCudartVersion"},
    {"libcublas", file_name, {}},
    {"libnvblas", file_name, {}},
    {"libcudnn_graph", data, "cudnn_graph_version", none, 3, true, "cudnnGetCudartVersion"},
    {"libcudnn_ops", data, "cudnn_ops_infer_version"},
    {"libcudnn_adv", data, "cudnn_adv_infer_version"},
    {"libcudnn_ops_infer", data, "cudnn_ops_infer_version", none, 3, true, "cudnnGetCudartVersion"},
    {"libcudnn_ops_train", data, "cudnn_ops_train_version"},
    {"libcudnn_cnn_infer", data, "cudnn_cnn_infer_version"},
    {"libcudnn_adv_infer", data, "cudnn_adv_infer_version"},
    {"libcudnn", stored, "cudnnGetVersion", either, 3, true, "cudnnGetCudartVersion"},
    {"libcudnn*", file_name, {}},
    {"libnccl", text, "NCCL version "},
    {"libnccl", stored, "ncclGetVersion", either},
    {"libcufft", stored, "cufftGetVersion", thousand},
    {"libcufft*", file_name, {}},
    {"libcurand", stored, "curandGetVersion", thousand},
    {"libcusparse", stored, "cusparseGetVersion", thousand},
    {"libcusolver", stored, "cusolverGetVersion", thousand},
    {"libcusolverMg", file_name, {}},
    {"libcusparseLt", stored, "cusparseLtGetVersion", thousand},
    {"libnvrtc", text, kCudaToolsMark},
    {"libnvrtc", pieces, "nvrtcVersion", none, 2},
    {"libnvrtc.alt", text, kCudaToolsMark},
    {"libnvrtc-builtins*", file_name, {}},
    {"libnvJitLink", text, kCudaToolsMark},
    {"libnvJitLink", pieces, "nvJitLinkVersion", none, 2},
    {"libnvfatbin", pieces, "nvFatbinVersion", none, 2},
    {"libnvvm", text, kCudaToolsMark, none, 3, false},
    {"libnppc", structure, "nppGetLibVersion"},
    {"libnpp*", file_name, {}},
    {"libnvjpeg", file_name, {}},
    {"libnvshmem_host", pieces, "nvshmemx_vendor_get_version_info"},
    {"libnvshmem_host", pieces, "nvshmem_info_get_version", none, 2},
    {"libcupti", file_name, {}, none, 3, false},
    {"libcupti", stored, "cuptiGetVersion", ten_thousand, 2},
    {"libcufile", lone_text, {}, none, 4, false},
    {"libcuda", file_name, {}, none, 3, false},
    {"libcudadebugger", file_name, {}, none, 3, false},
    {"libnvidia-*", file_name, {}, none, 3, false},
    {"nvcc", text, kCudaToolsMark},
    {"ptxas", text, kCudaToolsMark},
    {"cicc", text, kCudaToolsMark},
    {"nvlink", text, kCudaToolsMark},
    {"fatbinary", text, kCudaToolsMark},
    {"cudafe++", text, kCudaToolsMark},
    {"cuobjdump", text, kCudaToolsMark},
    {"nvdisasm", text, kCudaToolsMark},
};

}  // namespace

std::span<const VersionRow> version_rows() { return kRows; }

}  // namespace varve
