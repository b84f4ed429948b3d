// config.json of a model made from another one: the source's own keys, with what has changed, in the form that the
// readers of such files know.

import SafeIO
import TensorCore

extension JSONObject {
  /// Records the type of the weights, under the key that transformers 5 writes, the older one, or both, as they stand.
  package mutating func setWeightType(_ type: DType) {
    let keys = ["dtype", "torch_dtype"].filter { self[$0] != nil }
    for key in keys.isEmpty ? ["dtype"] : keys { self[key] = .string(type.configName) }
  }

  /// Records how the weights are quantized, or that they are not.
  ///
  /// mlx-lm reads `quantization`; `quantization_config` says the same to the Hugging Face hub (mlx-lm, utils.py,
  /// `quantize_model`).
  package mutating func setQuantization(_ table: QuantizationTable?) {
    self["quantization"] = table.map { .object($0.json) }
    self["quantization_config"] = self["quantization"]
    self["compression_config"] = nil
  }

  /// Repeats transformers 5's `rope_parameters` under the older keys `rope_theta` and `rope_scaling`.
  ///
  /// That is where mlx-lm 0.32 looks for most families; without them it would take its default base. transformers reads
  /// either.
  package mutating func addOlderRotaryKeys() {
    guard var parameters = self["rope_parameters"]?.objectValue, let base = parameters["rope_theta"] else {
      return
    }
    if self["rope_theta"] == nil { self["rope_theta"] = base }
    guard self["rope_scaling"] == nil else { return }
    parameters.removeValue(forKey: "rope_theta")
    self["rope_scaling"] = parameters["rope_type"] ?? "default" == "default" ? .null : .object(parameters)
  }

  /// The text of config.json as mlx-lm writes it: keys sorted on the outermost level, four spaces, no final newline; the
  /// ending ids of `generation_config.json` take the place of the configuration's own, and keys that mean nothing
  /// there are gone (utils.py, `load_config` and `save_config`).
  package func mlxText(generationConfig: JSON?) -> String {
    var object = self
    for key in ["_name_or_path", "vision_config"] { object.removeValue(forKey: key) }
    if let ids = generationConfig?["eos_token_id"], ![.null, 0, false, []].contains(ids) {
      object["eos_token_id"] = ids
    }
    var sorted = JSONObject()
    for key in object.keys.sorted(by: { $0.precedes($1) }) {
      sorted[key] = object[key]
    }
    return JSON.object(sorted).text(.pretty(indent: 4))
  }

  /// The text of config.json as transformers lays it out: two spaces, a final newline.
  package var configText: String { JSON.object(self).text(.pretty(indent: 2)) + "\n" }
}

extension DType {
  /// The type of weights as configurations spell it.
  package var configName: String {
    switch self {
    case .f32: "float32"
    case .bf16: "bfloat16"
    case .f16: "float16"
    case .f8e4m3: "float8_e4m3fn"
    case .f8e5m2: "float8_e5m2"
    default: rawValue
    }
  }
}

extension QuantizationTable {
  /// The object that mlx-lm writes: the setting of all, and exceptions under their paths.
  fileprivate var json: JSONObject {
    var object = base.json
    for path in overrides.keys.sorted(by: { $0.precedes($1) }) {
      object[path] = overrides[path].flatMap { $0 }.map { .object($0.json) } ?? false
    }
    return object
  }
}
