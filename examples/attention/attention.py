"""One transformer block with PyTorch's scaled_dot_product_attention, timed: the benchmark of a framework's update.

    varve run --units 8 -o bump.json -- old-venv/bin/python attention.py --against -- new-venv/bin/python attention.py
    varve compare bump.json

With --mask (the default) attention gets a boolean mask, for which PyTorch 2.1 takes its attention apart into matrix
products and a softmax, and newer releases have one fused kernel on the CPU. With --no-mask (causal) both take the fused
kernel: nothing should have changed. Prints tokens a second and reports them to Varve with the time they were measured in.
"""
import argparse
import pathlib
import sys

import torch
import torch.nn.functional as functional

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "metrics"))
import varve  # noqa: E402


def parse():
    parser = argparse.ArgumentParser(description="tokens a second of one transformer block")
    parser.add_argument("--mask", action=argparse.BooleanOptionalAction, default=True, help="a boolean mask, or causal")
    parser.add_argument("--length", type=int, default=2048, help="tokens of a sequence")
    parser.add_argument("--heads", type=int, default=8)
    parser.add_argument("--size", type=int, default=64, help="of a head")
    parser.add_argument("--steps", type=int, default=10, help="that are measured")
    parser.add_argument("--warmup", type=int, default=2, help="steps before them")
    return parser.parse_args()


def weights(width):
    shapes = [(width, 3 * width), (width, width), (width, 4 * width), (4 * width, width)]
    return [torch.randn(shape) / shape[0] ** 0.5 for shape in shapes]


def block(tokens, projections, heads, mask):
    """Attention and a feed-forward layer, each added to what came in."""
    inward, outward, wide, narrow = projections
    length, width = tokens.shape
    split = (functional.layer_norm(tokens, (width,)) @ inward).view(length, 3, heads, width // heads)
    query, key, value = split.permute(1, 2, 0, 3).unsqueeze(1)
    attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, is_causal=mask is None)
    tokens = tokens + attended.squeeze(0).transpose(0, 1).reshape(length, width) @ outward
    return tokens + functional.gelu(functional.layer_norm(tokens, (width,)) @ wide) @ narrow


def main():
    options = parse()
    torch.manual_seed(7)
    width = options.heads * options.size
    projections = weights(width)
    tokens = torch.randn(options.length, width)
    mask = torch.ones(options.length, options.length, dtype=torch.bool).tril() if options.mask else None
    with torch.inference_mode():
        for _ in range(options.warmup):
            block(tokens, projections, options.heads, mask)
        with varve.measure("tokens/s", work=options.steps * options.length):
            for _ in range(options.steps):
                result = block(tokens, projections, options.heads, mask)
    print(f"PyTorch {torch.__version__}: sum of the result {result.sum().item():.3f}")


if __name__ == "__main__":
    main()
