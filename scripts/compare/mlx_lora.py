#!/usr/bin/env python3
"""LoRA by mlx-lm on its CPU backend: one JSON line with the seconds and the tokens of each step.

    mlx_lora.py --model FOLDER --data ROWS.jsonl --steps 4

Rows are {"input_ids": …, "labels": …}, the labels masked up to the answer. Training is mlx-lm's own loop: it sorts rows by
length and pads a batch to a multiple of 32.
"""

import argparse
import json
import tempfile

import mlx.core as mx
import mlx.optimizers as optimizers
from mlx_lm.tuner import trainer
from mlx_lm.tuner.callbacks import TrainingCallback
from mlx_lm.tuner.utils import linear_to_lora_layers
from mlx_lm.utils import load

LINEARS = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj",
           "mlp.up_proj", "mlp.down_proj"]


class Seconds(TrainingCallback):
    """Collects how long each step takes."""

    def __init__(self):
        self.steps = []

    def on_train_loss_report(self, info):
        self.steps.append(1 / info["iterations_per_second"])


def rows(path):
    """Token ids and where the answer begins, as mlx-lm's data sets give them."""
    with open(path, encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            yield row["input_ids"], next(i for i, label in enumerate(row["labels"]) if label >= 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--steps", type=int, default=4)
    arguments = parser.parse_args()
    mx.set_default_device(mx.cpu)
    model, _ = load(arguments.model)
    model.freeze()
    linear_to_lora_layers(model, len(model.layers), dict(rank=8, scale=2.0, dropout=0.0, keys=LINEARS))
    tokens, seconds = [], Seconds()

    def counted_batches(**settings):
        for batch, lengths in trainer.iterate_batches(**settings):
            tokens.append(int(lengths[:, 1].sum()))
            yield batch, lengths

    with tempfile.TemporaryDirectory() as folder:
        settings = trainer.TrainingArgs(batch_size=arguments.batch, iters=arguments.steps, steps_per_report=1,
                                        steps_per_save=10**9, adapter_file=f"{folder}/adapters.safetensors")
        trainer.train(model, optimizers.AdamW(learning_rate=1e-4), list(rows(arguments.data)), args=settings,
                      iterate_batches=counted_batches, training_callback=seconds)
    print(json.dumps(dict(seconds=seconds.steps, tokens=tokens[: len(seconds.steps)])))


if __name__ == "__main__":
    main()
