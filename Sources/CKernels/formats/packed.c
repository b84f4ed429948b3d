// Unpacking words of integer codes. Bound by memory and done once for each weight, when a model is loaded or converted.
#include "mlt_packed.h"

#include "common.h"

INLINE uint32_t word_at(const mlt_packed *p, int64_t word, int64_t line) {
  uint32_t value;
  memcpy(&value, (const uint8_t *)p->words + 4 * (word * p->word_stride + line * p->line_stride), 4);
  return value;
}

// Where code i of a word stands: AutoAWQ packs the codes 0 2 4 6 1 3 5 7 from the lowest bits up.
static const int32_t interleaved[8] = {0, 4, 1, 5, 2, 6, 3, 7};

// Codes that never cross words; whole words at a time.
INLINE void unpack_even(const int bits, const mlt_packed *p, int64_t begin, int64_t end, int64_t first, int64_t last,
                        uint8_t *out, int64_t step, int64_t line_step) {
  const int64_t per_word = 32 / bits;
  const uint32_t mask = (uint32_t)((1ull << bits) - 1);
  for (int64_t word = begin / per_word; word * per_word < end; word++)
    for (int64_t j = first; j < last; j++) {
      const uint32_t value = word_at(p, word, j);
      for (int64_t k = 0; k < per_word; k++) {
        const int64_t i = word * per_word + k;
        const int64_t place = bits == 4 && p->is_interleaved ? interleaved[k] : k;
        if (i >= begin && i < end)
          out[(i - begin) * step + (j - first) * line_step] = (uint8_t)(value >> place * bits & mask);
      }
    }
}

void mlt_unpack(const mlt_packed *p, int64_t begin, int64_t end, int64_t first, int64_t last, uint8_t *out, int64_t step,
                int64_t line_step) {
  switch (p->bits) {
  case 1: unpack_even(1, p, begin, end, first, last, out, step, line_step); return;
  case 2: unpack_even(2, p, begin, end, first, last, out, step, line_step); return;
  case 4: unpack_even(4, p, begin, end, first, last, out, step, line_step); return;
  case 8: unpack_even(8, p, begin, end, first, last, out, step, line_step); return;
  default: break;
  }
  const uint32_t mask = (1u << p->bits) - 1;
  for (int64_t i = begin; i < end; i++) {
    const int64_t bit = i * p->bits, word = bit / 32, shift = bit % 32;
    for (int64_t j = first; j < last; j++) {
      uint64_t value = word_at(p, word, j);
      if (shift + p->bits > 32) value |= (uint64_t)word_at(p, word + 1, j) << 32;
      out[(i - begin) * step + (j - first) * line_step] = (uint8_t)(value >> shift & mask);
    }
  }
}
