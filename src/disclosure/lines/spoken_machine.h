#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace varve {

// What somebody tells of their own machine in sentences. It counts at the end of the text alone, and only where one
// machine is spoken of and no table says anything of the same kind (spoken_machine.cc).
struct SpokenMachine {
  struct Told {
    std::string value;
    std::int64_t line = 0, count = 1;
    bool is_several = false;   // sentences say different things
    bool is_doubtful = false;  // one supposes, asks, tells of others
  };
  Told gpu, driver, system, toolkit, kernel;
  std::vector<std::pair<std::string, std::int64_t>> beside;  // "and a GTX 1060": other GPUs, and how many of each
  std::int64_t wsl_line = 0;                                 // where somebody runs something under WSL; 0: nowhere
  std::map<std::string, Told> packages;                      // by name
  bool is_of_conda = false;                                  // they came with conda
  std::map<std::string, std::int64_t> named;                 // GPUs that any sentence names, whoever's they are
  // What sentences name without a word on whose it is.
  Told gpu_in_passing, driver_in_passing;
  std::map<std::string, Told> packages_in_passing;
};

struct Declared;
void settle_spoken_machine(Declared& declared);

}  // namespace varve
