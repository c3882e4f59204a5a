// What src/inject/cupti_api.h writes down, against CUPTI's own headers. It compiles, or names what differs.
#include <cupti_activity.h>
#include <cupti_callbacks.h>
#include <cupti_result.h>
#include <cupti_version.h>

#include "inject/cupti_api.h"

using namespace varve::inject;

#define SAME_PLACE(OURS, FIELD, THEIRS, THEIR_FIELD)                                                       \
  static_assert(offsetof(OURS, FIELD) == offsetof(THEIRS, THEIR_FIELD), #OURS "." #FIELD " is elsewhere"); \
  static_assert(sizeof(OURS::FIELD) == sizeof(THEIRS::THEIR_FIELD), #OURS "." #FIELD " has another size")
#define SAME_NUMBER(OURS, THEIRS) static_assert(static_cast<int>(OURS) == static_cast<int>(THEIRS), #THEIRS)

SAME_NUMBER(RecordKind::copy, CUPTI_ACTIVITY_KIND_MEMCPY);
SAME_NUMBER(RecordKind::fill, CUPTI_ACTIVITY_KIND_MEMSET);
SAME_NUMBER(RecordKind::driver_call, CUPTI_ACTIVITY_KIND_DRIVER);
SAME_NUMBER(RecordKind::runtime_call, CUPTI_ACTIVITY_KIND_RUNTIME);
SAME_NUMBER(RecordKind::kernel, CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL);
SAME_NUMBER(RecordKind::marker, CUPTI_ACTIVITY_KIND_MARKER);
SAME_NUMBER(RecordKind::overhead, CUPTI_ACTIVITY_KIND_OVERHEAD);
SAME_NUMBER(RecordKind::peer_copy, CUPTI_ACTIVITY_KIND_MEMCPY2);
SAME_NUMBER(RecordKind::memory_pool, CUPTI_ACTIVITY_KIND_MEMORY_POOL);
SAME_NUMBER(RecordKind::graph, CUPTI_ACTIVITY_KIND_GRAPH_TRACE);
SAME_NUMBER(kCuptiEnd, CUPTI_ERROR_MAX_LIMIT_REACHED);
SAME_NUMBER(kCuptiTaken, CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED);
SAME_NUMBER(kFlushForced, CUPTI_ACTIVITY_FLAG_FLUSH_FORCED);
SAME_NUMBER(kMarkerStart, CUPTI_ACTIVITY_FLAG_MARKER_START);
SAME_NUMBER(kMarkerEnd, CUPTI_ACTIVITY_FLAG_MARKER_END);
SAME_NUMBER(kDriverDomain, CUPTI_CB_DOMAIN_DRIVER_API);
SAME_NUMBER(kRuntimeDomain, CUPTI_CB_DOMAIN_RUNTIME_API);
SAME_NUMBER(kResourceDomain, CUPTI_CB_DOMAIN_RESOURCE);
SAME_NUMBER(kContextCreated, CUPTI_CBID_RESOURCE_CONTEXT_CREATED);
SAME_NUMBER(kModuleLoaded, CUPTI_CBID_RESOURCE_MODULE_LOADED);

#define CHECK_KERNEL(THEIRS)                                                  \
  SAME_PLACE(KernelRecord, kind, THEIRS, kind);                               \
  SAME_PLACE(KernelRecord, registers, THEIRS, registersPerThread);            \
  SAME_PLACE(KernelRecord, start, THEIRS, start);                             \
  SAME_PLACE(KernelRecord, end, THEIRS, end);                                 \
  SAME_PLACE(KernelRecord, device, THEIRS, deviceId);                         \
  SAME_PLACE(KernelRecord, stream, THEIRS, streamId);                         \
  SAME_PLACE(KernelRecord, static_shared, THEIRS, staticSharedMemory);        \
  SAME_PLACE(KernelRecord, dynamic_shared, THEIRS, dynamicSharedMemory);      \
  SAME_PLACE(KernelRecord, correlation, THEIRS, correlationId);               \
  SAME_PLACE(KernelRecord, name, THEIRS, name);                               \
  static_assert(offsetof(KernelRecord, grid) == offsetof(THEIRS, gridX));     \
  static_assert(offsetof(KernelRecord, grid) + 8 == offsetof(THEIRS, gridZ)); \
  static_assert(offsetof(KernelRecord, block) == offsetof(THEIRS, blockX));   \
  static_assert(offsetof(KernelRecord, block) + 8 == offsetof(THEIRS, blockZ))

CHECK_KERNEL(CUpti_ActivityKernel3);
CHECK_KERNEL(CUpti_ActivityKernel4);
CHECK_KERNEL(CUpti_ActivityKernel5);
CHECK_KERNEL(CUpti_ActivityKernel6);
CHECK_KERNEL(CUpti_ActivityKernel7);
CHECK_KERNEL(CUpti_ActivityKernel8);
SAME_PLACE(KernelRecord, graph_node, CUpti_ActivityKernel5, graphNodeId);
SAME_PLACE(KernelRecord, graph_node, CUpti_ActivityKernel6, graphNodeId);
SAME_PLACE(KernelRecord, graph_node, CUpti_ActivityKernel7, graphNodeId);
SAME_PLACE(KernelRecord, graph_node, CUpti_ActivityKernel8, graphNodeId);

#define CHECK_COPY(THEIRS)                             \
  SAME_PLACE(CopyRecord, copy_kind, THEIRS, copyKind); \
  SAME_PLACE(CopyRecord, from, THEIRS, srcKind);       \
  SAME_PLACE(CopyRecord, to, THEIRS, dstKind);         \
  SAME_PLACE(CopyRecord, bytes, THEIRS, bytes);        \
  SAME_PLACE(CopyRecord, start, THEIRS, start);        \
  SAME_PLACE(CopyRecord, end, THEIRS, end);            \
  SAME_PLACE(CopyRecord, device, THEIRS, deviceId);    \
  SAME_PLACE(CopyRecord, stream, THEIRS, streamId)
CHECK_COPY(CUpti_ActivityMemcpy);
CHECK_COPY(CUpti_ActivityMemcpy5);
CHECK_COPY(CUpti_ActivityMemcpyPtoP);
CHECK_COPY(CUpti_ActivityMemcpyPtoP4);

#define CHECK_FILL(THEIRS)                          \
  SAME_PLACE(FillRecord, bytes, THEIRS, bytes);     \
  SAME_PLACE(FillRecord, start, THEIRS, start);     \
  SAME_PLACE(FillRecord, end, THEIRS, end);         \
  SAME_PLACE(FillRecord, device, THEIRS, deviceId); \
  SAME_PLACE(FillRecord, stream, THEIRS, streamId); \
  SAME_PLACE(FillRecord, memory_kind, THEIRS, memoryKind)
CHECK_FILL(CUpti_ActivityMemset2);
CHECK_FILL(CUpti_ActivityMemset4);

SAME_PLACE(CallRecord, callback, CUpti_ActivityAPI, cbid);
SAME_PLACE(CallRecord, start, CUpti_ActivityAPI, start);
SAME_PLACE(CallRecord, end, CUpti_ActivityAPI, end);
SAME_PLACE(CallRecord, thread, CUpti_ActivityAPI, threadId);

SAME_PLACE(GraphRecord, start, CUpti_ActivityGraphTrace, start);
SAME_PLACE(GraphRecord, end, CUpti_ActivityGraphTrace, end);
SAME_PLACE(GraphRecord, device, CUpti_ActivityGraphTrace, deviceId);
SAME_PLACE(GraphRecord, graph, CUpti_ActivityGraphTrace, graphId);
SAME_PLACE(GraphRecord, stream, CUpti_ActivityGraphTrace, streamId);

SAME_PLACE(PoolRecord, operation, CUpti_ActivityMemoryPool2, memoryPoolOperationType);
SAME_PLACE(PoolRecord, pool_kind, CUpti_ActivityMemoryPool2, memoryPoolType);
SAME_PLACE(PoolRecord, device, CUpti_ActivityMemoryPool2, deviceId);
SAME_PLACE(PoolRecord, address, CUpti_ActivityMemoryPool2, address);
SAME_PLACE(PoolRecord, size, CUpti_ActivityMemoryPool2, size);
SAME_PLACE(PoolRecord, used, CUpti_ActivityMemoryPool2, utilizedSize);

SAME_PLACE(MarkerRecord, flags, CUpti_ActivityMarker2, flags);
SAME_PLACE(MarkerRecord, timestamp, CUpti_ActivityMarker2, timestamp);
SAME_PLACE(MarkerRecord, id, CUpti_ActivityMarker2, id);
SAME_PLACE(MarkerRecord, process, CUpti_ActivityMarker2, objectId.pt.processId);
SAME_PLACE(MarkerRecord, thread, CUpti_ActivityMarker2, objectId.pt.threadId);
SAME_PLACE(MarkerRecord, name, CUpti_ActivityMarker2, name);

SAME_PLACE(OverheadRecord, overhead, CUpti_ActivityOverhead, overheadKind);
SAME_PLACE(OverheadRecord, start, CUpti_ActivityOverhead, start);
SAME_PLACE(OverheadRecord, end, CUpti_ActivityOverhead, end);

SAME_PLACE(ModuleData, module, CUpti_ModuleResourceData, moduleId);
SAME_PLACE(ModuleData, size, CUpti_ModuleResourceData, cubinSize);
SAME_PLACE(ModuleData, cubin, CUpti_ModuleResourceData, pCubin);
SAME_PLACE(ResourceData, descriptor, CUpti_ResourceData, resourceDescriptor);

#if CUPTI_API_VERSION >= 19
SAME_NUMBER(RecordKind::jit, CUPTI_ACTIVITY_KIND_JIT);
SAME_PLACE(JitRecord, entry, CUpti_ActivityJit, jitEntryType);
SAME_PLACE(JitRecord, operation, CUpti_ActivityJit, jitOperationType);
SAME_PLACE(JitRecord, device, CUpti_ActivityJit, deviceId);
SAME_PLACE(JitRecord, start, CUpti_ActivityJit, start);
SAME_PLACE(JitRecord, end, CUpti_ActivityJit, end);
CHECK_KERNEL(CUpti_ActivityKernel9);
SAME_PLACE(KernelRecord, graph_node, CUpti_ActivityKernel9, graphNodeId);
#endif
#if CUPTI_API_VERSION >= 130000
CHECK_KERNEL(CUpti_ActivityKernel10);
SAME_PLACE(KernelRecord, graph_node, CUpti_ActivityKernel10, graphNodeId);
SAME_PLACE(OverheadRecord, start, CUpti_ActivityOverhead3, start);
SAME_PLACE(GraphRecord, stream, CUpti_ActivityGraphTrace2, streamId);
#endif
#if CUPTI_API_VERSION >= 130400
CHECK_KERNEL(CUpti_ActivityKernel11);
CHECK_KERNEL(CUpti_ActivityKernel12);
CHECK_KERNEL(CUpti_ActivityKernel13);
SAME_PLACE(KernelRecord, graph_node, CUpti_ActivityKernel13, graphNodeId);
#endif
#if CUPTI_API_VERSION >= 130200
SAME_PLACE(SubscriberParameters, name, CUpti_SubscriberParams, subscriberName);
SAME_PLACE(SubscriberParameters, holder, CUpti_SubscriberParams, oldSubscriberName);
SAME_PLACE(SubscriberParameters, holder_size, CUpti_SubscriberParams, oldSubscriberSize);
SAME_PLACE(SubscriberParameters, allow_several, CUpti_SubscriberParams, allowMultipleSubscribers);
static_assert(kSubscriberParametersSize <= sizeof(CUpti_SubscriberParams));
#endif

// What fake_cupti.c is built with, for each of its layouts.
static_assert(sizeof(CUpti_ActivityKernel5) == 160 && sizeof(CUpti_ActivityKernel8) == 200);
#if CUPTI_API_VERSION >= 19
static_assert(sizeof(CUpti_ActivityKernel9) == 208);
#endif
#if CUPTI_API_VERSION >= 130000
static_assert(sizeof(CUpti_ActivityKernel10) == 216);
#endif
