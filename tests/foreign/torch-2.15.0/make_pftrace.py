"""Writes a .pftrace with the encoder of PyTorch: real operators of a CPU, and rows of a GPU that are made up."""
import json, os, sys, tempfile
import numpy as np, torch
from torch.profiler import profile, ProfilerActivity, record_function
import enum, types
# The numbers of CUPTI's calls come from a package of its own, which only loads where CUPTI is; these three are used.
Runtime = enum.IntEnum("Runtime", {"cudaDeviceSynchronize_v3020": 165, "cudaLaunchKernel_v7000": 211, "cudaGraphLaunch_v10000": 311})
Driver = enum.IntEnum("Driver", {"cuLaunchKernel": 307})
sys.modules["cupti"] = types.ModuleType("cupti")
sys.modules["cupti.cupti"] = types.ModuleType("cupti.cupti")
sys.modules["cupti.cupti"].Runtime_api_trace_cbid, sys.modules["cupti.cupti"].Driver_api_trace_cbid = Runtime, Driver
import torch.profiler._cuspy.trace as T
out = sys.argv[1]
trace = os.path.join(tempfile.mkdtemp(), "cpu.json")
a = torch.randn(64, 64)
with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as p:
    for i in range(2):
        with record_function(f"ProfilerStep#{i}"):
            b = torch.mm(a, a).relu()
p.export_chrome_trace(trace)
d = json.load(open(trace))
base = int(d["baseTimeNanoseconds"])
ops = [e for e in d["traceEvents"] if e.get("ph") == "X" and e.get("cat") == "cpu_op"]
mm = [e for e in ops if e["name"] == "aten::mm"]
relu = [e for e in ops if e["name"] == "aten::relu"]
pid, tid = mm[0]["pid"], mm[0]["tid"]
at = lambda e, us: base + int(round(e["ts"] * 1000)) + us
i64 = lambda *v: np.asarray(v, dtype=np.int64)
names = np.asarray(["sm90_xmma_gemm_f32f32_tf32f32_f32_nn_n_tilesize64x64x32", "void at::native::vectorized_elementwise_kernel<4, at::native::relu>(int)", "sm90_xmma_gemm_f32f32_tf32f32_f32_nn_n_tilesize64x64x32", "ncclDevKernel_AllReduce_Sum_f32_RING_LL(ncclDevKernelArgsStorage<4096ul>)"], dtype=object)
k0 = at(relu[-1], 50_000)
start = i64(k0, k0 + 21_000, k0 + 30_000, k0 + 70_000)
end = i64(k0 + 20_123, k0 + 24_007, k0 + 50_001, k0 + 95_000)
z = lambda v, n: np.full(n, v, dtype=np.int64)
kernel = {"start_ns": start, "end_ns": end, "device_id": z(0, 4), "context_id": z(1, 4), "stream_id": i64(7, 7, 7, 20), "correlation_id": i64(101, 102, 103, 104), "name": names,
  "grid_x": i64(8, 16, 8, 24), "grid_y": z(1, 4), "grid_z": z(1, 4), "block_x": i64(128, 128, 128, 512), "block_y": z(1, 4), "block_z": z(1, 4), "registers_per_thread": i64(168, 24, 168, 96),
  "static_shared_memory": z(0, 4), "dynamic_shared_memory": i64(49152, 0, 49152, 0), "priority": z(0, 4), "queued": z(0, 4), "channel": z(9, 4), "channel_type": z(1, 4), "graph_id": i64(0, 0, 5, 0), "graph_node_id": i64(0, 0, (5 << 32) + 3, 0),
  "metadata": np.asarray([None, None, None, json.dumps({"Collective name": "allreduce", "In msg nelems": 4096, "Out msg nelems": 4096, "dtype": "Float", "Group size": 8, "Process Group Name": "0", "Process Group Description": "default_pg", "Seq": 12})], dtype=object)}
memcpy = {"start_ns": i64(k0 + 100_000), "end_ns": i64(k0 + 101_500), "device_id": i64(0), "context_id": i64(1), "stream_id": i64(7), "correlation_id": i64(105), "bytes": i64(16384), "copy_kind": i64(1), "src_kind": i64(1), "dst_kind": i64(3), "flags": i64(0), "channel": i64(2), "channel_type": i64(1)}
memset = {"start_ns": i64(k0 + 110_000), "end_ns": i64(k0 + 110_777), "device_id": i64(0), "context_id": i64(1), "stream_id": i64(7), "correlation_id": i64(106), "bytes": i64(256), "value": i64(0), "memory_kind": i64(3), "channel": i64(2), "channel_type": i64(1)}
lk, gl, ds = 211, 311, 165
r = [at(mm[0], 1000), at(relu[0], 500), at(mm[1], 1000), at(relu[1], 500), k0]
runtime = {"start_ns": i64(*r), "end_ns": i64(*[x + 700 for x in r[:4]], k0 + 112_000), "process_id": z(pid, 5), "thread_id": z(tid, 5), "correlation_id": i64(101, 102, 103, 104, 107), "cbid": i64(lk, lk, gl, lk, ds)}
window = {"columns": {"kernel": kernel, "gpu_memcpy": memcpy, "gpu_memset": memset, "cuda_runtime": runtime}, "thread_resource_map": {}}
T.merge_trace_window_into_chrome_trace(trace, out, window)
print(sum((end - start).tolist()))
