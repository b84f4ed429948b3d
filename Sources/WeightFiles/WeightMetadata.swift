// The free-form text of a weight file, in the order in which the file has it, so that a copy has the same bytes.

/// Names and their texts, in order; names are compared by their bytes.
package struct WeightMetadata: Sendable {
  private var pairs: [(key: String, value: String)] = []
  private var positions: [ExactName: Int] = [:]

  package init() {}

  /// The text under a name; setting a new one puts it last, setting nil removes it.
  package subscript(key: String) -> String? {
    get { positions[ExactName(key)].map { pairs[$0].value } }
    set {
      switch (positions[ExactName(key)], newValue) {
      case (let position?, let value?): pairs[position].value = value
      case (nil, let value?):
        positions[ExactName(key)] = pairs.count
        pairs.append((key, value))
      case (let position?, nil):
        pairs.remove(at: position)
        positions = Dictionary(uniqueKeysWithValues: pairs.indices.map { (ExactName(pairs[$0].key), $0) })
      case (nil, nil): break
      }
    }
  }
}

extension WeightMetadata: RandomAccessCollection {
  package var startIndex: Int { pairs.startIndex }
  package var endIndex: Int { pairs.endIndex }
  package subscript(position: Int) -> (key: String, value: String) { pairs[position] }
}

extension WeightMetadata: Equatable {
  package static func == (left: WeightMetadata, right: WeightMetadata) -> Bool {
    left.elementsEqual(right) { ExactName($0.key) == ExactName($1.key) && $0.value == $1.value }
  }
}

extension WeightMetadata: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, String)...) {
    for (key, value) in elements { self[key] = value }
  }
}
