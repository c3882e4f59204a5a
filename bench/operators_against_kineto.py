#!/usr/bin/env python3
"""How varve run's samples divide the time of a transformer block over its operators, against PyTorch's own profiler.

  operators_against_kineto.py VARVE PYTHON [BLOCKS [UNITS]]     PYTHON has torch; 10 blocks a unit, 3 units

The block: B=1 H=8 L=2048 D=64 in float32, scaled_dot_product_attention with a boolean attn_mask. Prints for each family of
operators its share of the block in samples (CPU time of all threads) and in Kineto's trace (wall time of the main thread).
"""
import collections
import json
import os
import subprocess
import sys
import tempfile

FAMILIES = {"attention": ("scaled_dot_product",), "mm": ("aten::mm", "aten::addmm", "aten::matmul", "aten::linear"),
            "norm": ("layer_norm",), "gelu": ("aten::gelu",), "add": ("aten::add",)}


def block(count, trace):
    import torch
    import torch.nn.functional as functional
    torch.manual_seed(0)
    heads, length, width = 8, 2048, 512
    x = torch.randn(1, length, width)
    qkv, out = torch.randn(3 * width, width) * .02, torch.randn(width, width) * .02
    up, down = torch.randn(4 * width, width) * .02, torch.randn(width, 4 * width) * .02
    gain, bias = torch.ones(width), torch.zeros(width)
    mask = torch.ones(length, length, dtype=torch.bool).tril()

    def forward(x):
        h = functional.layer_norm(x, (width,), gain, bias)
        q, k, v = [t.view(1, length, heads, -1).transpose(1, 2) for t in functional.linear(h, qkv).chunk(3, dim=-1)]
        a = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        x = x + functional.linear(a.transpose(1, 2).reshape(1, length, width), out)
        h = functional.layer_norm(x, (width,), gain, bias)
        return x + functional.linear(functional.gelu(functional.linear(h, up)), down)

    with torch.no_grad():
        forward(x)
        if not trace:
            for _ in range(count):
                forward(x)
            return
        with torch.autograd.profiler.profile(use_kineto=True) as profiler:
            for _ in range(count):
                forward(x)
        profiler.export_chrome_trace(trace)


def family(name):
    return next((f for f, words in FAMILIES.items() if any(word in name for word in words)), "other")


def kineto_times(path):
    """Time of each operator without those inside it; all inside attention is attention's."""
    events = [e for e in json.load(open(path))["traceEvents"] if e.get("cat") == "cpu_op"]
    times, stack = collections.Counter(), []
    for event in sorted(events, key=lambda e: (e["ts"], -e["dur"])):
        while stack and stack[-1][0] <= event["ts"]:
            stack.pop()
        name = family(event["name"])
        if stack:
            name = "attention" if stack[-1][1] == "attention" else name
            times[stack[-1][1]] -= event["dur"]
        times[name] += event["dur"]
        stack.append((event["ts"] + event["dur"], name))
    return times


def sampled_times(path):
    run = json.load(open(path))
    times, joined, all_ns = collections.Counter(), 0, 0
    for unit in run["units"]:
        for profile in unit["profiles"]["seen"] if unit["role"] == "timing" else []:
            for row in profile["rows"] if profile["witness"] == "cpu-samples" else []:
                all_ns += row["total_ns"]
                joined += row.get("joined_ns", 0)
                if "operation" in row:
                    times[family(run["kernels"][row["operation"]]["name"])] += row["total_ns"]
    return times, joined, all_ns


def main():
    varve, python = sys.argv[1:3]
    blocks, units = (sys.argv[3:] + ["10", "3"][len(sys.argv) - 3:])[:2]
    with tempfile.TemporaryDirectory() as folder:
        run, trace = os.path.join(folder, "run.json"), os.path.join(folder, "trace.json")
        subprocess.run([varve, "run", "--units", units, "--warmup", "0", "--quiet", "-o", run, "--",
                        python, __file__, "--block", blocks], stdout=subprocess.DEVNULL, check=True)
        subprocess.run([python, __file__, "--block", blocks, trace], check=True)
        times, joined, all_ns = sampled_times(run)
        kineto = kineto_times(trace)
    known = sum(times.values())
    print(f"of {all_ns / 1e9:.1f} s sampled {100 * (known - joined) / all_ns:.0f} % told by the thread's own stack, "
          f"{100 * joined / all_ns:.0f} % by another thread, {100 * (all_ns - known) / all_ns:.0f} % by nobody")
    whole, whole_kineto = sum(times[f] for f in FAMILIES), sum(kineto[f] for f in FAMILIES)
    for name in FAMILIES:
        share, other = 100 * times[name] / whole, 100 * kineto[name] / whole_kineto
        print(f"{name:10} samples {share:5.1f} %   Kineto {other:5.1f} %   {share - other:+5.1f}")


if sys.argv[1:2] == ["--block"]:
    block(int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None)
else:
    main()
