// swift-tools-version: 6.2
// The targets stand from top to bottom as the architecture does: each imports only what is below it.
import PackageDescription

let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "mlt",
  products: [.executable(name: "mlt", targets: ["mlt"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .executableTarget(
      name: "mlt",
      dependencies: [
        "Benchmarks", "Pipelines", "Evaluation", "Registry", "FineTuning", "Quantization", "Generation",
        "Models",
        "Tokenization",
        "WeightFiles", "TensorCore", "SafeIO",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    // Speed beside the machine's limits.
    .target(
      name: "Benchmarks",
      dependencies: [
        "Registry", "FineTuning", "Quantization", "Generation", "Models", "WeightFiles", "TensorCore",
        "CKernels",
        "COpenBLAS", "SafeIO",
      ],
      swiftSettings: strict),
    // Recipes: a YAML file that chains the commands into one run.
    .target(name: "Pipelines", dependencies: ["Registry", "SafeIO"], swiftSettings: strict),
    // Fixtures, strategies, checks, metrics, reports.
    .target(
      name: "Evaluation",
      dependencies: [
        "Registry", "Generation", "Models", "Tokenization", "WeightFiles", "TensorCore", "SafeIO",
      ],
      swiftSettings: strict),
    // Manifests, verification, store, channels, gate, log.
    .target(
      name: "Registry", dependencies: ["TensorCore", "CKernels", "SafeIO"], swiftSettings: strict),
    // Adapters, optimizers, schedules, data, trainer, checkpoints.
    .target(
      name: "FineTuning", dependencies: ["Models", "Tokenization", "WeightFiles", "TensorCore", "SafeIO"],
      swiftSettings: strict),
    // Methods that choose the quantized values.
    .target(
      name: "Quantization", dependencies: ["Models", "WeightFiles", "TensorCore", "CKernels", "SafeIO"],
      swiftSettings: strict),
    // Sampling, constrained decoding.
    .target(
      name: "Generation", dependencies: ["Models", "Tokenization", "TensorCore", "SafeIO"],
      swiftSettings: strict),
    // config.json to one decoder; a file per architecture family.
    .target(
      name: "Models", dependencies: ["Tokenization", "WeightFiles", "TensorCore", "SafeIO"],
      swiftSettings: strict),
    // Tokenizers and chat templates.
    .target(name: "Tokenization", dependencies: ["WeightFiles", "SafeIO"], swiftSettings: strict),
    // safetensors, HDF5, GGUF, and the place where other formats plug in.
    .target(
      name: "WeightFiles", dependencies: ["TensorCore", "CHDF5Files", "SafeIO"], swiftSettings: strict),
    // Tensors, operations, automatic differentiation, weight matrices, thread pool.
    .target(name: "TensorCore", dependencies: ["CKernels", "COpenBLAS", "SafeIO"], swiftSettings: strict),
    // SIMD kernels in C, chosen at run time. Optimized in debug builds too: unoptimized kernels are too slow to test.
    .target(
      name: "CKernels",
      cSettings: [.headerSearchPath("."), .unsafeFlags(["-O3", "-Wall", "-Werror"])]),
    // Bytes from outside checked, outputs all or nothing, one kind of error.
    .target(
      name: "SafeIO", dependencies: ["CLinux", "CZstd", .product(name: "Yams", package: "Yams")],
      swiftSettings: strict),
    // System calls that the Glibc module lacks.
    .target(name: "CLinux"),
    // HDF5 files by way of libhdf5, those from outside in a process of their own.
    .target(
      name: "CHDF5Files", dependencies: ["CHDF5"],
      // Later versions of the library keep the calls of 1.10, which Debian 12 and Ubuntu 22.04 have, behind this name.
      cSettings: [.define("H5_USE_110_API"), .unsafeFlags(["-Wall", "-Werror"])]),
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5-serial", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),

    .target(name: "TestSupport", dependencies: ["SafeIO"], path: "Tests/TestSupport", swiftSettings: strict),
    .testTarget(
      name: "mltTests",
      dependencies: ["mlt", "TestSupport", "WeightFiles", "TensorCore", "Registry", "SafeIO"],
      resources: [.copy("Goldens")], swiftSettings: strict),
    .testTarget(
      name: "BenchmarksTests", dependencies: ["Benchmarks", "Models", "SafeIO"], swiftSettings: strict),
    .testTarget(
      name: "PipelinesTests", dependencies: ["Pipelines", "TestSupport", "Registry", "SafeIO"],
      swiftSettings: strict),
    .testTarget(
      name: "EvaluationTests",
      dependencies: [
        "Evaluation", "TestSupport", "Generation", "Models", "Tokenization", "WeightFiles", "TensorCore",
        "SafeIO",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "RegistryTests", dependencies: ["Registry", "CKernels", "TestSupport", "SafeIO"],
      swiftSettings: strict),
    .testTarget(
      name: "FineTuningTests",
      dependencies: [
        "FineTuning", "TestSupport", "Models", "Tokenization", "WeightFiles", "TensorCore", "SafeIO",
      ],
      resources: [.copy("Goldens")], swiftSettings: strict),
    .testTarget(
      name: "QuantizationTests",
      dependencies: ["Quantization", "TestSupport", "Models", "WeightFiles", "TensorCore", "SafeIO"],
      resources: [.copy("Goldens")], swiftSettings: strict),
    .testTarget(
      name: "GenerationTests",
      dependencies: [
        "Generation", "TestSupport", "Models", "Tokenization", "WeightFiles", "TensorCore", "SafeIO",
      ],
      resources: [.copy("Goldens")], swiftSettings: strict),
    .testTarget(
      name: "ModelsTests", dependencies: ["Models", "TestSupport", "WeightFiles", "TensorCore", "SafeIO"],
      resources: [.copy("Goldens")], swiftSettings: strict),
    .testTarget(
      name: "TokenizationTests", dependencies: ["Tokenization", "TestSupport", "SafeIO"],
      resources: [.copy("Goldens")], swiftSettings: strict),
    .testTarget(
      name: "WeightFilesTests", dependencies: ["WeightFiles", "TestSupport", "TensorCore", "SafeIO"],
      resources: [.copy("Goldens")], swiftSettings: strict),
    .testTarget(
      name: "TensorCoreTests", dependencies: ["TensorCore", "CKernels", "TestSupport", "SafeIO"],
      resources: [.copy("Goldens")], swiftSettings: strict),
    .testTarget(
      name: "SafeIOTests", dependencies: ["SafeIO", "CZstd", "TestSupport"], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)

// Fuzzers are built apart, with the flags that libFuzzer needs: scripts/fuzz.
if Context.environment["MLT_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "Fuzzing",
      dependencies: [
        "Registry", "FineTuning", "Models", "Tokenization", "WeightFiles", "TensorCore", "SafeIO",
      ],
      path: "Tests/Fuzzing", exclude: ["Corpus"],
      swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]))
}
