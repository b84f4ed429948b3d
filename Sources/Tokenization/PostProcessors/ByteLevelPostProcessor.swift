// GPT-2's post-processor adds no tokens; all it does is to leave white space out of offsets.

import SafeIO

/// `ByteLevel` as a post-processor.
struct ByteLevelPostProcessor: PostProcessor {
  private let trimsOffsets: Bool
  private let addsPrefixSpace: Bool

  init(_ fields: Fields) throws(Failure) {
    trimsOffsets = try fields.bool("trim_offsets", default: true)
    addsPrefixSpace = try fields.bool("add_prefix_space", default: true)
  }

  var ids: [Int32] { [] }

  func process(_ parts: [Encoding], addSpecialTokens: Bool) -> [Encoding] {
    guard trimsOffsets else { return parts }
    return parts.map { OffsetTrimming.trimmed($0, addsPrefixSpace: addsPrefixSpace) }
  }
}
