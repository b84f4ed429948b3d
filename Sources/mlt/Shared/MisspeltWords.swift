// What ArgumentParser reports last is checked first: a misspelt command or flag, which otherwise shows as the required one
// that is missing.

import ArgumentParser
import SafeIO

/// Looks for the word that a command line does not parse for.
enum MisspeltWords {
  /// One sentence about the first command or flag that does not exist; nil when all do.
  ///
  /// - Parameter arguments: the command line without the program's name.
  static func complaint(_ arguments: [String], root: any ParsableCommand.Type) -> String? {
    guard let first = arguments.first, !first.hasPrefix("-"), first != "help" else { return nil }
    let commands = root.configuration.groupedSubcommands.flatMap { $0.subcommands }
    guard let command = commands.first(where: { $0._commandName == first }) else {
      let names = commands.map { $0._commandName }
      return "'\(first)' is no command of mlt\(Spelling.suggestion(for: first, among: names))"
    }
    let known = flags(of: root.helpMessage(for: command, columns: 10_000))
    for argument in arguments.dropFirst() {
      if argument == "--" { return nil }
      guard argument.hasPrefix("--") else { continue }
      let name = String(argument.prefix { $0 != "=" })
      guard !known.contains(name) else { continue }
      let near = Spelling.suggestion(for: name, among: known)
      return
        "'\(name)' is no flag of mlt \(first)\(near.hasPrefix("; did") ? near : "; see mlt \(first) --help")"
    }
    return nil
  }

  /// The long flags that a help text lists, at the beginning of their lines.
  private static func flags(of help: String) -> [String] {
    help.split(separator: "\n").filter { $0.hasPrefix("  -") }.flatMap { line in
      line.split(whereSeparator: { " ,/".contains($0) }).prefix { $0.hasPrefix("-") || $0.hasPrefix("<") }
        .filter { $0.hasPrefix("--") }.map(String.init)
    }
  }
}
