#!/usr/bin/env python3
"""Makes the random model that all programs are measured on: a safetensors folder and, for llama.cpp, a GGUF file.

    make_model.py SHAPE FOLDER [FILE.gguf LLAMA_CPP]

Runs in the environment of the peers (torch, safetensors, and gguf-py of llama.cpp's source). The weights are bf16, normal with
a deviation of 0.02; the same shape gives the same bytes.
"""

import json
import os
import shutil
import sys

SHAPES = {
    # Only for trying the scripts out.
    "llama-tiny": dict(hidden_size=256, intermediate_size=512, num_hidden_layers=2, num_attention_heads=4,
                       num_key_value_heads=2, vocab_size=1280),
    "llama-135m": dict(hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
                       num_key_value_heads=3, vocab_size=49152),
    "llama-1b": dict(hidden_size=2048, intermediate_size=8192, num_hidden_layers=16, num_attention_heads=32,
                     num_key_value_heads=8, vocab_size=128256),
}
TOKENIZER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../data/model")


def configuration(shape):
    """config.json of a Llama of this shape, with heads of 64 and the head tied to the embeddings."""
    return dict(SHAPES[shape], architectures=["LlamaForCausalLM"], model_type="llama", head_dim=64, hidden_act="silu",
                rms_norm_eps=1e-5, rope_theta=10000.0, tie_word_embeddings=True, max_position_embeddings=8192,
                attention_bias=False, mlp_bias=False, bos_token_id=1, eos_token_id=2, torch_dtype="bfloat16")


def parameters(config):
    """Names and shapes, in the order of the layers."""
    hidden, wide, head = config["hidden_size"], config["intermediate_size"], config["head_dim"]
    queries, keys = config["num_attention_heads"] * head, config["num_key_value_heads"] * head
    yield "model.embed_tokens.weight", (config["vocab_size"], hidden)
    for layer in range(config["num_hidden_layers"]):
        base = f"model.layers.{layer}"
        yield f"{base}.input_layernorm.weight", (hidden,)
        yield f"{base}.self_attn.q_proj.weight", (queries, hidden)
        yield f"{base}.self_attn.k_proj.weight", (keys, hidden)
        yield f"{base}.self_attn.v_proj.weight", (keys, hidden)
        yield f"{base}.self_attn.o_proj.weight", (hidden, queries)
        yield f"{base}.post_attention_layernorm.weight", (hidden,)
        yield f"{base}.mlp.gate_proj.weight", (wide, hidden)
        yield f"{base}.mlp.up_proj.weight", (wide, hidden)
        yield f"{base}.mlp.down_proj.weight", (hidden, wide)
    yield "model.norm.weight", (hidden,)


def write_folder(config, folder):
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    tensors = {}
    for name, shape in parameters(config):
        values = torch.ones(shape) if len(shape) == 1 else torch.randn(shape) * 0.02
        tensors[name] = values.to(torch.bfloat16)
    os.makedirs(folder, exist_ok=True)
    save_file(tensors, f"{folder}/model.safetensors", metadata={"format": "pt"})
    # The tokenizer knows 1030 tokens; the rest of the vocabulary is only rows to compute with.
    for name in ["tokenizer.json", "tokenizer_config.json"]:
        shutil.copy(f"{TOKENIZER}/{name}", folder)
    with open(f"{folder}/config.json", "w", encoding="utf-8") as file:
        json.dump(config, file, indent=2)


def write_gguf(config, folder, path):
    """The same weights for llama.cpp, without a vocabulary, which its benchmarks need not."""
    import gguf
    import torch
    from safetensors import safe_open

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_vocab_size(config["vocab_size"])
    writer.add_tokenizer_model("no_vocab")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_BF16)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config["num_hidden_layers"])
    with safe_open(f"{folder}/model.safetensors", "pt") as file:
        for name, _ in parameters(config):
            tensor = file.get_tensor(name)
            known = names.get_name(name, try_suffixes=(".weight",))
            if tensor.ndim == 1:
                writer.add_tensor(known, tensor.float().numpy())
            else:  # rows of random numbers need not be put into llama.cpp's order of rotary pairs
                raw = tensor.view(torch.uint8).numpy()
                writer.add_tensor(known, raw, raw_shape=raw.shape, raw_dtype=gguf.GGMLQuantizationType.BF16)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    shape, folder = sys.argv[1:3]
    config = configuration(shape)
    if not os.path.exists(f"{folder}/config.json"):
        write_folder(config, folder)
    if len(sys.argv) > 3 and not os.path.exists(sys.argv[3]):
        sys.path.insert(0, f"{sys.argv[4]}/gguf-py")
        write_gguf(config, folder, f"{sys.argv[3]}.unfinished")
        os.rename(f"{sys.argv[3]}.unfinished", sys.argv[3])


if __name__ == "__main__":
    main()
