// mlt convert --format gguf: a model in one file, for llama.cpp and the programs built on it.

import ArgumentParser
import Models
import Quantization
import Registry
import SafeIO
import TensorCore
import Tokenization
import WeightFiles

extension GGUFMix: ExpressibleByArgument {
  /// A name as `--type` takes it.
  public init?(argument: String) { self.init(name: argument) }
}

extension Convert {
  /// Writes the file: by itself, or in a folder with what it was made from.
  func writeGGUF(_ progress: ConsoleProgress?) throws {
    let isFile = output.out.hasSuffix(".gguf")
    if isFile {
      guard output.overwrite || !Files.exists(output.out) else {
        throw Failure.usage("\(output.out) exists already; give another --out, or --overwrite to replace it")
      }
      try OutputPlace.check(output.out, reading: [model])
    } else {
      try output.check(reading: [model])
    }
    let directory = try ModelDirectory(path: model)
    let export = try GGUFExport(
      directory, mix: type,
      vocabulary: GGUFVocabulary.metadata(ofModel: model, rows: directory.spec.vocabularySize))
    let start = ContinuousClock.now
    let report: RewriteReport
    if isFile {
      try Files.makeDirectory(Files.parent(of: output.out))
      report = try export.write(to: output.out, durably: true, progress: progress)
    } else {
      report = try OutputDirectory.create(at: output.out, overwrite: output.overwrite) { staging in
        let digests = OutputDigests()
        let (report, input) = try ProvenanceInput.model(path: model) {
          try CompanionFiles.copy(from: model, to: staging, areAll: false)
          return try export.write(
            to: "\(staging)/model.gguf", durably: false, follower: digests, progress: progress)
        }
        let provenance = Provenance(
          command: "convert",
          arguments: ["format": "gguf", "type": type.map { .string($0.rawValue) } ?? .null], inputs: [input],
          instructionSet: InstructionSet.name)
        try Manifest.seal(staging, provenance, digests: digests)
        return report
      }
    }
    report.print(out: output.out, duration: .now - start, as: common)
  }
}
