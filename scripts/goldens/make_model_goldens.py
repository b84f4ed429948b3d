#!/usr/bin/env python3
"""Tiny random models of many families, and what transformers computes with them.

    make_model_goldens.py OUT [FAMILY …]

Needs torch and transformers (the versions used stand in OUT/README.md). A folder per family: config.json, model.safetensors, and
golden.safetensors with input_ids [1, 24], logits, hidden_states.0 … N, greedy_ids [1, 16], batch2_input_ids [2, 12] and
batch2_logits; all with weights widened to float32, eager attention and no cache. Weights are normal with a deviation of 0.1,
norms and numbers for each head lie around what they are initialized with, biases have a deviation of 0.2.
"""

import json
import os
import sys

import torch
import transformers
from safetensors.torch import save_file

SIZES = dict(vocab_size=96, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
             num_key_value_heads=2, max_position_embeddings=128, pad_token_id=0, bos_token_id=1, eos_token_id=2)

# State spaces have no heads that attend, and delta nets have heads of their own.
MAMBA = dict(num_heads=8, head_dim=8, state_size=8, intermediate_size=..., num_attention_heads=..., num_key_value_heads=...,
             max_position_embeddings=...)
MAMBA_LAYERS = dict(mamba_n_heads=8, mamba_d_head=8, mamba_d_state=8, mamba_n_groups=2)
DELTA_NET = dict(layer_types=["linear_attention", "full_attention"], head_dim=16, linear_num_key_heads=2,
                 linear_num_value_heads=4, linear_key_head_dim=8, linear_value_head_dim=8)

# What a family's configuration has beside SIZES: every branch of the computation that its models in use take. Dots take a
# key out.
FAMILIES = {
    "arcee": dict(),
    "bamba": dict(MAMBA_LAYERS, attn_layer_indices=[1], intermediate_size=16, tie_word_embeddings=True),
    "cohere": dict(logit_scale=0.5),
    "cohere-norms": dict(model_type="cohere", logit_scale=0.5, use_qk_norm=True),
    "cohere2": dict(num_hidden_layers=4, sliding_window=6, sliding_window_pattern=4, logit_scale=0.5, head_dim=8),
    "deepseek_v2": dict(num_key_value_heads=4, q_lora_rank=None, kv_lora_rank=16, qk_nope_head_dim=8, qk_rope_head_dim=4,
                        v_head_dim=12, n_routed_experts=6, num_experts_per_tok=2, n_group=3, topk_group=2,
                        topk_method="group_limited_greedy", moe_intermediate_size=16, n_shared_experts=2,
                        routed_scaling_factor=1.5, first_k_dense_replace=1),
    "deepseek_v3": dict(num_hidden_layers=3, num_key_value_heads=4, q_lora_rank=16, kv_lora_rank=16, qk_nope_head_dim=4,
                        qk_rope_head_dim=4, v_head_dim=12, n_routed_experts=8, num_experts_per_tok=3, n_group=4,
                        topk_group=2, moe_intermediate_size=16, n_shared_experts=1, first_k_dense_replace=1,
                        rope_parameters=dict(rope_type="yarn", factor=4.0, rope_theta=10000.0, mscale=0.8,
                                             mscale_all_dim=1.2, original_max_position_embeddings=16)),
    "ernie4_5": dict(use_bias=True),
    "exaone4": dict(num_hidden_layers=4, sliding_window=6, sliding_window_pattern=4, head_dim=8),
    "gemma": dict(head_dim=16),
    "glm": dict(head_dim=16, attention_bias=True),
    "glm4": dict(head_dim=16, attention_bias=True),
    "gpt2-scaled": dict(model_type="gpt2", num_key_value_heads=4, n_inner=48,
                        scale_attn_by_inverse_layer_idx=True),
    "gpt_oss": dict(head_dim=8, num_local_experts=5, num_experts_per_tok=2, sliding_window=6),
    "granitemoe": dict(num_local_experts=4, num_experts_per_tok=2, embedding_multiplier=3.0, logits_scaling=2.0,
                       residual_multiplier=0.5, attention_multiplier=0.3),
    "granitemoehybrid": dict(MAMBA_LAYERS, layer_types=["linear_attention", "full_attention"], intermediate_size=8,
                             shared_intermediate_size=16, num_local_experts=3, num_experts_per_tok=2,
                             embedding_multiplier=3.0, logits_scaling=2.0, residual_multiplier=0.5,
                             attention_multiplier=0.3, tie_word_embeddings=True),
    "lfm2": dict(layer_types=["conv", "full_attention"], conv_bias=True, block_multiple_of=16),
    "lfm2_moe": dict(layer_types=["full_attention", "conv"], num_dense_layers=1, num_experts=4, num_experts_per_tok=2,
                     moe_intermediate_size=8, routed_scaling_factor=1.5),
    "llama-dynamic": dict(model_type="llama", max_position_embeddings=16,
                          rope_parameters=dict(rope_type="dynamic", factor=2.0, rope_theta=10000.0)),
    "llama-linear": dict(model_type="llama", rope_parameters=dict(rope_type="linear", factor=4.0, rope_theta=10000.0)),
    "mamba2": dict(MAMBA, n_groups=2, tie_word_embeddings=True),
    "mamba2-limits": dict(MAMBA, model_type="mamba2", num_hidden_layers=1, n_groups=1, use_bias=True,
                          use_conv_bias=False, time_step_limit=(0.01, 0.5)),
    "ministral": dict(head_dim=16, sliding_window=6, layer_types=["sliding_attention", "full_attention"]),
    "nemotron": dict(head_dim=16),
    "olmo": dict(),
    "olmo-clip": dict(model_type="olmo", clip_qkv=0.5),
    "olmo3": dict(num_hidden_layers=4, sliding_window=6,
                  rope_parameters=dict(
                      full_attention=dict(rope_type="yarn", factor=4.0, rope_theta=10000.0, attention_factor=1.2,
                                          original_max_position_embeddings=32),
                      sliding_attention=dict(rope_type="default", rope_theta=10000.0))),
    "olmoe": dict(clip_qkv=1.0, num_experts=6, num_experts_per_tok=2),
    "phi": dict(),
    "phi-norms": dict(model_type="phi", qk_layernorm=True),
    "qwen2-yarn": dict(model_type="qwen2", rope_parameters=dict(rope_type="yarn", factor=4.0, rope_theta=10000.0,
                                                               original_max_position_embeddings=16)),
    "qwen2_moe": dict(moe_intermediate_size=24, shared_expert_intermediate_size=40, num_experts=6, num_experts_per_tok=3),
    "qwen3_5_text": dict(DELTA_NET, intermediate_size=16, tie_word_embeddings=True),
    "qwen3_next": dict(DELTA_NET, intermediate_size=16, num_experts=3, num_experts_per_tok=2, mlp_only_layers=[1],
                       moe_intermediate_size=8, shared_expert_intermediate_size=8),
    "seed_oss": dict(head_dim=8, attention_bias=True, attention_out_bias=False),
    "stablelm": dict(use_qkv_bias=True),
    "stablelm-norms": dict(model_type="stablelm", qk_layernorm=True),
    "stablelm-parallel": dict(model_type="stablelm", use_parallel_residual=True),
}


def build(name):
    settings = {key: value for key, value in dict(SIZES, **FAMILIES[name]).items() if value is not ...}
    model_type = settings.pop("model_type", name)
    config = transformers.AutoConfig.for_model(model_type, **settings)
    config._attn_implementation = "eager"
    torch.manual_seed(sum(map(ord, name)))
    model = transformers.AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            is_norm = ("norm" in key or "ln_" in key) and key.endswith("weight")
            if is_norm or key.endswith(("A_log", "dt_bias", ".D")):
                parameter.add_(torch.randn_like(parameter) * 0.2)
            else:
                parameter.copy_(torch.randn_like(parameter) * (0.2 if key.endswith("bias") else 0.1))
        for key, buffer in model.named_buffers():
            if key.endswith(("e_score_correction_bias", "expert_bias")):
                buffer.copy_((torch.randn_like(buffer) * 0.2).to(torch.bfloat16).float())
        for parameter in model.parameters():
            parameter.copy_(parameter.to(torch.bfloat16).float())
    return model


def golden(model, vocabulary):
    ids = torch.randint(3, vocabulary, (1, 24))
    batch = torch.randint(3, vocabulary, (2, 12))
    with torch.no_grad():
        found = model(ids, output_hidden_states=True, use_cache=False)
        greedy = ids
        for _ in range(16):
            greedy = torch.cat([greedy, model(greedy, use_cache=False).logits[:, -1:].argmax(-1)], 1)
        tensors = dict(input_ids=ids, logits=found.logits, greedy_ids=greedy[:, 24:].clone(), batch2_input_ids=batch,
                       batch2_logits=model(batch, use_cache=False).logits)
    states = found.hidden_states
    if model.config.model_type == "mamba2":
        # Elsewhere they are what enters each block, and the last norm's output; here what leaves it, and the latter.
        states = (model.get_input_embeddings()(ids).detach(), *states[:-2], states[-1])
    for number, state in enumerate(states):
        tensors[f"hidden_states.{number}"] = state
    return {key: value.contiguous() for key, value in tensors.items()}


def main():
    out, names = sys.argv[1], sys.argv[2:] or list(FAMILIES)
    for name in names:
        model = build(name)
        folder = os.path.join(out, name)
        os.makedirs(folder, exist_ok=True)
        tensors = golden(model, SIZES["vocab_size"])
        model.to(torch.bfloat16).save_pretrained(folder)
        save_file(tensors, os.path.join(folder, "golden.safetensors"))
        for file in os.listdir(folder):
            if file not in ("config.json", "model.safetensors", "golden.safetensors"):
                os.remove(os.path.join(folder, file))
        print(name, json.dumps(sorted(os.listdir(folder))))


main()
