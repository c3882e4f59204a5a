#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace varve {

// An array as NumPy saves it (numpy/lib/format.py, "NPY format" 1.0 to 3.0): "\x93NUMPY", version, length of the
// header, a Python dictionary {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, then the values.
struct NpyArray {
  std::string type;   // "<f4"
  std::string shape;  // "(3, 4)"
  std::vector<double> values;
};

bool is_npy(std::string_view bytes);
// Whole numbers of 1 to 8 bytes, floats of 2, 4 and 8, in either byte order, booleans. Nothing for other types and for
// bytes that are not as many as the shape says.
std::optional<NpyArray> read_npy(std::string_view bytes);

}  // namespace varve
