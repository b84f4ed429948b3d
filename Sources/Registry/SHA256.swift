// SHA-256 as bytes come in; the rounds are in CKernels/sha256.c.
//
// UNSAFE, on purpose: bytes are handed to C, which keeps no pointer.

import CKernels

/// A digest in the making.
struct SHA256 {
  private var state = mlt_sha256_start(0)

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    if let base = bytes.baseAddress { mlt_sha256_add(&state, base, Int64(bytes.count)) }
  }

  /// The digest of all bytes so far, as 64 lowercase hexadecimal digits.
  func hexadecimal() -> String {
    var state = state
    var digest = [UInt8](repeating: 0, count: 32)
    mlt_sha256_finish(&state, &digest)
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
