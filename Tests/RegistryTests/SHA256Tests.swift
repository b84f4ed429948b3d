// SHA-256 against the examples of FIPS 180-4 and its portable version.

import CKernels
import Registry
import Testing

@Suite struct SHA256Tests {
  /// The digest of bytes that come in chunks, by the version of that index.
  private func digest(
    _ bytes: [UInt8], from start: Int = 0, chunks: [Int] = [Int.max], version: Int32 = 0
  ) -> [UInt8] {
    var sha = mlt_sha256_start(version)
    bytes.withUnsafeBytes { buffer in
      var (done, turn) = (start, 0)
      while let base = buffer.baseAddress, done < bytes.count {
        let count = min(chunks[turn % chunks.count], bytes.count - done)
        mlt_sha256_add(&sha, base + done, Int64(count))
        done += count
        turn += 1
      }
    }
    var digest = [UInt8](repeating: 0, count: 32)
    mlt_sha256_finish(&sha, &digest)
    return digest
  }

  private var versions: Range<Int32> {
    0..<((0...99).first { mlt_sha256_available($0) == nil } ?? 0)
  }

  private func text(_ digest: [UInt8]) -> String {
    digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  // NIST, "Examples with Intermediate Values" for FIPS 180, and the SHA-256 of the million.
  @Test(arguments: [
    ("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      1, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
    ("a", 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
  ])
  func `every version gives the digests of the standard`(word: String, times: Int, expected: String) {
    let bytes = [UInt8](String(repeating: word, count: times).utf8)
    for version in versions { #expect(text(digest(bytes, version: version)) == expected) }
    #expect(Digest.sha256(bytes) == expected)
  }

  @Test func `around the edges of blocks all versions agree, at any address`() {
    for count in Array(0...260) + [511, 512, 513, 4095, 4096, 4097] {
      let bytes = (0..<count + 3).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 >> 3) }
      for start in 0...3 where start <= bytes.count {
        let digests = versions.map { digest(bytes, from: start, version: $0) }
        #expect(digests.allSatisfy { $0 == digests[0] }, "\(count) bytes from \(start)")
      }
    }
  }

  @Test(arguments: [[1], [63, 1], [64], [65], [3, 61, 64, 127, 0, 129], [1000, 7]])
  func `the digest does not depend on how the bytes come`(chunks: [Int]) {
    let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    for version in versions {
      #expect(digest(bytes, chunks: chunks, version: version) == digest(bytes, version: version))
    }
  }
}
