"""The environments of fake machines: venvs, conda prefixes, folders of packages; and packages that many machines have."""

import json


class Environment:
    """A venv, a conda prefix or a folder of the system with packages."""

    def __init__(self, machine, spec):
        self.machine, self.spec = machine, spec
        self.kind = spec.get("kind", "venv")
        self.python = spec.get("python", "3.11")
        self.prefix = spec.get("path", {"venv": "/opt/venv", "conda": "/opt/conda", "system": "/usr/local"}[self.kind])
        folder = "dist-packages" if self.kind == "system" else "site-packages"
        self.packages = f"{self.prefix}/lib/python{self.python}/{folder}"

    def build(self):
        machine = self.machine
        machine.folder(self.packages)
        program = {"program": True, "defines": ["Py_Initialize", "PyObject_GetAttr", "PyModule_Create2", "PyInit_builtins"]}
        interpreter = f"{self.prefix}/bin/python{self.python}" if self.kind == "conda" else f"/usr/bin/python{self.python}"
        machine.library(interpreter, program)
        if self.kind == "venv":
            machine.write(f"{self.prefix}/pyvenv.cfg", f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {self.python}.7\n")
            machine.link(f"{self.prefix}/bin/python3", interpreter)
        elif self.kind == "conda":
            machine.link(f"{self.prefix}/bin/python3", f"python{self.python}")
            self.conda("python", f"{self.python}.7", "h0_cpython", [])
        for package in self.spec.get("packages", []):
            self.package(package)

    def package(self, package):
        """{"name", "version", "requires": [...], "files": {path below the folder of packages: text or library},
        "shares": [paths in RECORD only], "extra_metadata": text, "conda": {"build", "depends"}}"""
        name, version = package["name"], package["version"]
        files = package.get("files", {})
        for path, content in files.items():
            self.machine.write(f"{self.packages}/{path}", content)
        conda = package.get("conda")
        if conda is not None:
            self.conda(conda.get("name", name), version, conda.get("build", "0"), conda.get("depends", []),
                       [f"lib/python{self.python}/site-packages/{path}" for path in files] + list(conda.get("files", {})))
            for path, content in conda.get("files", {}).items():
                self.machine.write(f"{self.prefix}/{path}", content)
            if not conda.get("metadata", False):
                return
        stem = f"{name.replace('-', '_')}-{version}.dist-info"
        folder = f"{self.packages}/{stem}"
        requires = "".join(f"Requires-Dist: {row}\n" for row in package.get("requires", []))
        self.machine.write(f"{folder}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}"
                                                 f"{package.get('extra_metadata', '')}\n")
        rows = list(files) + package.get("shares", []) + [f"{stem}/METADATA", f"{stem}/RECORD"]
        self.machine.write(f"{folder}/RECORD", "".join(f"{path},{package.get('digests', {}).get(path, '')},\n" for path in rows))
        self.machine.write(f"{folder}/INSTALLER", package.get("installer", "pip") + "\n")

    def conda(self, name, version, build, depends, files=()):
        row = {"name": name, "version": version, "build": build, "depends": depends, "files": list(files)}
        self.machine.write(f"{self.prefix}/conda-meta/{name}-{version}-{build}.json", json.dumps(row))


# -- packages that many machines have ------------------------------------------------------------------------------

def cuda_wheels(cuda, only=("cudart", "cublas", "cudnn", "nccl", "nvrtc")):
    """NVIDIA's wheels for a CUDA release as small libraries, laid out as the real ones."""
    major = cuda.split(".")[0]
    suffix = f"-cu{major}" if int(major) < 13 else ""
    place = (lambda part: f"nvidia/{part}/lib") if int(major) < 13 else (lambda part: "nvidia/cu13/lib")
    patch = f"{cuda}.99"
    rows = {
        "cudart": [{"name": f"nvidia-cuda-runtime{suffix}", "version": patch, "files": {
            f"{place('cuda_runtime')}/libcudart.so.{major}": {"soname": f"libcudart.so.{major}", "runtime": cuda, "defines": ["cudaMalloc"]}}}],
        "cublas": [{"name": f"nvidia-cublas{suffix}", "version": f"{cuda}.5.8", "files": {
            f"{place('cublas')}/libcublasLt.so.{major}": {"soname": f"libcublasLt.so.{major}", "defines": ["cublasLtMatmul"]},
            f"{place('cublas')}/libcublas.so.{major}": {"soname": f"libcublas.so.{major}", "needed": [f"libcublasLt.so.{major}"],
                                                        "runpath": "$ORIGIN", "undefined": ["cublasLtMatmul"], "defines": ["cublasSgemm_v2"]}}}],
        "cudnn": [{"name": f"nvidia-cudnn-cu{major}", "version": "9.10.2.21" if int(major) < 13 else "9.17.0.29", "files": {
            "nvidia/cudnn/lib/libcudnn.so.9": {"soname": "libcudnn.so.9", "defines": ["cudnnCreate"]}}}],
        "nccl": [{"name": f"nvidia-nccl-cu{major}", "version": "2.27.3", "files": {
            "nvidia/nccl/lib/libnccl.so.2": {"soname": "libnccl.so.2", "defines": ["ncclAllReduce"], "texts": [f"NCCL version 2.27.3+cuda{cuda}"]}}}],
        "nvrtc": [{"name": f"nvidia-cuda-nvrtc{suffix}", "version": patch, "files": {
            f"{place('cuda_nvrtc')}/libnvrtc.so.{major}": {"soname": f"libnvrtc.so.{major}", "defines": ["nvrtcCompileProgram"],
                                                           "texts": [f"Cuda compilation tools, release {cuda}, V{patch}"]}}}]}
    return [package for part in only for package in rows[part]]


def torch(version, cuda, cubins=("75", "80", "86", "90"), ptx=(), wheels=True, **more):
    """torch as a wheel of `version` ("2.8.0") for CUDA `cuda` ("12.8"), with the packages that it brings along."""
    major = cuda.split(".")[0]
    local = "cu" + cuda.replace(".", "")
    brought = cuda_wheels(cuda) if wheels else []
    places = ["$ORIGIN"] + sorted({f"$ORIGIN/../../{path.rsplit('/', 1)[0]}" for package in brought for path in package["files"]})
    needed = [path.rsplit("/", 1)[1] for package in brought for path in package["files"]]
    files = {
        "torch/version.py": f"__version__ = '{version}+{local}'\ncuda = '{cuda}'\nhip = None\n",
        "torch/__init__.py": "",
        "torch/lib/libc10.so": {"soname": "libc10.so", "defines": ["c10_version"]},
        "torch/lib/libtorch_cuda.so": {"soname": "libtorch_cuda.so", "needed": needed + ["libc10.so"], "rpath": ":".join(places),
                                       "defines": ["torch_cuda_ops"], "cubins": list(cubins), "ptx": [list(row) for row in ptx],
                                       "undefined": ["c10_version"] + (["cublasSgemm_v2", "cudnnCreate"] if wheels else []),
                                       "opens": ["libcuda.so.1", f"libnvrtc.so.{major}"]},
        "torch/lib/libtorch.so": {"soname": "libtorch.so", "needed": ["libtorch_cuda.so", "libc10.so"], "rpath": "$ORIGIN"},
        "torch/_C.cpython-311-x86_64-linux-gnu.so": {"needed": ["libtorch.so"], "rpath": "$ORIGIN/lib", "undefined": ["PyModule_Create2"],
                                                     "defines": ["PyInit__C"]}}
    requires = [f"{package['name']}=={package['version']}" for package in brought]
    row = {"name": "torch", "version": f"{version}+{local}", "requires": requires, "files": files}
    row.update(more)
    return [row] + brought


def expand(description):
    """A description of a JSON file with its shorthands: packages [{"torch": ["2.8.0", "12.8"]}], {"cuda_wheels": ["12.4"]}."""
    for environment in description.get("environments", []):
        packages = []
        for package in environment.get("packages", []):
            if "torch" in package:
                packages += torch(*package["torch"], **{key: value for key, value in package.items() if key != "torch"})
            elif "cuda_wheels" in package:
                packages += cuda_wheels(*package["cuda_wheels"])
            else:
                packages.append(package)
        environment["packages"] = packages
    return description
