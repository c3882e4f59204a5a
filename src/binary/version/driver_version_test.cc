#include "binary/version/driver_version.h"

#include <gtest/gtest.h>

#include "binary/elf/elf_testing.h"

namespace varve {
namespace {
using test::in_memory;

std::optional<std::string> version_in(const std::string& texts, const std::string& section = ".rodata") {
  test::TinyElf elf;
  elf.sections = {{section, texts, SHT_PROGBITS}};
  return driver_version_in_texts(in_memory(tiny_elf(elf)));
}

TEST(DriverVersion, IsThatOfTheSettingsThatLibcudaLooksFor) {
  const std::string texts =
      "/etc/nvidia/nvidia-application-profiles-rc:/usr/share/nvidia/nvidia-application-profiles-535.261.03-rc:x";
  EXPECT_EQ(version_in(texts), "535.261.03");
  EXPECT_EQ(version_in(std::string(200'000, '\0') + texts), "535.261.03");
  EXPECT_EQ(version_in("nvidia-application-profiles-610.43-rc"), "610.43");
}

TEST(DriverVersion, IsNothingElse) {
  for (const char* text :
       {"nvidia-application-profiles-rc", "nvidia-application-profiles-%s-rc", "nvidia-application-profiles-535-rc",
        "nvidia-application-profiles-535.261.03", "nvidia-application-profiles-.1.-rc", "535.261.03-rc"}) {
    EXPECT_EQ(version_in(text), std::nullopt) << text;
  }
  EXPECT_EQ(version_in("nvidia-application-profiles-535.261.03-rc", ".text"), std::nullopt);
  EXPECT_EQ(driver_version_in_texts(in_memory("no ELF file")), std::nullopt);
}

}  // namespace
}  // namespace varve
