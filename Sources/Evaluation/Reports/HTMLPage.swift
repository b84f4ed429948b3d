// One HTML file that needs nothing else: no network, no script. Everything that came from a model, a repository or a
// record passes `escaped`, so that it is shown and never acts.

/// Builds a page.
package struct HTMLPage {
  private var body = ""
  private let title: String

  package init(title: String) {
    self.title = title
    add("h1", title)
  }

  /// An element that holds text only.
  package mutating func add(_ tag: String, _ text: String) {
    body += "<\(tag)>\(Self.escaped(text))</\(tag)>\n"
  }

  /// A table; `emphasis` gives a row its class, such as `pass` or `fail`.
  package mutating func addTable(_ headings: [String], _ rows: [[String]], emphasis: [String?] = []) {
    body +=
      "<table>\n<thead><tr>" + headings.map { "<th>\(Self.escaped($0))</th>" }.joined()
      + "</tr></thead>\n<tbody>\n"
    for (index, row) in rows.enumerated() {
      let style = index < emphasis.count ? emphasis[index].map { " class=\"\($0)\"" } ?? "" : ""
      body += "<tr\(style)>" + row.map { "<td>\(Self.escaped($0))</td>" }.joined() + "</tr>\n"
    }
    body += "</tbody>\n</table>\n"
  }

  /// A section that opens on a click: a heading, sentences, and quoted text.
  package mutating func addDetails(_ heading: String, sentences: [String], quotation: String?) {
    body += "<details><summary>\(Self.escaped(heading))</summary>\n"
    body += "<ul>" + sentences.map { "<li>\(Self.escaped($0))</li>" }.joined() + "</ul>\n"
    if let quotation { body += "<pre>\(Self.escaped(quotation))</pre>\n" }
    body += "</details>\n"
  }

  /// The whole file.
  package var text: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(Self.escaped(title))</title>
    <style>
    body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 85rem; padding: 0 1rem; color: #1c2024; }
    table { border-collapse: collapse; margin: 1rem 0; }
    th, td { text-align: left; padding: .3rem .8rem; border-bottom: 1px solid #d8dce0; vertical-align: top; }
    th { font-weight: 600; }
    td { font-variant-numeric: tabular-nums; }
    td:first-child { white-space: nowrap; }
    tr.pass td:first-child { border-left: 4px solid #2f8f4e; }
    tr.fail td:first-child { border-left: 4px solid #c0392b; }
    tr.review td:first-child { border-left: 4px solid #c98a1b; }
    pre { background: #f4f6f8; padding: .8rem; overflow-x: auto; white-space: pre-wrap; }
    details { margin: .3rem 0; }
    </style>
    </head>
    <body>
    \(body)</body>
    </html>

    """
  }

  /// Text that can't become markup, and in which nothing is hidden: control characters and marks that change the
  /// direction of text or have no width are shown by their number.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      default:
        let category = scalar.properties.generalCategory
        if category == .control || category == .format {
          result += "\\u{\(String(scalar.value, radix: 16))}"
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result
  }
}
