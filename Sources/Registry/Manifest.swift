// manifest.json: an in-toto Statement v1 (https://in-toto.io/Statement/v1) whose subject is every file of the
// artifact and whose predicate is SLSA provenance v1 (https://slsa.dev/provenance/v1). It is written in one
// canonical form and carries a digest of itself, so that a changed byte in it is noticed too. That is no
// protection against someone who rewrites it: that is the work of a signature, and of the registry, which knows
// artifacts by the digest of their manifest.

import Glibc
import SafeIO

/// The manifest of an artifact.
package struct Manifest: Sendable {
  package static let fileName = "manifest.json"

  static let statementType = "https://in-toto.io/Statement/v1"
  static let predicateType = "https://slsa.dev/provenance/v1"
  /// Room for some thirty thousand files; bounds what a hostile manifest costs.
  static let maximumBytes = 4 << 20

  package struct Subject: Sendable, Equatable {
    package let path: TreePath
    package let sha256: String
  }

  /// Every file of the artifact but the manifest and its by-products.
  package let subjects: [Subject]
  /// The logs of the artifact, with the digest of what in them is not measured.
  package let byproducts: [(log: Byproduct, sha256: String)]
  /// Every file of the artifact but the manifest.
  package var files: [TreePath] { blobs.map(\.path) }
  /// What a store keeps of the artifact: its files, and its logs without their measurements.
  var blobs: [Subject] { subjects + byproducts.map { Subject(path: $0.log.path, sha256: $0.sha256) } }
  /// The whole statement.
  package let statement: JSON
  /// The bytes of the file.
  package let bytes: [UInt8]

  /// By this digest, of the file's bytes, an artifact is known to other manifests, to records and to the registry.
  package var digest: String { Digest.sha256(bytes) }

  // MARK: Making

  /// Hashes every file of `directory` and writes its manifest, the last file to be written.
  ///
  /// - Parameter digests: those of files that were hashed while they were written.
  /// - Throws: `Failure`; `badData` for links and special files, which an artifact can't hold.
  package static func seal(
    _ directory: String, _ provenance: Provenance, digests: OutputDigests? = nil
  ) throws(Failure) {
    let paths = try FileTree(directory).regularFiles().filter { $0.text != fileName }
    var byproducts: [JSON] = []
    for log in provenance.byproducts.sorted(by: { $0.path < $1.path }) where paths.contains(log.path) {
      guard let bytes = try log.reproducible(below: directory) else {
        throw .badData("\(directory)/\(log.path)", "is not a log as mlt writes it")
      }
      byproducts.append(log.json(sha256: Digest.sha256(bytes)))
    }
    let known = try digests?.files(below: directory) ?? []
    let others = paths.filter { path in
      !provenance.byproducts.contains { $0.path == path } && !known.contains { $0.path == path }
    }
    let files = try (known + Digest.files(others, below: directory)).sorted { $0.path < $1.path }
    let subjects = files.map { file -> JSON in
      ["name": .string(file.path.text), "digest": ["sha256": .string(file.sha256)]]
    }
    let bytes = text(of: subjects, byproducts, provenance)
    guard bytes.count <= maximumBytes else {
      throw .badData(directory, "holds too many files (\(subjects.count)) for one manifest")
    }
    try Files.writeAtomically(bytes, to: "\(directory)/\(fileName)")
  }

  private static func text(of subjects: [JSON], _ byproducts: [JSON], _ provenance: Provenance) -> [UInt8] {
    var internalParameters: JSONObject = [
      "version": .string(Version.current), "instructionSet": .string(provenance.instructionSet),
    ]
    if let kernels = provenance.floatKernels { internalParameters["floatKernels"] = .string(kernels) }
    if let arithmetic = provenance.arithmetic { internalParameters["arithmetic"] = .string(arithmetic) }
    if let seed = provenance.seed { internalParameters["seed"] = .integer(seed) }
    if !provenance.settings.isNull { internalParameters["settings"] = provenance.settings }
    var details: JSONObject = [
      "builder": ["id": "urn:mlt:builder:v1", "version": ["mlt": .string(Version.current)]]
    ]
    if !byproducts.isEmpty { details["byproducts"] = .array(byproducts) }
    let statement: JSONObject = [
      "_type": .string(statementType),
      "subject": .array(subjects),
      "predicateType": .string(predicateType),
      "predicate": [
        "buildDefinition": [
          "buildType": .string("urn:mlt:\(provenance.command):v1"),
          "externalParameters": [
            "command": .string(provenance.command), "arguments": provenance.arguments,
          ],
          "internalParameters": .object(internalParameters),
          "resolvedDependencies": .array(provenance.inputs.map(\.json)),
        ],
        "runDetails": .object(details),
      ],
    ]
    return canonical(withSelfDigest: statement)
  }

  // MARK: The canonical form

  /// The statement as text, with `predicate.runDetails.metadata.invocationId`, the digest of the text without it.
  private static func canonical(withSelfDigest statement: JSONObject) -> [UInt8] {
    var statement = statement
    statement[path: ["predicate", "runDetails", "metadata"]] = nil
    let digest = Digest.sha256(canonical(statement))
    statement[path: ["predicate", "runDetails", "metadata"]] = ["invocationId": .string("sha256:\(digest)")]
    return canonical(statement)
  }

  private static func canonical(_ statement: JSONObject) -> [UInt8] {
    [UInt8]((JSON.object(statement).text(.pretty(indent: 2)) + "\n").utf8)
  }

  /// Whether these are the bytes that were written: canonical, and with the right digest of itself.
  package var isUnchanged: Bool {
    statement.objectValue.map { Manifest.canonical(withSelfDigest: $0) == bytes } ?? false
  }

  // MARK: Reading

  /// Reads the manifest of an artifact.
  /// - Throws: `Failure.notFound` when there is none; `badData` when it is not what a manifest must be.
  package init(directory: String) throws(Failure) {
    let path = "\(directory)/\(Manifest.fileName)"
    var status = stat()
    guard lstat(path, &status) == 0 else {
      guard Files.isDirectory(directory) else { throw .notFound(directory) }
      throw .notFound(path, "no manifest; every folder that mlt writes has one")
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .badData(path, "is not a regular file") }
    try self.init(bytes: Files.read(path: path, limit: Manifest.maximumBytes), source: path)
  }

  /// Reads a manifest from its bytes.
  package init(bytes: [UInt8], source: String) throws(Failure) {
    guard bytes.count <= Manifest.maximumBytes else {
      throw .badData(source, "has \(bytes.count) bytes, more than a manifest may")
    }
    let statement = try JSON.parse(bytes, source: source)
    let fields = try Fields(statement, source: source)
    guard try fields.string("_type") == Manifest.statementType else {
      throw fields.complaint("_type", "expected \(Manifest.statementType)")
    }
    guard try fields.string("predicateType") == Manifest.predicateType else {
      throw fields.complaint("predicateType", "expected \(Manifest.predicateType)")
    }
    let definition = try fields.fields("predicate").fields("buildDefinition")
    command = try definition.fields("externalParameters").string("command")
    self.statement = statement
    self.bytes = bytes
    var names: Set<TreePath> = []
    subjects = try Manifest.subjects(fields, &names)
    byproducts = try Manifest.byproducts(fields.fields("predicate").fields("runDetails"), &names)
    inputs = try Manifest.inputs(definition)
  }

  /// The inputs that the statement names.
  package let inputs: [ProvenanceInput]

  /// The subcommand that made the artifact.
  package let command: String

  /// The license that the inputs brought with them.
  package var inheritedLicense: String? { inputs.lazy.compactMap(\.license).first }

  private static func subjects(_ fields: Fields, _ names: inout Set<TreePath>) throws(Failure) -> [Subject] {
    var subjects: [Subject] = []
    for (index, element) in try fields.array("subject").enumerated() {
      let subject = try Fields(element, source: "\(fields.source): subject \(index)")
      subjects.append(Subject(path: try path(subject, &names), sha256: try sha256(subject)))
    }
    return subjects
  }

  private static func byproducts(
    _ details: Fields, _ names: inout Set<TreePath>
  ) throws(Failure) -> [(log: Byproduct, sha256: String)] {
    var byproducts: [(log: Byproduct, sha256: String)] = []
    for (index, element) in (try details.optionalArray("byproducts") ?? []).enumerated() {
      let entry = try Fields(element, source: "\(details.source): byproduct \(index)")
      let measurements = try entry.fields("annotations").strings("without")
      let log = Byproduct(path: try path(entry, &names), measurements: measurements)
      byproducts.append((log, try sha256(entry)))
    }
    return byproducts
  }

  /// The name of a file of the artifact, which was not named before.
  private static func path(_ file: Fields, _ names: inout Set<TreePath>) throws(Failure) -> TreePath {
    let name = try file.string("name")
    guard let path = TreePath(name) else {
      throw file.complaint("name", "\(name.debugDescription) is not a path below the artifact")
    }
    guard path.text != fileName else { throw file.complaint("name", "a manifest can't list itself") }
    guard names.insert(path).inserted else { throw file.complaint("name", "'\(path)' is listed twice") }
    return path
  }

  private static func inputs(_ definition: Fields) throws(Failure) -> [ProvenanceInput] {
    var inputs: [ProvenanceInput] = []
    for (index, element) in (try definition.optionalArray("resolvedDependencies") ?? []).enumerated() {
      let input = try Fields(element, source: "\(definition.source): dependency \(index)")
      let annotations = try input.optionalFields("annotations")
      let kind = try annotations?.optionalString("digestOf").flatMap(ProvenanceInput.Kind.init) ?? .file
      inputs.append(
        ProvenanceInput(
          role: try annotations?.optionalString("role") ?? "", name: try input.string("name"),
          digest: try sha256(input), kind: kind, license: try annotations?.optionalString("license")))
    }
    return inputs
  }

  private static func sha256(_ fields: Fields) throws(Failure) -> String {
    let digest = try fields.fields("digest").string("sha256")
    guard Digest.isValid(digest) else {
      throw fields.complaint("digest", "expected 64 lowercase hexadecimal digits")
    }
    return digest
  }

  /// The digest by which the artifact in `directory` is known.
  package static func digest(of directory: String) throws(Failure) -> String {
    try Manifest(directory: directory).digest
  }
}

extension JSON {
  /// The value at the end of a path of keys.
  subscript(path keys: [String]) -> JSON? {
    keys.reduce(Optional(self)) { value, key in value?[key] }
  }
}

extension JSONObject {
  /// The value at the end of a path of keys; setting goes through objects only, and makes none.
  fileprivate subscript(path keys: ArraySlice<String>) -> JSON? {
    get { JSON.object(self)[path: Array(keys)] }
    set {
      guard let first = keys.first else { return }
      guard keys.count > 1 else {
        self[first] = newValue
        return
      }
      guard var inner = self[first]?.objectValue else { return }
      inner[path: keys.dropFirst()] = newValue
      self[first] = .object(inner)
    }
  }
}
