// The cleaning that machine translation models began with: control characters go, and what looks like white space is a
// space. Behaviour of the `tokenizers` library, normalizers/unicode.rs.

/// `Nmt`.
struct NmtNormalizer: Normalizer {
  func normalize(_ text: inout AlignedText) {
    text.filter { scalar in
      switch scalar {
      case 0x01...0x08, 0x0b, 0x0e...0x1f, 0x7f, 0x8f, 0x9f: false
      default: true
      }
    }
    text.map { scalar in
      switch scalar {
      case 0x09, 0x0a, 0x0c, 0x0d, 0x1680, 0x200b...0x200f, 0x2028, 0x2029, 0x2581, 0xfeff, 0xfffd: 0x20
      default: scalar
      }
    }
  }
}
