// The words of enumerations, as they stand in documents; those of runs and what compares them in comparison_names.cc,
// those of kernels and profiles in profile_names.cc.
#include "model/words/names.h"

#include "model/answers/check_result.h"
#include "model/binary.h"
#include "model/consumer.h"
#include "model/driver_file.h"
#include "model/environment.h"
#include "model/fact.h"
#include "model/finding.h"
#include "model/gpu.h"
#include "model/handshake_record.h"
#include "model/image_record.h"
#include "model/words/enum_names.h"

namespace varve {

namespace {
constexpr EnumNames<Layer, 12> kLayers{{{
    {Layer::hardware, "hardware"},
    {Layer::os, "os"},
    {Layer::kernel_driver, "kernel_driver"},
    {Layer::user_driver, "user_driver"},
    {Layer::host_toolkit, "host_toolkit"},
    {Layer::framework, "framework"},
    {Layer::bundled_runtime, "bundled_runtime"},
    {Layer::kernel_library, "kernel_library"},
    {Layer::settings, "settings"},
    {Layer::container, "container"},
    {Layer::handshake, "handshake"},
    {Layer::kernels, "kernels"},
}}};
constexpr EnumNames<Standing, 3> kStandings{{{
    {Standing::recorded, "recorded"},
    {Standing::declared, "declared"},
    {Standing::inferred, "inferred"},
}}};
constexpr EnumNames<Missing, 7> kMissing{{{
    {Missing::absent, "absent"},
    {Missing::not_applicable, "not_applicable"},
    {Missing::denied, "denied"},
    {Missing::timeout, "timeout"},
    {Missing::unsupported, "unsupported"},
    {Missing::unreadable, "unreadable"},
    {Missing::not_asked, "not_asked"},
}}};
constexpr EnumNames<CodeKind, 4> kCodeKinds{{{
    {CodeKind::sass, "sass"},
    {CodeKind::ptx, "ptx"},
    {CodeKind::lto_ir, "lto_ir"},
    {CodeKind::other, "other"},
}}};
constexpr EnumNames<DependencyKind, 2> kDependencyKinds{
    {{{DependencyKind::needed, "needed"}, {DependencyKind::opened, "opened"}}}};
constexpr EnumNames<DriverFileRole, 5> kDriverFileRoles{{{
    {DriverFileRole::driver, "driver"},
    {DriverFileRole::compat, "compat"},
    {DriverFileRole::stub, "stub"},
    {DriverFileRole::wsl, "wsl"},
    {DriverFileRole::empty, "empty"},
}}};
constexpr EnumNames<PackageRole, 5> kPackageRoles{{{
    {PackageRole::framework, "framework"},
    {PackageRole::extension, "extension"},
    {PackageRole::runtime, "runtime"},
    {PackageRole::compiler, "compiler"},
    {PackageRole::library, "library"},
}}};
constexpr EnumNames<FileFaultKind, 3> kFileFaultKinds{{{
    {FileFaultKind::overwritten, "overwritten"},
    {FileFaultKind::replaced, "replaced"},
    {FileFaultKind::missing, "missing"},
}}};
constexpr EnumNames<GpuCompiler, 3> kGpuCompilers{
    {{{GpuCompiler::nvcc, "nvcc"}, {GpuCompiler::nvrtc, "nvrtc"}, {GpuCompiler::ptxas, "ptxas"}}}};
constexpr EnumNames<EnvironmentKind, 5> kEnvironmentKinds{{{
    {EnvironmentKind::venv, "venv"},
    {EnvironmentKind::conda, "conda"},
    {EnvironmentKind::system, "system"},
    {EnvironmentKind::user, "user"},
    {EnvironmentKind::folder, "folder"},
}}};
constexpr EnumNames<ConsumerKind, 4> kConsumerKinds{{{
    {ConsumerKind::framework, "framework"},
    {ConsumerKind::extension, "extension"},
    {ConsumerKind::binary, "binary"},
    {ConsumerKind::process, "process"},
}}};
constexpr EnumNames<ComputeMode, 4> kComputeModes{{{
    {ComputeMode::shared, "default"},
    {ComputeMode::exclusive_thread, "exclusive thread"},
    {ComputeMode::prohibited, "prohibited"},
    {ComputeMode::exclusive_process, "exclusive process"},
}}};
constexpr EnumNames<ImageFormat, 4> kImageFormats{{{
    {ImageFormat::oci_layout, "OCI layout"},
    {ImageFormat::oci_archive, "OCI archive"},
    {ImageFormat::docker_archive, "docker-save archive"},
    {ImageFormat::docker_directory, "docker-save directory"},
}}};
constexpr EnumNames<StepState, 3> kStepStates{{{
    {StepState::passed, "passed"},
    {StepState::failed, "failed"},
    {StepState::skipped, "skipped"},
}}};
constexpr EnumNames<Severity, 3> kSeverities{{{
    {Severity::error, "error"},
    {Severity::warning, "warning"},
    {Severity::note, "note"},
}}};
constexpr EnumNames<Mender, 4> kMenders{{{
    {Mender::hardware, "hardware"},
    {Mender::platform, "platform"},
    {Mender::framework, "framework"},
    {Mender::application, "application"},
}}};
constexpr EnumNames<FindingSubject::Kind, 8> kFindingSubjects{{{
    {FindingSubject::Kind::consumer, "consumer"},
    {FindingSubject::Kind::package, "package"},
    {FindingSubject::Kind::library, "library"},
    {FindingSubject::Kind::missing_library, "missing_library"},
    {FindingSubject::Kind::symbol, "symbol"},
    {FindingSubject::Kind::gpu, "gpu"},
    {FindingSubject::Kind::driver, "driver"},
    {FindingSubject::Kind::setting, "setting"},
}}};
constexpr EnumNames<FaultCategory, 10> kFaultCategories{{{
    {FaultCategory::none, ""},
    {FaultCategory::driver_ceiling, "driver_ceiling"},
    {FaultCategory::kernel_coverage, "kernel_coverage"},
    {FaultCategory::user_kernel_mismatch, "user_kernel_mismatch"},
    {FaultCategory::library_mix, "library_mix"},
    {FaultCategory::framework_bundle, "framework_bundle"},
    {FaultCategory::host_toolkit, "host_toolkit"},
    {FaultCategory::container, "container"},
    {FaultCategory::device_handshake, "device_handshake"},
    {FaultCategory::silent_slowdown, "silent_slowdown"},
}}};
constexpr EnumNames<FaultCategory, 10> kFaultCategoryTitles{{{
    {FaultCategory::none, "the program itself, not the stack under it"},
    {FaultCategory::driver_ceiling, "a driver that is too old for what runs on it"},
    {FaultCategory::kernel_coverage, "GPU code that does not fit the GPU"},
    {FaultCategory::user_kernel_mismatch, "user and kernel halves of the driver that do not fit"},
    {FaultCategory::library_mix, "libraries that do not belong together"},
    {FaultCategory::framework_bundle, "the build of the framework or of an extension"},
    {FaultCategory::host_toolkit, "the CUDA toolkit or compiler of the host"},
    {FaultCategory::container, "how the container gets the GPU"},
    {FaultCategory::device_handshake, "what stands between the driver and the GPU"},
    {FaultCategory::silent_slowdown, "a setting or version that costs speed"},
}}};

constexpr EnumNames<CheckState, 5> kCheckStates{{{
    {CheckState::ok, "ok"},
    {CheckState::degraded, "degraded"},
    {CheckState::broken, "broken"},
    {CheckState::cannot_tell, "cannot tell"},
    {CheckState::not_applicable, "not applicable"},
}}};
constexpr EnumNames<CandidateState, 3> kCandidateStates{{{
    {CandidateState::confirmed, "confirmed"},
    {CandidateState::open, "open"},
    {CandidateState::excluded, "excluded"},
}}};
constexpr EnumNames<CauseStanding, 5> kCauseStandings{{{
    {CauseStanding::confirmed, "confirmed"},
    {CauseStanding::supported, "supported"},
    {CauseStanding::stated, "stated"},
    {CauseStanding::undecided, "undecided"},
    {CauseStanding::refuted, "refuted"},
}}};
constexpr EnumNames<Question, 6> kQuestions{{{
    {Question::driver, "driver"},
    {Question::gpu, "GPU"},
    {Question::gpu_code, "GPU code"},
    {Question::libraries, "libraries"},
    {Question::symbols, "symbols"},
    {Question::compilers, "compilers"},
}}};
constexpr EnumNames<Regime, 4> kRegimes{{{
    {Regime::backward, "backward"},
    {Regime::minor_version, "minor-version"},
    {Regime::forward, "forward"},
    {Regime::none, "none"},
}}};
constexpr EnumNames<Outcome, 3> kOutcomes{{{
    {Outcome::no_driver, "no driver"},
    {Outcome::driver_too_old, "driver too old"},
    {Outcome::reaches_devices, "reaches device enumeration"},
}}};
}  // namespace

std::string_view to_string(Layer value) { return kLayers.name(value); }
std::string_view to_string(Standing value) { return kStandings.name(value); }
std::string_view to_string(Missing value) { return kMissing.name(value); }
std::string_view to_string(CodeKind value) { return kCodeKinds.name(value); }
std::string_view to_string(DependencyKind value) { return kDependencyKinds.name(value); }
std::string_view to_string(DriverFileRole value) { return kDriverFileRoles.name(value); }
std::string_view to_string(PackageRole value) { return kPackageRoles.name(value); }
std::string_view to_string(FileFaultKind value) { return kFileFaultKinds.name(value); }
std::string_view to_string(GpuCompiler value) { return kGpuCompilers.name(value); }
std::string_view to_string(EnvironmentKind value) { return kEnvironmentKinds.name(value); }
std::string_view to_string(ConsumerKind value) { return kConsumerKinds.name(value); }
std::string_view to_string(ComputeMode value) { return kComputeModes.name(value); }
std::string_view to_string(ImageFormat value) { return kImageFormats.name(value); }
std::string_view to_string(StepState value) { return kStepStates.name(value); }
std::string_view to_string(Severity value) { return kSeverities.name(value); }
std::string_view to_string(Mender value) { return kMenders.name(value); }
std::string_view to_string(FindingSubject::Kind value) { return kFindingSubjects.name(value); }
std::string_view to_string(FaultCategory value) { return kFaultCategories.name(value); }

std::optional<Layer> layer_from(std::string_view text) { return kLayers.value(text); }
std::optional<Standing> standing_from(std::string_view text) { return kStandings.value(text); }
std::optional<Missing> missing_from(std::string_view text) { return kMissing.value(text); }
std::optional<CodeKind> code_kind_from(std::string_view text) { return kCodeKinds.value(text); }
std::optional<DependencyKind> dependency_kind_from(std::string_view text) { return kDependencyKinds.value(text); }
std::optional<DriverFileRole> driver_file_role_from(std::string_view text) { return kDriverFileRoles.value(text); }
std::optional<PackageRole> package_role_from(std::string_view text) { return kPackageRoles.value(text); }
std::optional<FileFaultKind> file_fault_kind_from(std::string_view text) { return kFileFaultKinds.value(text); }
std::optional<GpuCompiler> gpu_compiler_from(std::string_view text) { return kGpuCompilers.value(text); }
std::optional<EnvironmentKind> environment_kind_from(std::string_view text) { return kEnvironmentKinds.value(text); }
ConsumerKind consumer_kind_of(const Package& package) {
  return package.role == PackageRole::extension ? ConsumerKind::extension : ConsumerKind::framework;
}
std::optional<ConsumerKind> consumer_kind_from(std::string_view text) { return kConsumerKinds.value(text); }
std::optional<ComputeMode> compute_mode_from(std::string_view text) { return kComputeModes.value(text); }
std::optional<ImageFormat> image_format_from(std::string_view text) { return kImageFormats.value(text); }
std::optional<StepState> step_state_from(std::string_view text) { return kStepStates.value(text); }
std::optional<Severity> severity_from(std::string_view text) { return kSeverities.value(text); }
std::optional<Mender> mender_from(std::string_view text) { return kMenders.value(text); }
std::optional<FindingSubject::Kind> finding_subject_from(std::string_view text) { return kFindingSubjects.value(text); }
std::optional<FaultCategory> fault_category_from(std::string_view text) { return kFaultCategories.value(text); }

std::string category_title(FaultCategory category) { return std::string(kFaultCategoryTitles.name(category)); }
std::string layer_title(Layer layer) { return layer == Layer::os ? "operating system" : spaced(to_string(layer)); }
std::string missing_title(Missing missing) { return spaced(to_string(missing)); }

std::string_view to_string(CheckState state) { return kCheckStates.name(state); }
std::optional<CheckState> check_state_from(std::string_view text) { return kCheckStates.value(text); }
std::string_view to_string(CandidateState value) { return kCandidateStates.name(value); }
std::optional<CandidateState> candidate_state_from(std::string_view text) { return kCandidateStates.value(text); }
std::string_view to_string(CauseStanding value) { return kCauseStandings.name(value); }
std::optional<CauseStanding> cause_standing_from(std::string_view text) { return kCauseStandings.value(text); }
std::string_view to_string(Question value) { return kQuestions.name(value); }
std::optional<Question> question_from(std::string_view text) { return kQuestions.value(text); }
std::string_view to_string(Regime value) { return kRegimes.name(value); }
std::optional<Regime> regime_from(std::string_view text) { return kRegimes.value(text); }
std::string_view to_string(Outcome value) { return kOutcomes.name(value); }
std::optional<Outcome> outcome_from(std::string_view text) { return kOutcomes.value(text); }

}  // namespace varve
