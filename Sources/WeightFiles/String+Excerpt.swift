extension String {
  /// The beginning of a text from a file, for errors: the file decides how long it is.
  var excerpt: String {
    let start = unicodeScalars.prefix(200)
    return start.endIndex == unicodeScalars.endIndex ? self : "\(String(start))…"
  }
}
