#!/usr/bin/env python3
"""PyTorch's product of bf16 matrices (oneDNN), in GFLOP/s: x [rows, inputs] by weights [outputs, inputs].

    torch_matmul.py ROWS OUTPUTS INPUTS THREADS
"""

import json
import sys
import time

import torch


def main():
    rows, outputs, inputs, threads = map(int, sys.argv[1:5])
    torch.set_num_threads(threads)
    x = torch.randn(rows, inputs).to(torch.bfloat16)
    weights = torch.randn(outputs, inputs).to(torch.bfloat16)
    rates = []
    with torch.inference_mode():
        while len(rates) < 20:
            start = time.perf_counter()
            torch.nn.functional.linear(x, weights)
            rates.append(2e-9 * rows * outputs * inputs / (time.perf_counter() - start))
    print(json.dumps(dict(gflops=sorted(rates)[len(rates) // 2])))


if __name__ == "__main__":
    main()
