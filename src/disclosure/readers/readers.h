#pragma once
#include "disclosure/lines/text_reader.h"

namespace varve {

// One reader a kind of text; the file beside this one that is named like it says what the text looks like and where it
// was seen.
std::unique_ptr<TextReader> collect_env_reader();  // PyTorch's and vLLM's
std::unique_ptr<TextReader> processor_reader();    // lscpu, also inside collect_env
std::unique_ptr<TextReader> sglang_env_reader();
std::unique_ptr<TextReader> jax_env_reader();
std::unique_ptr<TextReader> cupy_config_reader();
std::unique_ptr<TextReader> tensorflow_build_reader();
std::unique_ptr<TextReader> library_env_reader();   // transformers, accelerate, diffusers
std::unique_ptr<TextReader> smi_table_reader();     // nvidia-smi
std::unique_ptr<TextReader> smi_query_reader();     // nvidia-smi -q
std::unique_ptr<TextReader> smi_list_reader();      // nvidia-smi -L, nvidia-container-cli info
std::unique_ptr<TextReader> smi_csv_reader();       // nvidia-smi --query-gpu=… --format=csv
std::unique_ptr<TextReader> smi_topology_reader();  // nvidia-smi topo -m
std::unique_ptr<TextReader> nvcc_reader();
std::unique_ptr<TextReader> pip_list_reader();        // also of uv
std::unique_ptr<TextReader> pip_freeze_reader();      // also what uv says that it installed
std::unique_ptr<TextReader> named_packages_reader();  // import cudf
std::unique_ptr<TextReader> asked_packages_reader();  // pip install, uv add, conda install
std::unique_ptr<TextReader> pip_output_reader();      // Successfully installed …
std::unique_ptr<TextReader> conda_list_reader();
std::unique_ptr<TextReader> conda_info_reader();  // its virtual packages
std::unique_ptr<TextReader> pixi_list_reader();
std::unique_ptr<TextReader> onnxruntime_form_reader();  // its issue form
std::unique_ptr<TextReader> package_tree_reader();      // uv tree, pipdeptree, poetry show
std::unique_ptr<TextReader> ldconfig_reader();          // ldconfig -p
std::unique_ptr<TextReader> ldd_reader();
std::unique_ptr<TextReader> variables_reader();  // env, export
std::unique_ptr<TextReader> dpkg_reader();
std::unique_ptr<TextReader> pacman_reader();              // pacman -Q
std::unique_ptr<TextReader> inspect_reader();             // docker inspect, podman inspect
std::unique_ptr<TextReader> kubernetes_reader();          // kubectl describe node, kubectl describe pod
std::unique_ptr<TextReader> kernel_messages_reader();     // dmesg, /proc/driver/nvidia/version
std::unique_ptr<TextReader> device_lines_reader();        // ggml, torch, TensorFlow, ollama
std::unique_ptr<TextReader> program_lines_reader();       // hashcat, nccl-tests, CUDA.jl, images of NGC, vLLM
std::unique_ptr<TextReader> system_reader();              // os-release, uname
std::unique_ptr<TextReader> lspci_reader();               // lspci, lspci -nnk
std::unique_ptr<TextReader> lshw_reader();                // lshw -C display
std::unique_ptr<TextReader> inxi_reader();                // inxi -Gx
std::unique_ptr<TextReader> fetch_text_reader();          // neofetch, screenfetch, fastfetch
std::unique_ptr<TextReader> driver_files_reader();        // libcuda.so.535.54.03, nvidia-ctk cdi generate
std::unique_ptr<TextReader> rdma_text_reader();           // ibstat, ibv_devinfo, the NIC legend of topo -m
std::unique_ptr<TextReader> module_text_reader();         // modinfo, dkms status, mokutil --sb-state
std::unique_ptr<TextReader> device_query_reader();        // deviceQuery, numba -s
std::unique_ptr<TextReader> other_makers_reader();        // rocminfo, rocm-smi, sycl-ls, clinfo
std::unique_ptr<TextReader> python_prompt_reader();       // >>> torch.__version__
std::unique_ptr<TextReader> python_signs_reader();        // which Python, by the way
std::unique_ptr<TextReader> application_lines_reader();   // Ultralytics, Lightning, web UIs; lock files
std::unique_ptr<TextReader> system_signs_reader();        // Windows, WSL, ARM by the way
std::unique_ptr<TextReader> container_commands_reader();  // docker run, compose files, Dockerfiles, pods
std::unique_ptr<TextReader> spoken_text_reader();         // what people tell of their own machine in sentences
std::unique_ptr<TextReader> written_text_reader();        // what people write themselves

// All of them, in the order in which they are asked.
TextReaders make_text_readers();

}  // namespace varve
