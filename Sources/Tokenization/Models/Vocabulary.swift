// Tokens and their ids, both ways. Lookups go by bytes: Swift's strings compare by canonical equivalence, and a
// vocabulary may hold both spellings of an `é`.

import SafeIO

/// The vocabulary of a model.
struct Vocabulary: Sendable {
  /// The token of each id; nil where ids leave a gap.
  let tokens: [String?]
  /// How many tokens there are.
  let count: Int
  private let table: ByteStringTable

  /// Reads `{"token": id, …}`.
  /// - Throws: `Failure.badData` when an id is no id, is used twice, or is far beyond the number of tokens.
  init(_ fields: Fields, _ key: String) throws(Failure) {
    let entries = try fields.fields(key).object
    let limit = max(entries.count * 4, 1 << 20)
    var tokens: [String?] = []
    tokens.reserveCapacity(entries.count)
    var table = ByteStringTable(capacity: entries.count)
    for (token, value) in entries {
      guard let id = value.intValue, id >= 0, id < limit else {
        throw fields.complaint(
          key, "the token '\(token.prefix(40))' has the id \(value.text()), which is no id")
      }
      while tokens.count <= id { tokens.append(nil) }
      if let other = tokens[id] {
        throw fields.complaint(
          key, "the tokens '\(other.prefix(40))' and '\(token.prefix(40))' share the id \(id)")
      }
      tokens[id] = token
      var token = token
      token.withUTF8 { table.insert($0, value: Int32(id)) }
    }
    self.tokens = tokens
    self.table = table
    count = entries.count
  }

  /// Tokens whose places are their ids; of equal ones the last is found.
  init(_ tokens: [String]) {
    var table = ByteStringTable(capacity: tokens.count)
    var known = Set<[UInt8]>(minimumCapacity: tokens.count)
    for (id, token) in tokens.enumerated().reversed() where known.insert([UInt8](token.utf8)).inserted {
      var token = token
      token.withUTF8 { table.insert($0, value: Int32(id)) }
    }
    self.tokens = tokens
    self.table = table
    count = tokens.count
  }

  /// The id of a token.
  func id(of token: some Collection<UInt8>) -> Int32? {
    if let id = token.withContiguousStorageIfAvailable({ table.value(for: $0) }) { return id }
    return [UInt8](token).withUnsafeBufferPointer { table.value(for: $0) }
  }

  func id(of token: String) -> Int32? {
    var token = token
    return token.withUTF8 { table.value(for: $0) }
  }
}
