#include "disclosure/readers/readers.h"

namespace varve {

TextReaders make_text_readers() {
  using Make = std::unique_ptr<TextReader> (*)();
  // The first that takes a line has it. Those whose lines could be taken for others' stand first.
  constexpr Make kMakers[] = {system_signs_reader,
                              python_signs_reader,
                              spoken_text_reader,
                              smi_table_reader,
                              smi_query_reader,
                              smi_list_reader,
                              smi_csv_reader,
                              collect_env_reader,
                              sglang_env_reader,
                              jax_env_reader,
                              cupy_config_reader,
                              smi_topology_reader,
                              inspect_reader,
                              kubernetes_reader,
                              container_commands_reader,
                              python_prompt_reader,
                              application_lines_reader,
                              pixi_list_reader,
                              conda_list_reader,
                              conda_info_reader,
                              pip_output_reader,
                              named_packages_reader,
                              asked_packages_reader,
                              pip_freeze_reader,
                              dpkg_reader,
                              pacman_reader,
                              pip_list_reader,
                              package_tree_reader,
                              onnxruntime_form_reader,
                              ldconfig_reader,
                              nvcc_reader,
                              tensorflow_build_reader,
                              library_env_reader,
                              ldd_reader,
                              system_reader,
                              variables_reader,
                              processor_reader,
                              device_lines_reader,
                              device_query_reader,
                              program_lines_reader,
                              lspci_reader,
                              lshw_reader,
                              inxi_reader,
                              fetch_text_reader,
                              driver_files_reader,
                              module_text_reader,
                              rdma_text_reader,
                              other_makers_reader,
                              kernel_messages_reader,
                              written_text_reader};
  TextReaders readers;
  for (const Make make : kMakers) readers.push_back(make());
  return readers;
}

}  // namespace varve
