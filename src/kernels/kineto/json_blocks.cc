#include "kernels/kineto/json_blocks.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace varve {

namespace {
using Look = void (*)(const char*, std::size_t, JsonBlockState&, JsonBlock*);

bool may_follow_a_string(char c) {
  return c == ',' || c == ':' || c == ']' || c == '}' || c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

#if defined(__x86_64__)
// 64 bytes in two registers. The functions carry the processor they need, and the whole program needs none.
#define VARVE_AVX2 __attribute__((target("avx2,pclmul"), always_inline)) inline

VARVE_AVX2 std::uint64_t mask_of(__m256i low, __m256i high) {
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(low)) |
         static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_epi8(high))) << 32;
}

VARVE_AVX2 std::uint64_t equal_mask(__m256i low, __m256i high, char c) {
  const __m256i wanted = _mm256_set1_epi8(c);
  return mask_of(_mm256_cmpeq_epi8(low, wanted), _mm256_cmpeq_epi8(high, wanted));
}

// Bytes below 0x20.
VARVE_AVX2 std::uint64_t control_mask(__m256i low, __m256i high) {
  const __m256i last = _mm256_set1_epi8(0x1f);
  return mask_of(_mm256_cmpeq_epi8(_mm256_max_epu8(low, last), last),
                 _mm256_cmpeq_epi8(_mm256_max_epu8(high, last), last));
}

// The bytes of may_follow_a_string, and a few control characters besides. Each table has at the place of the lower
// half of a byte that is wanted that byte itself.
VARVE_AVX2 __m256i may_follow(__m256i bytes) {
  const __m256i blanks = _mm256_setr_epi8(' ', 1, 1, 1, 1, 1, 1, 1, 1, '\t', '\n', 1, 1, '\r', 1, 1,  //
                                          ' ', 1, 1, 1, 1, 1, 1, 1, 1, '\t', '\n', 1, 1, '\r', 1, 1);
  const __m256i marks = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ':', 0, ',', '}', 0, 0,  //
                                         0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ':', 0, ',', '}', 0, 0);
  const __m256i is_blank = _mm256_cmpeq_epi8(_mm256_shuffle_epi8(blanks, bytes), bytes);
  const __m256i curled = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));  // ']' becomes '}'
  return _mm256_or_si256(is_blank, _mm256_cmpeq_epi8(_mm256_shuffle_epi8(marks, bytes), curled));
}

// Bit i is the parity of the bits 0 to i: from each opening quote up to its closing one.
VARVE_AVX2 std::uint64_t parity_of_bits(std::uint64_t bits) {
  const __m128i product =
      _mm_clmulepi64_si128(_mm_set_epi64x(0, static_cast<long long>(bits)), _mm_set1_epi8('\xff'), 0);
  return static_cast<std::uint64_t>(_mm_cvtsi128_si64(product));
}

// The bytes that a backslash escapes: every other one of a run of backslashes, and what follows an odd run.
inline std::uint64_t escaped_mask(std::uint64_t backslash, std::uint64_t& carried) {
  constexpr std::uint64_t kEven = 0x5555555555555555;
  backslash &= ~carried;
  const std::uint64_t follows = backslash << 1 | carried;
  const std::uint64_t odd_starts = backslash & ~kEven & ~follows;
  std::uint64_t runs = 0;
  carried = __builtin_add_overflow(odd_starts, backslash, &runs) ? 1 : 0;
  return (kEven ^ runs << 1) & follows;
}

__attribute__((target("avx2,pclmul"))) void look_with_avx2(const char* text, std::size_t count, JsonBlockState& state,
                                                           JsonBlock* blocks) {
  JsonBlockState now = state;
  for (std::size_t i = 0; i < count; ++i, text += kJsonBlock) {
    const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text));
    const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + 32));
    std::uint64_t quote = equal_mask(low, high, '"');
    const std::uint64_t backslash = equal_mask(low, high, '\\');
    std::uint64_t escape_starts = 0;
    if ((backslash | now.escaped) != 0) {
      const std::uint64_t escaped = escaped_mask(backslash, now.escaped);
      quote &= ~escaped;
      escape_starts = backslash & ~escaped;
    }
    const std::uint64_t in_string = parity_of_bits(quote) ^ now.in_string;
    now.in_string = 0 - (in_string >> 63);
    const std::uint64_t closing = quote & ~in_string;
    const std::uint64_t behind = closing << 1 | now.after_quote;
    now.after_quote = closing >> 63;
    const std::uint64_t open = equal_mask(low, high, '{');
    const std::uint64_t odd = control_mask(low, high) | mask_of(low, high) | escape_starts | open;
    blocks[i].open = open & ~in_string;
    blocks[i].close = equal_mask(low, high, '}') & ~in_string;
    blocks[i].broken = behind & ~mask_of(may_follow(low), may_follow(high));
    blocks[i].suspect = odd & in_string;
  }
  state = now;
}
#endif

Look best_look() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul")) return look_with_avx2;
#endif
  return look_at_json_slowly;
}
}  // namespace

void look_at_json(const char* text, std::size_t count, JsonBlockState& state, JsonBlock* blocks) {
  static const Look look = best_look();
  look(text, count, state, blocks);
}

void look_at_json_slowly(const char* text, std::size_t count, JsonBlockState& state, JsonBlock* blocks) {
  for (std::size_t i = 0; i < count; ++i) {
    JsonBlock block;
    for (std::size_t j = 0; j < kJsonBlock; ++j) {
      const char c = text[i * kJsonBlock + j];
      const std::uint64_t bit = std::uint64_t{1} << j;
      if (state.after_quote != 0 && !may_follow_a_string(c)) block.broken |= bit;
      state.after_quote = 0;
      const bool escaped = state.escaped != 0;
      state.escaped = c == '\\' && !escaped ? 1 : 0;
      if (c == '"' && !escaped) {
        state.after_quote = state.in_string != 0 ? 1 : 0;
        state.in_string = ~state.in_string;
      } else if (state.in_string != 0) {
        const bool odd = static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x80 || c == '{';
        if (odd || state.escaped != 0) block.suspect |= bit;
      } else {
        if (c == '{') block.open |= bit;
        if (c == '}') block.close |= bit;
      }
    }
    blocks[i] = block;
  }
}

}  // namespace varve
