// mlt bench, from the command line, at sizes that mean nothing: every suite runs and says what it measured.

import SafeIO
import TestSupport
import Testing

@Suite struct BenchCommandTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Mlt.Run {
    try Mlt.run(
      ["bench"] + arguments
        + [
          "--shape", "llama-tiny", "--prompt", "16", "--tokens", "2", "--batch", "2", "--repeat", "1",
          "--threads",
          "2",
        ], in: scratch.path, environment: environment.merging(["TMPDIR": scratch.path]) { $1 })
  }

  /// The rows of a suite.
  private func rows(_ report: JSON, _ suite: String) -> [JSON] {
    (report["results"]?.arrayValue ?? []).filter { $0["suite"]?.stringValue == suite }
  }

  @Test(arguments: ["limits", "kernels", "decode", "prefill", "train", "quantize", "io"])
  func `a suite reports results after the limits`(suite: String) throws {
    let run = try run(suite, "--json", "--quiet")
    #expect(run.status == 0)
    #expect(run.stderr.isEmpty)
    let report = try run.json
    #expect(report["version"] == 1)
    #expect(report["threads"] == 2)
    #expect(report["repeat"] == 1)
    #expect(report["machine"]?["processor"]?.stringValue != nil)
    #expect(report["machine"]?["openblas_kernels"]?.stringValue != nil)
    for threads in ["1", "2"] {
      for name in ["memory read", "peak f32", "OpenBLAS sgemm"] {
        #expect(report["limits"]?[threads]?[name]?["value"]?.doubleValue ?? 0 > 0, "\(name), \(threads)")
      }
    }
    let results = rows(report, suite)
    #expect(!results.isEmpty)
    for row in results {
      #expect(row["name"]?.stringValue?.isEmpty == false)
      #expect(row["unit"]?.stringValue?.isEmpty == false)
      #expect(row["settings"]?["threads"]?.intValue != nil)
      let value = try #require(row["value"]?.doubleValue)
      let (least, most) = (row["spread"]?["min"]?.doubleValue, row["spread"]?["max"]?.doubleValue)
      #expect(value > 0)
      #expect(try #require(least) <= value && value <= #require(most))
      if let limit = row["limit"], !limit.isNull {
        #expect(limit["value"]?.doubleValue ?? 0 > 0)
        #expect(row["share"]?.doubleValue ?? 0 > 0)
      }
    }
    #expect(try Files.list(scratch.path).isEmpty, "the models that were made are removed")
  }

  @Test func `what a killed run left goes, and what a living one makes stays`() throws {
    // No process has the largest number (proc(5), pid_max); process 1 lives as long as the system.
    let (dead, living) = (".mlt-bench.partial-\(Int32.max)", ".mlt-bench.partial-1")
    for folder in [dead, living] { try scratch.write("weights", "\(folder)/model.safetensors") }
    #expect(try run("limits", "--json", "--quiet").status == 0)
    #expect(try Files.list(scratch.path) == [living])
  }

  @Test func `products of every stored format are measured beside OpenBLAS`() throws {
    let kernels = rows(try run("kernels", "--json", "--quiet").json, "kernels")
    for name in ["GEMM f32", "GEMM bf16", "GEMM 8-bit", "GEMM 4-bit", "GEMM 4-bit back"] {
      let row = try #require(kernels.first { $0["name"]?.stringValue == name }, "\(name)")
      #expect(row["beside"]?["name"] == "OpenBLAS sgemm")
      #expect(row["beside"]?["ratio"]?.doubleValue ?? 0 > 0)
    }
  }

  @Test func `a baseline gives each row a ratio, and names the rows that are missing`() throws {
    let before = try run("prefill", "--bits", "16", "--json", "--quiet").json
    guard case .object(var edited) = before else { return }
    // The earlier run was much slower, and had one row more.
    var earlier = before["results"]?.arrayValue ?? []
    for index in earlier.indices {
      guard case .object(var row) = earlier[index] else { continue }
      row["value"] = .double(1e-9)
      earlier[index] = .object(row)
    }
    guard case .object(var extra) = try #require(earlier.last) else { return }
    extra["name"] = "something else"
    edited["results"] = .array(earlier + [.object(extra)])
    try scratch.write(JSON.object(edited).text(), "before.json")
    let report = try run("prefill", "--bits", "16", "--baseline", "before.json", "--json", "--quiet").json
    for row in report["results"]?.arrayValue ?? [] {
      let (value, ratio) = (try #require(row["value"]?.doubleValue), try #require(row["ratio"]?.doubleValue))
      #expect(row["baseline"] == .double(1e-9))
      #expect(abs(ratio * 1e-9 / value - 1) < 1e-9)
    }
    #expect(report["missing"]?.arrayValue?.count == 1)
    #expect(report["missing"]?.arrayValue?.first?.stringValue?.contains("something else") == true)
  }

  @Test func `a person gets a table for each suite`() throws {
    let run = try run("decode", "--bits", "4")
    #expect(run.status == 0)
    #expect(run.stdout.contains("\nlimits\n"))
    #expect(run.stdout.contains("\ndecode\n"))
    #expect(run.stdout.contains("tokens/s"))
  }

  @Test func `variables that slow OpenBLAS down are cleared and told`() throws {
    let environment = ["OPENBLAS_CORETYPE": "Prescott"]
    let cleared = try run("limits", "--json", environment: environment)
    #expect(cleared.stderr.contains("without OPENBLAS_CORETYPE=Prescott"))
    #expect(try cleared.json["machine"]?["openblas_kernels"] != "Prescott")
    let kept = try run("limits", "--json", "--quiet", "--keep-environment", environment: environment)
    #expect(
      try kept.json["warnings"]?.arrayValue?.first?.stringValue?.contains("unset OPENBLAS_CORETYPE") == true)
  }

  @Test func `a quantized model is measured in the bits that it has`() throws {
    var model = TinyModel()
    model.contextLength = 32
    try model.write(to: scratch.path + "/model")
    let made = try Mlt.run(
      ["quantize", "--model", "model", "--bits", "4", "--group-size", "32", "--out", "small"],
      in: scratch.path)
    #expect(made.status == 0)
    let flags = [
      "bench", "decode", "--model", "small", "--tokens", "2", "--repeat", "1", "--json", "--quiet",
    ]
    let report = try Mlt.run(flags, in: scratch.path).json
    let row = try #require(rows(report, "decode").first)
    #expect(row["shape"] == "small")
    #expect(row["settings"]?["weights"] == "4-bit")
    #expect(row["settings"]?["group_size"] == 32)
    #expect(row["settings"]?["prompt"] == 30, "the prompt is cut to the model's context")
    let refused = try Mlt.run(flags + ["--bits", "8"], in: scratch.path)
    #expect(refused.status == 64)
    #expect(refused.stderr.contains("small has 4 bits"))
  }

  @Test func `wrong flags are told before anything is measured`() throws {
    #expect(try Mlt.run(["bench", "--shape", "llama-1g"]).stderr.contains("did you mean 'llama-1b'"))
    #expect(try Mlt.run(["bench", "--repeat", "0"]).status == 64)
    #expect(try Mlt.run(["bench", "speed"]).status == 64)
    #expect(try Mlt.run(["bench", "--baseline", "nowhere.json"]).status == 66)
  }
}
