// The bytes of one run, as parsers want them: in memory, or as a file in a folder of the process's own.

import Glibc
import SafeIO
import TensorCore
import Tokenization
import WeightFiles

/// One input of a fuzzer.
struct Input {
  let bytes: [UInt8]
  /// A folder in memory, which the parsers of a process use one after the other.
  let folder: String

  init(_ bytes: [UInt8]) throws(Failure) {
    self.bytes = bytes
    folder = "/dev/shm/mlt-fuzz-\(getpid())"
    if !Files.isDirectory(folder) { try Files.makeDirectory(folder) }
  }

  /// The path of a file with these bytes.
  func file(_ name: String) throws(Failure) -> String {
    let path = "\(folder)/\(name)"
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .io(path, "create", errno: errno) }
    defer { close(descriptor) }
    try bytes.withUnsafeBufferPointer { bytes throws(Failure) in
      try Files.writeAll(UnsafeRawBufferPointer(bytes), to: descriptor, path: path)
    }
    return path
  }

  /// An empty folder.
  func freshFolder(_ name: String) throws(Failure) -> String {
    let path = "\(folder)/\(name)"
    try Files.removeTree(path)
    try Files.makeDirectory(path)
    return path
  }

  /// Opens the bytes as a weight file, and reads every value.
  func readWeights(_ name: String) throws(Failure) {
    let source = try WeightFormat.open(path: file(name))
    for entry in source.entries {
      let sum = try source.bytes(entry.name).reduce(0) { $0 &+ Int($1) }
      _ = try source.tensor(entry.name).withBytes { $0.count &+ sum }
      source.forget(entry.name)
    }
  }

  /// Uses a tokenizer in every way.
  static func use(_ tokenizer: Tokenizer) throws(Failure) {
    for text in texts {
      let ids = try tokenizer.encode(text, pair: text).ids
      _ = tokenizer.decode(ids + [-1, 3, .max], skipSpecialTokens: true)
      for id in ids { _ = tokenizer.bytes(of: id) }
    }
  }

  private static let texts = ["", "ab <s> é😀\u{301} 12345", "  Hello,\n\n\tworld\u{0}  ab"]

  static let messages: JSON = [
    ["role": "system", "content": "Be brief."], ["role": "user", "content": "Hello <s> é"],
    [
      "role": "assistant", "content": "<think>\nhm\n</think>\n\nHi.",
      "tool_calls": [["type": "function", "function": ["name": "f", "arguments": ["x": 1]]]],
    ],
    ["role": "tool", "name": "f", "content": "2"], ["role": "user", "content": "And?"],
  ]

  static let tools: JSON = [
    [
      "type": "function",
      "function": [
        "name": "f", "description": "Adds.",
        "parameters": ["type": "object", "properties": ["x": ["type": "integer"]], "required": ["x"]],
      ],
    ]
  ]
}
