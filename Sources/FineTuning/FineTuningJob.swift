// Everything of a run before its first step: the model loaded, the rows read, what is trained made ready. A job that
// exists has nothing left to complain about.

import Models
import SafeIO
import TensorCore

/// A fine-tuning run that is ready to start.
package final class FineTuningJob {
  package let configuration: TrainingConfiguration
  package let data: TrainingData
  private let adapterFormat: AdapterFormat
  private let decoder: Decoder
  private let trainee: any Trainee
  /// Weights of the model, adapters aside.
  package let totalParameters: Int

  /// Loads the model, the rows and the start of what is trained.
  ///
  /// - Throws: `Failure` for anything wrong with the model, the data, or settings that don't fit them.
  package init(
    model path: String, data dataPath: String, adapterFormat: AdapterFormat,
    configuration: TrainingConfiguration, progress: (any ProgressReporting)? = nil
  ) throws {
    let model = try ModelDirectory(path: path)
    self.configuration = configuration
    self.adapterFormat = adapterFormat
    data = try TrainingData.load(from: dataPath, progress: progress) {
      RowReader(
        vocabularySize: model.spec.vocabularySize, limit: configuration.maxSeqLength,
        context: model.spec.contextLength
      ) {
        try RowEncoder(
          directory: path, eosTokenIDs: model.eosTokenIDs, maskPrompt: configuration.maskPrompt)
      }
    }
    totalParameters = model.spec.parameterCount
    switch configuration.fineTuneType {
    case .lora:
      decoder = try Decoder(model, arithmetic: configuration.arithmetic)
      trainee = try AdapterTrainee(decoder, model, configuration, format: adapterFormat)
    case .full:
      let full = try FullTrainee(model, configuration)
      decoder = full.decoder
      trainee = full
    }
  }

  /// Number of weights that are trained.
  package var trainedParameters: Int { trainee.parameters.reduce(0) { $0 + $1.value.count } }

  /// Everything that decides the result, for `RunDirectory`.
  ///
  /// - Parameter inputs: the digests of the model, the data and the start adapter, by role.
  package func record(inputs: [(role: String, digest: String)]) -> JSON {
    var digests = JSONObject()
    for (role, digest) in inputs { digests[role] = .string(digest) }
    return [
      "format_version": 1, "adapter_format": .string(adapterFormat.rawValue), "inputs": .object(digests),
      "configuration": configuration.record,
    ]
  }

  package func trainer(in run: RunDirectory, logsMemory: Bool) throws(Failure) -> Trainer {
    try Trainer(
      decoder: decoder, trainee: trainee, data: data, configuration: configuration, run: run,
      logsMemory: logsMemory)
  }
}
