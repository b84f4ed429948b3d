// A first look at a YAML document, event by event. Aliases let a few bytes stand for a tree without bound, and a
// parser that compares such trees as keys never ends. JSON has no aliases, so they are refused before anything is
// composed. Unsafe memory: libyaml walks the buffer it was lent, for one call.

import CYaml

/// Refuses the parts of YAML that JSON can't say and that cost more than their length.
enum YAMLEvents {
  /// What encloses the next event.
  private struct Collection {
    let isMapping: Bool
    /// Whether a mapping expects a key next.
    var expectsKey = true
  }

  /// Walks through the document.
  /// - Throws: `Failure.badData` with the line: for an alias, for a key that is a collection, for depth. What is no
  ///   YAML at all is left to the parser to report.
  static func check(_ text: String, source: String) throws(Failure) {
    var parser = yaml_parser_t()
    guard yaml_parser_initialize(&parser) == 1 else { throw .fault("\(source): no memory to read YAML") }
    defer { yaml_parser_delete(&parser) }
    let bytes = [UInt8](text.utf8)
    try bytes.withUnsafeBufferPointer { buffer throws(Failure) in
      yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
      yaml_parser_set_input_string(&parser, buffer.baseAddress, buffer.count)
      try walk(&parser, source: source)
    }
  }

  private static func walk(_ parser: inout yaml_parser_t, source: String) throws(Failure) {
    var open: [Collection] = []
    while true {
      var event = yaml_event_t()
      guard yaml_parser_parse(&parser, &event) == 1 else { return }
      defer { yaml_event_delete(&event) }
      let place = "\(source): line \(event.start_mark.line + 1)"
      let isStart = [YAML_MAPPING_START_EVENT, YAML_SEQUENCE_START_EVENT].contains(event.type)
      if isStart && open.last?.isMapping == true && open.last?.expectsKey == true {
        throw .badData(place, "a key must be plain text")
      }
      switch event.type {
      case YAML_STREAM_END_EVENT: return
      case YAML_ALIAS_EVENT:
        throw .badData(place, "aliases (*name) are not read here; write the value out")
      case YAML_MAPPING_START_EVENT, YAML_SEQUENCE_START_EVENT:
        guard open.count <= JSON.maximumDepth else {
          throw .badData(place, "is nested deeper than \(JSON.maximumDepth)")
        }
        open.append(Collection(isMapping: event.type == YAML_MAPPING_START_EVENT))
      case YAML_MAPPING_END_EVENT, YAML_SEQUENCE_END_EVENT:
        _ = open.popLast()
        fallthrough
      case YAML_SCALAR_EVENT:
        if !open.isEmpty { open[open.count - 1].expectsKey.toggle() }
      default: break
      }
    }
  }
}
