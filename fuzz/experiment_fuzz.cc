// What a person writes for varve run: an experiment file, a scan, how long to warm up, an address to wait for. All
// readers see every input.
#include "harness/experiment/experiment_file.h"
#include "harness/experiment/scan.h"
#include "harness/experiment/warmup_text.h"
#include "harness/process/ready.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  (void)varve::read_experiment(text, "bench.toml", "/nowhere", {{"HOME", "/home/me"}});
  varve::Scans scans;
  (void)varve::add_scan(text, scans);
  varve::RunPlan plan;
  (void)varve::set_warmup(text, plan);
  (void)varve::parse_http_url(text);
  return 0;
}
