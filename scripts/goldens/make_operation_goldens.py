#!/usr/bin/env python3
"""What PyTorch computes in float64 for operations that have no counterpart in it: written out step by step, differentiated by
autograd.

    make_operation_goldens.py OUT

Needs torch and safetensors. A file per operation, as Tests/TensorCoreTests/Goldens/README.md says.
"""

import json
import os
import sys

import torch
from safetensors.torch import save_file


def ranges(lengths):
    start = 0
    for length in lengths:
        yield start, start + length
        start += length


def causal_convolution(inputs, documents, silu=False):
    x, w = inputs["x"], inputs["w"]
    parts = []
    for start, end in ranges(documents):
        padded = torch.cat([x.new_zeros(len(w) - 1, x.shape[1]), x[start:end]])
        parts.append(sum(w[tap] * padded[tap:tap + end - start] for tap in range(len(w))))
    y = torch.cat(parts)
    if "b" in inputs:
        y = y + inputs["b"]
    return torch.nn.functional.silu(y) if silu else y


def recurrence(inputs, documents, delta=False):
    """The definition, a row at a time."""
    q, k, v, g, s = (inputs[name] for name in "qkvgs")
    share = v.shape[1] // k.shape[1]
    q, k = q.repeat_interleave(share, 1), k.repeat_interleave(share, 1)
    rows = []
    for start, end in ranges(documents):
        memory = v.new_zeros(v.shape[1], k.shape[2], v.shape[2])
        for row in range(start, end):
            memory = memory * g[row].exp()[:, None, None]
            value = v[row] - torch.einsum("hkv,hk->hv", memory, k[row]) if delta else v[row]
            memory = memory + torch.einsum("hk,hv->hkv", k[row], value * s[row][:, None])
            rows.append(torch.einsum("hkv,hk->hv", memory, q[row]))
    return torch.stack(rows)


def convolution_inputs(rows, channels, taps, bias):
    inputs = dict(x=torch.randn(rows, channels), w=torch.randn(taps, channels))
    return dict(inputs, b=torch.randn(channels)) if bias else inputs


def recurrence_inputs(rows, key_heads, heads, key_size, value_size, decay=0.3):
    unit = lambda x: x / x.norm(dim=-1, keepdim=True)
    return dict(q=torch.randn(rows, key_heads, key_size), k=unit(torch.randn(rows, key_heads, key_size)),
                v=torch.randn(rows, heads, value_size), g=-decay * torch.rand(rows, heads) - 0.01,
                s=torch.rand(rows, heads) * 0.9 + 0.05)


OPERATIONS = {
    "causal_convolution": (causal_convolution, {
        "documents": (dict(documents=[1, 6, 2]), lambda: convolution_inputs(9, 5, 4, True)),
        "silu": (dict(documents=[7, 3], silu=True), lambda: convolution_inputs(10, 3, 3, True)),
        "no_bias": (dict(documents=[5], silu=True), lambda: convolution_inputs(5, 131, 2, False)),
    }),
    "recurrence": (recurrence, {
        "additive": (dict(documents=[5, 1, 8]), lambda: recurrence_inputs(14, 2, 6, 3, 4)),
        "additive_chunks": (dict(documents=[66, 3]), lambda: recurrence_inputs(69, 1, 2, 3, 2)),
        "delta": (dict(documents=[4, 9], delta=True), lambda: recurrence_inputs(13, 2, 4, 5, 3)),
        "delta_chunks": (dict(documents=[131], delta=True), lambda: recurrence_inputs(131, 1, 2, 3, 2)),
        "delta_fast_decay": (dict(documents=[70], delta=True), lambda: recurrence_inputs(70, 1, 1, 2, 2, decay=40)),
    }),
}


def run(operation, inputs, parameters, upstream, dtype):
    leaves = {name: value.to(dtype).requires_grad_() for name, value in inputs.items()}
    output = operation(leaves, **parameters)
    return output, torch.autograd.grad(output, list(leaves.values()), upstream(output).to(dtype))


def main():
    torch.manual_seed(7)
    for name, (operation, cases) in OPERATIONS.items():
        tensors, described = {}, {}
        for case, (parameters, make) in cases.items():
            inputs = make()
            kept = []

            def upstream(output):
                if not kept:
                    kept.append(torch.randn(output.shape).double())
                return kept[0]

            output, gradients = run(operation, inputs, parameters, upstream, torch.float64)
            single, singles = run(operation, inputs, parameters, upstream, torch.float32)
            error = max(float((a.double() - b).abs().max() / b.abs().max())
                        for a, b in zip((single, *singles), (output, *gradients)))
            described[case] = dict(parameters, torch_float32_error=float(f"{error:.1e}"))
            for key, value in inputs.items():
                tensors[f"{case}.in.{key}"] = value.double()
            for key, value in zip(inputs, gradients):
                tensors[f"{case}.grad.{key}"] = value
            tensors[f"{case}.out"], tensors[f"{case}.upstream"] = output.detach(), kept[0]
        path = os.path.join(sys.argv[1], f"{name}.safetensors")
        save_file({key: value.contiguous() for key, value in tensors.items()}, path,
                  metadata=dict(cases=json.dumps(described)))
        print(path, os.path.getsize(path))


main()
