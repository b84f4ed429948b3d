// Unicode normalization as a step.

/// `NFC`, `NFD`, `NFKC` or `NFKD`.
struct FormNormalizer: Normalizer {
  let form: UnicodeForm

  func normalize(_ text: inout AlignedText) { form.apply(to: &text) }
}
