#pragma once
#include <cstddef>
#include <string>

#include "model/comparison.h"
#include "report/text_style.h"

namespace varve {

struct AccountDetail {
  bool explain = false;   // every row and every note
  std::size_t rows = 15;  // without it
};

// An account of a comparison with its heading. Names stand on one line; rows that are not shown are summed in one, so
// that the columns still close.
std::string text_account(const KernelAccount& account, const MetricComparison& primary, const AccountDetail& detail,
                         const TextStyle& style);

}  // namespace varve
