#include "kernels/json/json_blocks.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <array>
#include <vector>

namespace varve {

namespace {
// Bytes up to ':' are digits, marks and blanks, and what is beyond ASCII: they count as possible behind a string.
constexpr bool may_follow_a_string(char c) { return c <= ':' || c == ']' || c == '}'; }

#if defined(__x86_64__)
// 64 bytes in two registers. The functions carry the processor they need, and the whole program needs none.
#define VARVE_AVX2 __attribute__((target("avx2,pclmul,bmi"), always_inline)) inline
#define VARVE_AVX512 __attribute__((target("avx512bw,avx512vbmi2,pclmul,bmi,popcnt")))

VARVE_AVX2 std::uint64_t mask_of(__m256i low, __m256i high) {
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(low)) |
         static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_epi8(high))) << 32;
}

VARVE_AVX2 std::uint64_t equal_mask(__m256i low, __m256i high, char c) {
  const __m256i wanted = _mm256_set1_epi8(c);
  return mask_of(_mm256_cmpeq_epi8(low, wanted), _mm256_cmpeq_epi8(high, wanted));
}

// Bytes below 0x20, and those beyond ASCII, which are below zero.
VARVE_AVX2 std::uint64_t odd_mask(__m256i low, __m256i high) {
  const __m256i blank = _mm256_set1_epi8(0x20);
  return mask_of(_mm256_cmpgt_epi8(blank, low), _mm256_cmpgt_epi8(blank, high));
}

// Bytes that cannot follow a string, and '}', which can.
VARVE_AVX2 std::uint64_t letter_mask(__m256i low, __m256i high) {
  const __m256i last = _mm256_set1_epi8(':'), bracket = _mm256_set1_epi8(']');
  return mask_of(_mm256_andnot_si256(_mm256_cmpeq_epi8(low, bracket), _mm256_cmpgt_epi8(low, last)),
                 _mm256_andnot_si256(_mm256_cmpeq_epi8(high, bracket), _mm256_cmpgt_epi8(high, last)));
}

// Bit i is the parity of the bits 0 to i: from each opening quote up to its closing one.
__attribute__((target("pclmul"), always_inline)) inline std::uint64_t parity_of_bits(std::uint64_t bits) {
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

// What strings there are in a block, by its quotes, its odd bytes and its backslashes, and where the last one left off.
struct JsonStrings {
  std::uint64_t in_string, behind, odd;  // behind: the first byte after a string; odd: with backslashes that escape
};
__attribute__((target("pclmul"), always_inline)) inline JsonStrings follow_strings(std::uint64_t quote,
                                                                                   std::uint64_t odd,
                                                                                   std::uint64_t backslash,
                                                                                   JsonBlockState& now) {
  if ((backslash | now.escaped) != 0) {
    const std::uint64_t escaped = escaped_mask(backslash, now.escaped);
    quote &= ~escaped;
    odd |= backslash & ~escaped;
  }
  const std::uint64_t in_string = parity_of_bits(quote) ^ now.in_string;
  now.in_string = 0 - (in_string >> 63);
  const std::uint64_t closing = quote & ~in_string;
  const std::uint64_t behind = closing << 1 | now.after_quote;
  now.after_quote = closing >> 63;
  return {in_string, behind, odd};
}

// Four at a time whether they are there or not, which spares asking: more in a block are rare.
VARVE_AVX2 std::size_t write_marks(std::uint64_t bits, std::uint32_t place, std::uint32_t* marks) {
  const auto count = static_cast<std::size_t>(__builtin_popcountll(bits));
  for (std::size_t written = 0; written < count; written += 4) {
    for (std::size_t i = 0; i < 4; ++i) {
      marks[written + i] = place + static_cast<std::uint32_t>(_tzcnt_u64(bits));
      bits &= bits - 1;
    }
  }
  return count;
}

std::size_t write_all_marks(std::uint64_t braces, std::uint64_t broken, std::uint64_t suspect, std::uint32_t place,
                            std::uint32_t* marks) {
  std::size_t count = 0;
  for (std::uint64_t bits = braces | broken | suspect; bits != 0; bits &= bits - 1) {
    const std::uint64_t bit = bits & -bits;
    const std::uint32_t flaw = (broken & bit) != 0 ? kJsonBroken : (suspect & bit) != 0 ? kJsonSuspect : 0;
    marks[count++] = (place + static_cast<std::uint32_t>(__builtin_ctzll(bits))) | flaw;
  }
  return count;
}

__attribute__((target("avx2,pclmul,bmi,popcnt"))) std::size_t mark_with_avx2(const char* text, std::size_t count,
                                                                             JsonBlockState& state,
                                                                             std::uint32_t* marks) {
  JsonBlockState now = state;
  std::uint32_t* next = marks;
  for (std::size_t i = 0; i < count; ++i) {
    const auto* bytes = reinterpret_cast<const __m256i*>(text + i * kJsonBlock);
    const __m256i low = _mm256_loadu_si256(bytes), high = _mm256_loadu_si256(bytes + 1);
    const auto [in_string, behind, odd] =
        follow_strings(equal_mask(low, high, '"'), odd_mask(low, high), equal_mask(low, high, '\\'), now);
    const std::uint64_t close = equal_mask(low, high, '}');
    const std::uint64_t braces = (equal_mask(low, high, '{') | close) & ~in_string;
    const std::uint64_t broken = behind & letter_mask(low, high) & ~close;
    const std::uint64_t suspect = odd & in_string;
    const auto place = static_cast<std::uint32_t>(i * kJsonBlock);
    if ((broken | suspect) == 0) {
      next += write_marks(braces, place, next);
    } else {
      next += write_all_marks(braces, broken, suspect, place, next);
    }
  }
  state = now;
  return static_cast<std::size_t>(next - marks);
}

// What a byte below 0x80 is, as bits: a brace, and what cannot follow a string.
constexpr std::array<std::uint8_t, kJsonBlock> kNumbers = [] {
  std::array<std::uint8_t, kJsonBlock> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<std::uint8_t>(i);
  return numbers;
}();

// The same with all 64 bytes in one register.
VARVE_AVX512 std::size_t mark_with_avx512(const char* text, std::size_t count, JsonBlockState& state,
                                          std::uint32_t* marks) {
  const __m512i numbers = _mm512_loadu_si512(kNumbers.data());
  JsonBlockState now = state;
  std::uint32_t* next = marks;
  for (std::size_t i = 0; i < count; ++i) {
    const __m512i bytes = _mm512_loadu_si512(text + i * kJsonBlock);
    const auto [in_string, behind, odd] = follow_strings(_mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('"')),
                                                         _mm512_cmplt_epi8_mask(bytes, _mm512_set1_epi8(0x20)),
                                                         _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\\')), now);
    const std::uint64_t close = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('}'));
    const std::uint64_t braces = (_mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('{')) | close) & ~in_string;
    const __mmask64 is_letter = _mm512_cmpgt_epi8_mask(bytes, _mm512_set1_epi8(':'));
    const __m512i curled = _mm512_or_si512(bytes, _mm512_set1_epi8(0x20));  // ']' becomes '}'
    const std::uint64_t broken = _mm512_mask_cmpneq_epi8_mask(is_letter, curled, _mm512_set1_epi8('}')) & behind;
    const std::uint64_t suspect = odd & in_string;
    const auto place = static_cast<std::uint32_t>(i * kJsonBlock);
    const auto found = static_cast<std::size_t>(__builtin_popcountll(braces));
    if ((broken | suspect) != 0 || found > kJsonSpareMarks) {
      next += write_all_marks(braces, broken, suspect, place, next);
      continue;
    }
    // Sixteen at a time whether they are there or not, which spares asking: how many there are nobody can guess.
    // (In this spelling, since GCC 12 warns of its own header where others leave lanes undefined.)
    const __m512i compressed = _mm512_maskz_compress_epi8(braces, numbers);
    const __m512i places = _mm512_maskz_cvtepu8_epi32(0xffff, _mm512_maskz_extracti32x4_epi32(0xf, compressed, 0));
    _mm512_storeu_si512(next, _mm512_add_epi32(places, _mm512_set1_epi32(static_cast<int>(i * kJsonBlock))));
    next += found;
  }
  state = now;
  return static_cast<std::size_t>(next - marks);
}
#endif

std::size_t mark_json_slowly(const char* text, std::size_t count, JsonBlockState& state, std::uint32_t* marks) {
  std::size_t found = 0;
  for (std::size_t i = 0; i < count * kJsonBlock; ++i) {
    const auto c = static_cast<signed char>(text[i]);
    const bool is_broken = state.after_quote != 0 && !may_follow_a_string(static_cast<char>(c)) && c > 0;
    const bool is_escaped = state.escaped != 0;
    const bool was_in_string = state.in_string != 0;
    state.after_quote = 0;
    state.escaped = c == '\\' && !is_escaped ? 1 : 0;
    if (c == '"' && !is_escaped) {
      state.after_quote = was_in_string ? 1 : 0;
      state.in_string = ~state.in_string;
    }
    const bool is_suspect = was_in_string && state.in_string != 0 && (c < 0x20 || state.escaped != 0);
    const bool is_brace = !was_in_string && (c == '{' || c == '}');
    const std::uint32_t flaw = is_broken ? kJsonBroken : is_suspect ? kJsonSuspect : 0;
    if (flaw != 0 || is_brace) marks[found++] = static_cast<std::uint32_t>(i) | flaw;
  }
  return found;
}

// Which of them the processor has, and the system keeps registers of.
std::vector<JsonMarker> markers_here() {
  std::vector<JsonMarker> ways;
#if defined(__x86_64__)
  const bool has_common =
      __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt");
  if (has_common && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi2")) {
    ways.push_back(mark_with_avx512);
  }
  if (has_common && __builtin_cpu_supports("avx2")) ways.push_back(mark_with_avx2);
#endif
  ways.push_back(mark_json_slowly);
  return ways;
}
}  // namespace

std::span<const JsonMarker> json_markers() {
  static const std::vector<JsonMarker> ways = markers_here();
  return ways;
}

std::size_t mark_json(const char* text, std::size_t count, JsonBlockState& state, std::uint32_t* marks) {
  static const JsonMarker mark = json_markers().front();
  return mark(text, count, state, marks);
}

}  // namespace varve
