#include "harness/subject/container_image.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace varve {

namespace {
// The word that names the image; empty: none does.
std::string image_in(const std::string& line) {
  const std::vector<std::string_view> words = split(line, ' ');
  const std::vector<std::string> command(words.begin(), words.end());
  const std::optional<NamedImage> named = named_image(command);
  return named ? command[named->argument] : "";
}
}  // namespace

TEST(ContainerImage, StandsBehindTheOptionsOfItsRunner) {
  EXPECT_EQ(image_in("docker run pytorch:2.4 python x.py"), "pytorch:2.4");
  EXPECT_EQ(image_in("docker run --rm -it --gpus all -v /data:/data pytorch:2.4 python x.py"), "pytorch:2.4");
  EXPECT_EQ(image_in("docker run -itv /data:/data --ipc=host -v/a:/b pytorch:2.4"), "pytorch:2.4");
  EXPECT_EQ(image_in("docker --context there container run -e A=B --name x pytorch:2.4"), "pytorch:2.4");
  EXPECT_EQ(image_in("sudo podman run --rm oci-archive:new.tar bench"), "oci-archive:new.tar");
  EXPECT_EQ(image_in("apptainer exec --nv --bind /data:/data new.sif python x.py"), "new.sif");
  EXPECT_EQ(image_in("numactl --cpunodebind=0 singularity -q run -B /data --env A=B ./sandbox"), "./sandbox");
  EXPECT_EQ(image_in("podman run --rootfs /srv/new bench"), "/srv/new");
}

TEST(ContainerImage, IsNoneWhereNoneIsStarted) {
  EXPECT_EQ(image_in("docker exec -it running python x.py"), "") << "a container that is there already";
  EXPECT_EQ(image_in("docker build ."), "");
  EXPECT_EQ(image_in("python docker.py run image"), "");
  EXPECT_EQ(image_in("apptainer exec"), "");
  EXPECT_EQ(image_in("docker run --rm -v"), "");
}

TEST(ContainerImage, IsReadWhereItIsAFile) {
  const auto place = [](const char* program, const std::string& reference, bool folder = false) {
    return place_of_image({program, 2, folder}, reference);
  };
  EXPECT_EQ(place("podman", "oci-archive:new.tar:2").path, "new.tar:2");
  EXPECT_EQ(place("apptainer", "docker-archive://saved.tar").path, "saved.tar");
  EXPECT_EQ(place("apptainer", "new.sif").path, "new.sif");
  EXPECT_EQ(place("podman", "/srv/new", true).path, "/srv/new");
  for (const char* program : {"docker", "podman"}) {
    const ImagePlace kept = place(program, "pytorch@sha256:0123");
    EXPECT_EQ(kept.path, "");
    EXPECT_EQ(kept.digest, "sha256:0123");
    EXPECT_NE(kept.why, "");
  }
  EXPECT_EQ(place("apptainer", "docker://pytorch:2.4").path, "");
  EXPECT_EQ(place("docker", "oci:folder").path, "") << "docker takes no such name";
}

}  // namespace varve
