import Glibc
import SafeIO
import Tokenization

// zztok ids TOKENIZER FILE [rule]: one id list (JSON) for each line-free whole file; zztok lines: for every line
// zztok time TOKENIZER FILE
let a = CommandLine.arguments
func now() -> Double {
  var t = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t)
  return Double(t.tv_sec) + Double(t.tv_nsec) / 1e9
}
do {
  let t0 = now()
  let tok: Tokenizer
  if a[2].hasSuffix(".jsonform") {
    tok = try Tokenizer(json: JSON.read(path: a[2]), source: a[2])
  } else {
    tok = try Tokenizer.load(directory: a[2], splitRule: a.count > 4 ? a[4] : nil)
  }
  let t1 = now()
  switch a[1] {
  case "ids":
    let text = try Files.readText(path: a[3])
    let e = try tok.encode(text, addSpecialTokens: false)
    print("[" + e.ids.map { String($0) }.joined(separator: ",") + "]")
    let d = tok.decode(e.ids, skipSpecialTokens: false)
    print(JSON.string(d).text())
  case "lines":  // JSON list of texts -> per line JSON
    for j in try JSON.read(path: a[3]).arrayValue ?? [] {
      do throws(Failure) {
        let e = try tok.encode(j.stringValue ?? "", addSpecialTokens: a.count > 5)
        let o: JSON = [
          "ids": .array(e.ids.map { .integer(Int($0)) }), "tokens": .array(e.tokens.map { .string($0) }),
          "offsets": .array(e.offsets.map { [.integer($0.lowerBound), .integer($0.upperBound)] }),
          "decoded": .string(tok.decode(e.ids, skipSpecialTokens: false)),
        ]
        print(o.text())
      } catch { print(JSON.object(["error": .string(error.message)]).text()) }
    }
  case "decode":
    for j in try JSON.read(path: a[3]).arrayValue ?? [] {
      let ids = (j.arrayValue ?? []).map { Int32($0.intValue ?? 0) }
      var s = tok.makeDecodeStream(skipSpecialTokens: false)
      var parts = ids.map { s.append($0) }
      parts.append(s.finish())
      let o: JSON = [
        "text": .string(tok.decode(ids, skipSpecialTokens: false)),
        "stream": .array(parts.map { $0.map { .string($0) } ?? .null }),
      ]
      print(o.text())
    }
  case "time":
    let text = try Files.readText(path: a[3])
    var best = 1e9
    var n = 0
    for _ in 0..<3 {
      let fresh = try Tokenizer.load(directory: a[2], splitRule: a.count > 4 ? a[4] : nil)
      let s = now()
      let e = try fresh.encode(text, addSpecialTokens: false)
      n = e.count
      best = min(best, now() - s)
    }
    print("load \(t1 - t0) s, encode \(best) s, \(Double(text.utf8.count) / best / 1e6) MB/s, \(n) ids")
  default: break
  }
} catch {
  print(error)
  exit(65)
}
