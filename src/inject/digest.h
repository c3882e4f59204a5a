#pragma once
#include <cstddef>
#include <cstdint>

namespace varve::inject {

// SHA-256 (FIPS 180-4) of some bytes, as 64 hexadecimal digits and a zero.
void sha256_text(const void* bytes, std::size_t size, char (&text)[65]);

}  // namespace varve::inject
