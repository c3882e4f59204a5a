"""Fake machines: a root directory that `varve check --root DIR` judges as a machine, built from a short description.

build(description, folder) writes it. README.md lists the fields. Also a program:
  machines.py NAME.json FOLDER     builds the machine of one file of cases/ or healthy/
"""

import json
import os
import pathlib
import shutil
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import binaries  # noqa: E402
from environments import Environment, expand  # noqa: E402

# What a description need not repeat: the API level that a driver's libcuda has (drivers' release notes).
_API_LEVELS = {470: "11.4", 510: "11.6", 515: "11.7", 520: "11.8", 525: "12.0", 530: "12.1", 535: "12.2", 545: "12.3", 550: "12.4",
               555: "12.5", 560: "12.6", 565: "12.7", 570: "12.8", 575: "12.9", 580: "13.0", 590: "13.1", 595: "13.2",
               418: "10.1", 440: "10.2", 450: "11.0", 455: "11.1", 460: "11.2", 465: "11.3", 495: "11.5"}
_PCI = {"H100": "2330", "H200": "2335", "A100": "20b0", "L40S": "26b9", "L4": "27b8", "T4": "1eb8", "V100": "1db1", "A10": "2236",
        "RTX 5090": "2b85", "RTX 5080": "2c02", "RTX 4090": "2684", "RTX 3090": "2204", "RTX 3070": "249d", "GTX 1080 Ti": "1b06",
        "TITAN X": "17c2", "RTX 5880": "26b3", "B200": "2901", "RTX 3060": "2503", "GTX 1060": "1c03", "RTX 2080 Ti": "1e07",
        "K80": "102d", "P100": "15f8", "GB10": "2e12"}
_MODULES = ["nvidia", "nvidia_uvm", "nvidia_modeset", "nvidia_drm"]


class Machine:
    def __init__(self, description, folder):
        self.spec = description
        self.root = pathlib.Path(folder)
        self.multiarch = "aarch64-linux-gnu" if self.architecture == "aarch64" else "x86_64-linux-gnu"
        self.cache_rows = []

    @property
    def architecture(self):
        return self.spec.get("architecture", "x86_64")

    def path(self, name):
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def write(self, name, content):
        path = self.path(name)
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, dict):
            self.library(name, content)
        else:
            path.write_text(content)

    def link(self, name, target):
        path = self.path(name)
        if path.is_symlink() or path.exists():
            path.unlink()
        path.symlink_to(target)

    def folder(self, name):
        self.path(name).mkdir(exist_ok=True)

    def library(self, name, spec):
        spec = dict(spec)
        if self.architecture == "aarch64" and not spec.get("program"):
            spec["machine"] = "aarch64"
        binaries.library(self.path(name), spec)
        if self.architecture == "aarch64" and spec.get("program"):  # made by this machine's compiler
            with self.path(name).open("r+b") as program:
                program.seek(18)  # e_machine
                program.write(struct.pack("<H", 183))

    # -- the parts -----------------------------------------------------------------------------------------------

    def build(self):
        if self.root.exists():
            shutil.rmtree(self.root)
        self.root.mkdir(parents=True)
        self.system()
        self.process()
        gpus = self.spec.get("gpus", [])
        self.pci(gpus)
        driver = self.spec.get("driver")
        if driver:
            self.kernel_driver(driver, gpus)
            self.user_driver(driver)
        self.libcudas()
        self.toolkits()
        for environment in self.spec.get("environments", []):
            Environment(self, environment).build()
        self.kernel_log()
        for name, content in self.spec.get("files", {}).items():
            self.write(name, content)
        for name, target in self.spec.get("links", {}).items():
            self.link(name, target)
        for name in self.spec.get("folders", []):
            self.folder(name)
        for name in self.spec.get("without", []):
            path = self.root / name.lstrip("/")
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
        self.permissions()
        self.loader_cache()

    def system(self):
        name = self.spec.get("os", "Ubuntu 22.04.4 LTS")
        self.write("etc/os-release", f'PRETTY_NAME="{name}"\n')
        kernel = self.kernel = self.spec.get("kernel", "6.8.0-45-generic")
        self.write("proc/sys/kernel/osrelease", kernel + "\n")
        self.write("proc/sys/kernel/version", "#45-Ubuntu SMP\n")
        self.write("proc/sys/kernel/arch", self.architecture + "\n")
        self.write("proc/sys/kernel/hostname", "fake-machine\n")
        self.write("proc/cmdline", self.spec.get("kernel_parameters", "quiet") + "\n")
        self.write("proc/meminfo", f"MemTotal:       {self.spec.get('memory_gib', 64) * 1048576} kB\nSwapTotal:              0 kB\n")
        self.processors()
        vm = self.spec.get("hypervisor")
        self.write("sys/class/dmi/id/sys_vendor", f"{vm or 'Fake Computers'}\n")
        self.write("sys/class/dmi/id/product_name", f"{'Standard PC (' + vm + ')' if vm else self.spec.get('product', 'Workstation 1')}\n")
        self.folder("sys/module")
        self.folder("dev")
        self.folder("sys/bus/pci/devices")
        for folder in ("usr/lib/" + self.multiarch, "usr/lib64", "usr/bin", "tmp"):
            self.folder(folder)
        self.link("lib", "usr/lib")
        self.link("lib64", "usr/lib64")
        self.link("bin", "usr/bin")
        self.write("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n")
        self.packages()
        for release in self.spec.get("kernels", [kernel]):
            self.write(f"usr/lib/modules/{release}/modules.dep", "kernel/fs/ext4/ext4.ko:\n")

    def processors(self):
        count = self.spec.get("cpus", 16)
        flags = "fpu sse sse2 avx avx2 fma" + (" hypervisor" if self.spec.get("hypervisor") else "")
        cpu = {"vendor": "GenuineIntel", "family": 6, "model": "Intel(R) Xeon(R) Platinum 8480+", "flags": flags, **self.spec.get("processor", {})}
        rows = []
        for i in range(count):
            if self.architecture == "aarch64":
                rows.append(f"processor\t: {i}\nCPU implementer\t: 0x41\nCPU part\t: 0xd4f\nFeatures\t: fp asimd sve\n")
            else:
                rows.append(f"processor\t: {i}\nvendor_id\t: {cpu['vendor']}\ncpu family\t: {cpu['family']}\nmodel\t\t: 143\n"
                            f"model name\t: {cpu['model']}\nphysical id\t: 0\ncore id\t\t: {i}\nflags\t\t: {cpu['flags']}\n")
        self.write("proc/cpuinfo", "\n".join(rows) + "\n")
        self.write("sys/devices/system/cpu/online", f"0-{count - 1}\n")
        governor = self.spec.get("governor")
        if governor:
            self.write("sys/devices/system/cpu/cpufreq/policy0/scaling_governor", governor + "\n")
            self.write("sys/devices/system/cpu/cpufreq/policy0/scaling_driver", self.spec.get("frequency_driver", "intel_pstate") + "\n")

    def packages(self):
        rows = ["Package: base-files\nStatus: install ok installed\nVersion: 12\n"]
        for name, version in self.spec.get("packages", []):
            rows.append(f"Package: {name}\nStatus: install ok installed\nVersion: {version}\n")
        self.write("var/lib/dpkg/status", "\n".join(rows) + "\n")

    def process(self):
        user = self.user = {"uid": 1000, "gid": 1000, "groups": [1000], **self.spec.get("user", {})}
        container = self.spec.get("container")
        variables = {"HOME": "/home/user" if user["uid"] else "/root", "PATH": "/usr/local/bin:/usr/bin:/bin", **self.spec.get("env", {})}
        self.write("proc/self/environ", "".join(f"{name}={value}\0" for name, value in variables.items() if value is not None).encode())
        ids = "\t".join([str(user["uid"])] * 4), "\t".join([str(user["gid"])] * 4)
        cpus = self.spec.get("cpus", 16)
        self.write("proc/self/status", f"Name:\tbash\nUid:\t{ids[0]}\nGid:\t{ids[1]}\nGroups:\t{' '.join(map(str, user['groups']))} \n"
                                       f"Cpus_allowed_list:\t0-{cpus - 1}\n")
        group = self.spec.get("cgroup", "/" if container else "/user.slice/user-1000.slice/session-2.scope")
        self.write("proc/self/cgroup", f"0::{group}\n")
        self.write("proc/self/mountinfo", "28 1 0:26 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n")
        self.write("etc/passwd", f"root:x:0:0:root:/root:/bin/bash\nuser:x:{user['uid']}:{user['gid']}::/home/user:/bin/bash\n")
        groups = {"root": 0, "video": 44, "user": user["gid"], **self.spec.get("groups", {})}
        self.groups = groups
        if container == "docker":
            self.write(".dockerenv", "")
        elif container == "podman":
            self.write("run/.containerenv", "")
        elif container == "apptainer":
            self.folder(".singularity.d")
        elif container:
            self.write("run/systemd/container", container + "\n")

    def pci(self, gpus):
        for i, gpu in enumerate(gpus):
            if gpu.get("bus") == "none":  # as under WSL and in a Jetson
                continue
            gpu.setdefault("address", f"0000:{1 + 0x20 * i:02x}:00.0")
            device = gpu.get("pci") or next((code for name, code in sorted(_PCI.items(), key=lambda row: -len(row[0]))
                                             if name in gpu["model"]), "2684")
            bound = gpu.get("bound", "nvidia" if self.spec.get("driver") else "")
            self.pci_device(i, gpu, "10de", device, gpu.get("class", "030200"), bound)
        for i in range(self.spec.get("nvswitches", 0)):
            gpu = {"address": f"0000:{0xc0 + i:02x}:00.0"}
            self.pci_device(64 + i, gpu, "10de", "22a3", "068000", "nvidia-nvswitch")
        for name, (link, rate) in self.spec.get("adapters", {}).items():  # {"mlx5_0": ["InfiniBand", 200]}
            port = f"sys/class/infiniband/{name}/ports/1"
            self.write(f"{port}/link_layer", link + "\n")
            self.write(f"{port}/state", "4: ACTIVE\n")
            self.write(f"{port}/rate", f"{rate} Gb/sec (4X)\n")
        for other in self.spec.get("displays", []):  # [["8086", "9a49", "i915"]]
            self.pci_device(99, {"address": "0000:00:02.0"}, other[0], other[1], "030000", other[2])

    def pci_device(self, number, device, vendor, code, pci_class, bound):
        address = device["address"]
        bridge = device.get("bridge")  # {"address": "0000:00:01.1", "acs": true, "readable": true}
        place = "sys/devices/pci0000:00/" + (bridge["address"] + "/" if bridge else "") + address
        self.write(f"{place}/vendor", f"0x{vendor}\n")
        self.write(f"{place}/device", f"0x{code}\n")
        self.write(f"{place}/class", f"0x{pci_class}\n")
        self.write(f"{place}/modalias", f"pci:v0000{vendor.upper()}d0000{code.upper()}sv000010DEsd00001234"
                                        f"bc{pci_class[:2]}sc{pci_class[2:4]}i{pci_class[4:]}\n")
        if bound:
            self.folder(f"sys/bus/pci/drivers/{bound}/{address}")
            self.link(f"{place}/driver", f"/sys/bus/pci/drivers/{bound}")
        bars = device.get("bars", {0: 16 << 20, 1: 32 << 30, 3: 32 << 20})
        rows = []
        for bar in range(6):
            size = {int(key): value for key, value in bars.items()}.get(bar, 0)
            first = 0x6000000000 + number * 0x2000000000 + bar * 0x800000000
            rows.append(f"0x{first:016x} 0x{first + size - 1:016x} 0x{0x14220c if bar else 0x40200:016x}" if size
                        else "0x0000000000000000 0x0000000000000000 0x0000000000000000")
        self.write(f"{place}/resource", "\n".join(rows) + "\n")
        iommu = device.get("iommu")
        if iommu:
            self.link(f"{place}/iommu_group", f"/sys/kernel/iommu_groups/{number}")
            self.write(f"sys/kernel/iommu_groups/{number}/type", iommu + "\n")
        self.link(f"sys/bus/pci/devices/{address}", "/" + place)
        if bridge:
            self.bridge(bridge, place.rsplit("/", 1)[0])

    def bridge(self, bridge, place):
        space = bytearray(4096 if bridge.get("readable", True) else 64)
        space[0:4] = bytes.fromhex("22108314")
        if len(space) > 64:
            control = 0x1D if bridge.get("acs") else 0
            struct.pack_into("<IHH", space, 0x100, 0x0001000D, 0x3F, control)
        self.write(f"{place}/config", bytes(space))
        self.write(f"{place}/vendor", "0x1022\n")
        self.write(f"{place}/device", "0x1483\n")
        self.write(f"{place}/class", "0x060400\n")
        self.link(f"sys/bus/pci/devices/{bridge['address']}", "/" + place)

    def kernel_driver(self, driver, gpus):
        version = driver.get("kernel", driver.get("version"))
        flavour = driver.get("flavour", "proprietary")
        modules = driver.get("modules", _MODULES if version else [])
        installed = driver.get("installed", version)
        for release in driver.get("built_for", [self.kernel]) if installed else []:
            self.module(release, installed, driver.get("installed_flavour", flavour), driver.get("signed", False))
        for module in modules:
            self.write(f"sys/module/{module}/refcnt", "1\n")
        nodes = driver.get("nodes")
        if version and "nvidia" in modules:
            self.write("sys/module/nvidia/version", version + "\n")
            kind = f"Open Kernel Module for {self.architecture}" if flavour == "open" else f"{self.architecture} Kernel Module"
            self.write("proc/driver/nvidia/version", f"NVRM version: NVIDIA UNIX {kind}  {version}  Mon Dec 30 17:18:13 UTC 2024\n"
                                                     "GCC version:  gcc version 12.3.0\n")
            parameters = {"EnableGpuFirmware": "18", "PreserveVideoMemoryAllocations": "0", **driver.get("parameters", {})}
            self.write("proc/driver/nvidia/params", "".join(f"{name}: {value}\n" for name, value in parameters.items()))
            self.folder("proc/driver/nvidia/capabilities")
            for i, gpu in enumerate(gpus):
                if gpu.get("listed", True) and gpu.get("bus") != "none":
                    self.information(i, gpu, version, driver)
                for instance in gpu.get("instances", []):
                    self.folder(f"proc/driver/nvidia/capabilities/gpu{i}/mig/{instance}")
        if nodes is None:
            nodes = ["nvidiactl"] + [f"nvidia{i}" for i in range(len(gpus))] if "nvidia" in modules else []
            nodes += ["nvidia-uvm", "nvidia-uvm-tools"] if "nvidia_uvm" in modules else []
        for node in nodes:
            self.write(f"dev/{node}", "")
        if driver.get("links", True) and nodes:
            for i, node in enumerate(nodes):
                self.link(f"dev/char/195:{i}", f"../{node}")
        manager = driver.get("fabric_manager")  # {"version": "550.54.15", "running": true}
        if manager:
            self.write("usr/bin/nv-fabricmanager", "")
            if manager.get("running", True):
                self.folder("sys/fs/cgroup/system.slice/nvidia-fabricmanager.service")
            with (self.root / "var/lib/dpkg/status").open("a") as status:
                branch = manager["version"].split(".")[0]
                status.write(f"\nPackage: nvidia-fabricmanager-{branch}\nStatus: install ok installed\nVersion: {manager['version']}-1\n")

    def module(self, release, version, flavour, signed):
        license = "Dual MIT/GPL" if flavour == "open" else "NVIDIA"
        information = f"license={license}\0version={version}\0srcversion=0\0vermagic={release} SMP\0".encode()
        module = binaries._bare_elf({"machine": self.architecture, "sections": {".text": b"\0" * 16, ".modinfo": information}})
        self.write(f"usr/lib/modules/{release}/updates/dkms/nvidia.ko", module + (b"~Module signature appended~\n" if signed else b""))
        with self.path(f"usr/lib/modules/{release}/modules.dep").open("a") as rows:
            rows.write("updates/dkms/nvidia.ko:\n")

    def information(self, i, gpu, version, driver):
        firmware = version if driver.get("flavour") == "open" else "N/A"
        self.write(f"proc/driver/nvidia/gpus/{gpu['address']}/information",
                   f"Model: \t\t {gpu['model']}\nIRQ:   \t\t {120 + i}\nGPU UUID: \t GPU-00000000-0000-0000-0000-{i:012d}\n"
                   f"Video BIOS: \t {gpu.get('vbios', '96.00.61.00.01')}\nBus Type: \t PCIe\nDMA Size: \t 52 bits\n"
                   f"DMA Mask: \t 0xfffffffffffff\nBus Location: \t {gpu['address']}\nDevice Minor: \t {i}\n"
                   f"GPU Firmware: \t {firmware}\nGPU Excluded:\t {'Yes' if gpu.get('excluded') else 'No'}\n")

    def user_driver(self, driver):
        version = driver.get("user", driver.get("version"))
        if not version:
            return
        folder = driver.get("folder", f"/usr/lib/{self.multiarch}")
        api = driver.get("api") or _API_LEVELS.get(int(version.split(".")[0]), "13.2")
        libraries = driver.get("libraries", ["libcuda", "libnvidia-ml", "libnvidia-ptxjitcompiler"])
        for library in libraries:
            spec = {"soname": f"{library}.so.1", "defines": ["varve_driver"]}
            if library == "libcuda":
                spec["api"] = api
            self.library(f"{folder}/{library}.so.{version}", spec)
            self.link(f"{folder}/{library}.so.1", f"{library}.so.{version}")
            self.cache_rows.append([f"{library}.so.1", f"{folder}/{library}.so.1"])

    def libcudas(self):
        """Others than the driver's: {"path", "api", "empty", "first"}; first: the loader's cache names it before all."""
        for one in self.spec.get("libcudas", []):
            path = one["path"]
            if one.get("empty"):
                self.write(path, "")
            else:
                self.library(path, {"soname": "libcuda.so.1", "api": one.get("api", "12.4")})
            folder, name = path.rsplit("/", 1)
            if name not in ("libcuda.so.1", "libcuda.so"):
                self.link(f"{folder}/libcuda.so.1", name)
            if one.get("first"):
                self.cache_rows.insert(0, ["libcuda.so.1", f"{folder}/libcuda.so.1"])
            elif one.get("cached"):
                self.cache_rows.append(["libcuda.so.1", f"{folder}/libcuda.so.1"])

    def toolkits(self):
        for toolkit in self.spec.get("toolkits", []):
            version = toolkit["version"]  # "12.4.1"
            short = ".".join(version.split(".")[:2])
            path = toolkit.get("path", f"/usr/local/cuda-{short}")
            number = binaries.number_of(short)
            self.write(f"{path}/version.json", json.dumps({"cuda": {"name": "CUDA SDK", "version": version},
                                                           "cuda_nvcc": {"name": "CUDA NVCC", "version": toolkit.get("nvcc", version)}}))
            self.write(f"{path}/include/cuda.h", f"#define CUDA_VERSION {number}\n")
            self.write(f"{path}/bin/nvcc", {"program": True, "texts": [f"Cuda compilation tools, release {short}, V{toolkit.get('nvcc', version)}"]})
            self.library(f"{path}/lib64/libcudart.so.{version}", {"soname": f"libcudart.so.{short.split('.')[0]}", "runtime": short})
            self.link(f"{path}/lib64/libcudart.so.{short.split('.')[0]}", f"libcudart.so.{version}")
            if toolkit.get("stubs", True):
                self.library(f"{path}/lib64/stubs/libcuda.so", {"soname": "libcuda.so.1", "defines": ["cuInit"]})
            for name, spec in toolkit.get("libraries", {}).items():
                self.write(f"{path}/lib64/{name}", spec)
        link = self.spec.get("cuda_link")
        if link:
            self.link("usr/local/cuda", link)

    def kernel_log(self):
        lines = self.spec.get("kernel_log")
        if lines is not None:
            text = "".join(f"[{10 + i:5d}.000000] {line}\n" for i, line in enumerate(["Linux version " + self.kernel] + lines))
            self.write("var/log/dmesg", text)
        slept = self.spec.get("slept")
        if slept is not None:
            self.write("sys/power/suspend_stats/success", f"{slept}\n")
        boot = self.spec.get("secure_boot")
        if boot is not None:
            self.write("sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", b"\x06\0\0\0" + bytes([1 if boot else 0]))

    def permissions(self):
        """Without root nobody can give files away, so the group asked for is given the number that files have anyway."""
        groups = dict(self.groups)
        owned = self.spec.get("modes", {})
        everyone = os.getuid() == 0
        for name in [f"dev/{node}" for node in os.listdir(self.root / "dev") if node != "char"]:
            (self.root / name).chmod(0o666)
            if everyone:
                os.chown(self.root / name, 0, 0)
        for name, row in owned.items():  # {"/dev/nvidia0": ["0660", "video"]}
            path = self.root / name.lstrip("/")
            path.chmod(int(row[0], 8))
            if everyone:
                os.chown(path, 0, groups.get(row[1], 0))
            else:
                groups[row[1]] = path.stat().st_gid
        self.write("etc/group", "".join(f"{name}:x:{number}:\n" for name, number in groups.items()))

    def loader_cache(self):
        if self.spec.get("loader_cache", True):
            flags = 0x0A03 if self.architecture == "aarch64" else 0x0303
            rows = [row + [flags] for row in self.spec.get("cache_first", []) + self.cache_rows + self.spec.get("cache_last", [])]
            self.write("etc/ld.so.cache", binaries.loader_cache(rows))


def build(description, folder):
    """Writes the machine; the folder is emptied first."""
    Machine(json.loads(json.dumps(description)), folder).build()


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    description = json.loads(pathlib.Path(sys.argv[1]).read_text())
    build(expand(description.get("machine", description)), sys.argv[2])


if __name__ == "__main__":
    main()
