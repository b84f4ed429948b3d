// Whether the steps of a recipe can follow one another: each reads what is there, or what a step before it writes.

import SafeIO

extension Recipe {
  /// Checks names, and where every input comes from.
  /// - Throws: `Failure.badData` for two of a kind and for a cycle, `notFound` for an input that nobody makes.
  func checkOrder(source: String) throws(Failure) {
    var names: Set<String> = []
    var writers: [(path: String, step: Int)] = []
    for (index, step) in steps.enumerated() {
      guard names.insert(step.name).inserted else {
        throw .badData("\(source): step '\(step.name)'", "the name stands twice")
      }
      for path in step.written {
        if let other = writers.first(where: { Recipe.overlap($0.path, path.location) }) {
          throw .badData(
            "\(source): step '\(step.name)'",
            "writes \(path.template), where step '\(steps[other.step].name)' writes too")
        }
        writers.append((path.location, index))
      }
    }
    for (index, step) in steps.enumerated() {
      for path in step.read {
        let makers = writers.filter { Recipe.overlap($0.path, path.location) }
        if let later = makers.first(where: { $0.step >= index }) {
          let who = later.step == index ? "itself" : "step '\(steps[later.step].name)', which comes later"
          throw .badData(
            "\(source): step '\(step.name)'", "reads \(path.template), which is written by \(who)")
        }
        let isUpdated = steps[..<index].contains { earlier in
          earlier.updates.contains { Recipe.overlap($0.path.location, path.location) }
        }
        guard !makers.isEmpty || isUpdated || Files.exists(path.location) else {
          throw .notFound(
            path.location,
            "step '\(step.name)' of \(source) reads it, but it is not there and no step writes it")
        }
      }
    }
  }

  /// Whether one path is the other or lies inside it.
  static func overlap(_ left: String, _ right: String) -> Bool {
    let parts = [left, right].map { path in path.split(separator: "/").filter { $0 != "." } }
    return left.hasPrefix("/") == right.hasPrefix("/") && zip(parts[0], parts[1]).allSatisfy(==)
  }
}
