// The version that manifests, logs and `mlt --version` name.

/// The version of mlt.
package enum Version {
  package static let current = "0.1.0"
}
