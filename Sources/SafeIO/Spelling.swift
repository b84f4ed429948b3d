// What a misspelt word was meant to be.

/// Guesses what was meant.
package enum Spelling {
  /// `; did you mean 'x'?` when something near is known, else the list of what is.
  package static func suggestion(for word: String, among known: [String]) -> String {
    let nearest = known.min { distance(word, $0) < distance(word, $1) }
    if let nearest, distance(word, nearest) <= max(2, word.count / 3) {
      return "; did you mean '\(nearest)'?"
    }
    return known.count <= 40 ? "; known: \(known.joined(separator: ", "))" : ""
  }

  /// Levenshtein's edit distance.
  static func distance(_ left: String, _ right: String) -> Int {
    let target = Array(right.unicodeScalars.prefix(64))
    var row = Array(0...target.count)
    for (i, scalar) in left.unicodeScalars.prefix(64).enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for j in target.indices {
        let substituted = diagonal + (scalar == target[j] ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(substituted, diagonal + 1, row[j] + 1)
      }
    }
    return row[target.count]
  }
}
