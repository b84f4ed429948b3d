// Weight files of a test's model, changed tensor by tensor.

import SafeIO
import TensorCore
import WeightFiles

/// Rewrites `model.safetensors` of a folder; a tensor for which `change` gives nil is left out, `added` come besides.
func rewriteWeights(
  of folder: String, added: [(name: String, tensor: Tensor)] = [],
  _ change: (String, Tensor) -> Tensor? = { $1 }
) throws {
  let path = "\(folder)/model.safetensors"
  let source = try SafetensorsFile(path: path)
  let tensors = try source.entries.compactMap { entry -> (name: String, tensor: Tensor)? in
    change(entry.name, try source.tensor(entry.name)).map { (entry.name, $0) }
  }
  try SafetensorsWriter.write(path: path, tensors: tensors + added, metadata: source.metadata)
}
