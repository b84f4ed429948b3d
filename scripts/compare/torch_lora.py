#!/usr/bin/env python3
"""LoRA by PEFT on PyTorch: one JSON line with the seconds and the tokens of each step.

    torch_lora.py --model FOLDER --data ROWS.jsonl --dtype f32|bf16|autocast --steps 4 --threads 2

Rows are {"input_ids": …, "labels": …}. A batch is padded to its longest row, as the usual collators do; there is no further
overhead of a trainer in the measure.
"""

import argparse
import json
import time

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def batches(path, size):
    """Padded batches in the order of the file, over and over."""
    with open(path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    start = 0
    while True:
        chosen = [rows[(start + i) % len(rows)] for i in range(size)]
        start += size
        width = max(len(row["input_ids"]) for row in chosen)

        def padded(key, filler):
            return torch.tensor([row[key] + [filler] * (width - len(row[key])) for row in chosen])

        mask = torch.tensor([[1] * len(row["input_ids"]) + [0] * (width - len(row["input_ids"])) for row in chosen])
        tokens = sum(len(row["input_ids"]) for row in chosen)
        batch = dict(input_ids=padded("input_ids", 0), labels=padded("labels", -100))
        if mask.all():
            yield tokens, batch
        else:
            yield tokens, dict(batch, attention_mask=mask)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--dtype", choices=["f32", "bf16", "autocast"], required=True)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--threads", type=int, required=True)
    arguments = parser.parse_args()
    # Where memory does not suffice, this is what the system is to end, and nothing else.
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    dtype = torch.bfloat16 if arguments.dtype == "bf16" else torch.float32
    model = AutoModelForCausalLM.from_pretrained(arguments.model, dtype=dtype)
    model = get_peft_model(model, LoraConfig(r=8, target_modules=LINEARS))
    model.train()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-4)
    seconds, tokens = [], []
    for _, (count, batch) in zip(range(arguments.steps), batches(arguments.data, arguments.batch)):
        start = time.perf_counter()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=arguments.dtype == "autocast"):
            loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        seconds.append(time.perf_counter() - start)
        tokens.append(count)
    print(json.dumps(dict(seconds=seconds, tokens=tokens)))


if __name__ == "__main__":
    main()
