// Which registry a command works on.

import ArgumentParser
import Glibc
import Registry
import SafeIO

/// The place of the registry: `--registry`, else the environment's `MLT_REGISTRY`, else `./registry`.
struct RegistryOptions: ParsableArguments {
  @Option(help: "The registry's folder. Default: $MLT_REGISTRY, or ./registry.")
  var registry: String?

  var path: String { registry ?? getenv("MLT_REGISTRY").map { String(cString: $0) } ?? "registry" }
}
