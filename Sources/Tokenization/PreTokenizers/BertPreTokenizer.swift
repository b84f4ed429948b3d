// BERT's splitting: white space goes, punctuation stands alone.

import SafeIO

/// `BertPreTokenizer`.
struct BertPreTokenizer: PreTokenizer {
  func split(_ words: inout Words) throws(Failure) {
    try words.split(.scalars { ScalarClass.isWhitespace($0) }, .removed)
    try words.split(.scalars { ScalarClass.isPunctuation($0) }, .isolated)
  }
}
