#include "base/redact.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace varve {
namespace {

using Arguments = std::vector<std::string>;

TEST(Redact, ThePasswordOfRedisIsHidden) {
  EXPECT_EQ(redact_arguments({"sh", "-c", "redis-server --requirepass hunter2 --port 1"}, "")[2],
            "redis-server --requirepass [redacted] --port 1");
}

TEST(LooksLikeSecret, KnowsTheFormsOfTokens) {
  for (const char* value :
       {"hf_AbCdEfGhIjKlMnOpQrStUvWxYz01234567", "ghp_0123456789abcdefghijABCDEFGHIJ012345",
        "github_pat_11ABCDEFG0abcdefghijkl", "AKIAIOSFODNN7EXAMPLE", "sk-proj-abcdefghijklmnop",
        "glpat-aBcDeFgHiJkLmNoPqRsT", "xoxb-123456789012-abcdef", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "q8Zt3Kx0Lm5Vb2Nc7Wd4", "nvapi-0123456789abcdefghij",
        "https://user:hunter2@example.org/x", "postgres://app:pw@db/x", "prefix,hf_AbCdEfGhIjKlMnOp,suffix",
        "Bearer abcdefgh12345678", "Authorization: Basic dXNlcjpwdw==", R"({"api_key": "x"})", "a=1;password=x",
        "-----BEGIN OPENSSH PRIVATE KEY-----"}) {
    EXPECT_TRUE(looks_like_secret(value)) << value;
  }
}

TEST(LooksLikeSecret, LeavesOrdinaryValuesAlone) {
  for (const char* value : {"",
                            "0,1",
                            "SkylakeX",
                            "/usr/lib/x86_64-linux-gnu:/opt/venv/lib64",
                            "glibc.cpu.hwcaps=-AVX512F",
                            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                            "--max-tokens=128",
                            "meta-llama/Meta-Llama-3.1-70B-Instruct",
                            "Qwen/Qwen2-VL-72B-Instruct-AWQ-Int4",
                            "hf_transfer",
                            "cutlass_80_tensorop_s16816gemm_f16_256x128_32x3_nn_align8",
                            "FlashAttention2ForwardKernelSm90",
                            "_ZN7cutlass13device_kernelINS_4gemm6kernel13GemmUniversalIN4cute5tupleIJiiiiEEENS1",
                            "https://example.org/a?b=c",
                            "git@github.com:a/b.git",
                            "{\"level\": 3, \"cudagraph_capture_sizes\": [1, 2, 4]}",
                            "expandable_segments:True",
                            "/nix/store/0c7c96wxdmnnqgw7l6xxbm9bybzvwbmz-glibc-2.38",
                            "3,2,1",
                            "GPU-8932f937-d72c-4106-c12f-20bd9faed9f6",
                            "--xla_gpu_enable_triton_gemm=false --xla_gpu_autotune_level=4",
                            "first_token_latency=0.1",
                            "scikit-learn"}) {
    EXPECT_FALSE(looks_like_secret(value)) << value;
  }
}

TEST(NamesASecret, ByWholeWords) {
  for (const char* name : {"HF_TOKEN", "--token", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "apiKey", "--api-key",
                           "WANDB_API_KEY", "DB_PASSWORD", "db_pwd", "accessToken", "NGC_API_KEY", "credentials",
                           "Authorization", "HUGGING_FACE_HUB_TOKEN", "client_secret", "MYSQL_PASS"}) {
    EXPECT_TRUE(names_a_secret(name)) << name;
  }
  for (const char* name : {"PWD", "OMP_NUM_THREADS", "--max-tokens", "tokenizer", "--pad-token-id", "per_token",
                           "first-token-latency", "keyboard", "KEY", "--author", "monkey", "--pass-pipeline", ""}) {
    EXPECT_FALSE(names_a_secret(name)) << name;
  }
}

TEST(RedactArguments, NoPlantedSecretSurvives) {
  const std::string planted = "S3cr3tValue";
  const std::vector<Arguments> lines = {
      {"run", "--token=" + planted},
      {"run", "--token", planted},
      {"run", "--api-key", planted, "--batch", "8"},
      {"env", "PASSWORD=" + planted, "run"},
      {"docker", "run", "-e", "HF_TOKEN=" + planted, "image"},
      {"run", "https://user:" + planted + "@example.org/model"},
      {"run", "--url=https://user:" + planted + "@example.org/model"},
      {"curl", "-H", "Authorization: Bearer " + planted},
      {"curl", "-u", "user:" + planted},
      {"sh", "-c", "HF_TOKEN=" + planted + " python run.py --n 3"},
      {"sh", "-c", "python run.py --token " + planted + " --n 3"},
      {"sh", "-c", "PASSWORD='one " + planted + " two' python run.py"},
      {"run", "--password", "two words " + planted},
      {"run", "{\"api_key\": \"" + planted + "\"}"},
      {"run", "hf_" + planted + "abcdefghijkl"},
      {"run", "--header=x-api-key: " + planted},
  };
  for (const Arguments& line : lines) {
    const std::string text = join(redact_arguments(line, "/home/me"), " ");
    EXPECT_EQ(text.find(planted), std::string::npos) << text;
    EXPECT_NE(text.find("[redacted]"), std::string::npos) << text;
  }
}

TEST(RedactArguments, KeepsTheRest) {
  EXPECT_EQ(
      redact_arguments({"python", "-u", "bench.py", "--token", "x", "--batch", "8", "--model=/home/me/m"}, "/home/me"),
      (Arguments{"python", "-u", "bench.py", "--token", "[redacted]", "--batch", "8", "--model=~/m"}));
  EXPECT_EQ(redact_arguments({"sh", "-c", "HF_TOKEN=x  python /home/me/run.py --n 3"}, "/home/me"),
            (Arguments{"sh", "-c", "HF_TOKEN=[redacted]  python ~/run.py --n 3"}));
  EXPECT_EQ(redact_arguments({"--token", "--verbose"}, ""), (Arguments{"--token", "--verbose"}));
  EXPECT_EQ(redact_arguments({"docker", "run", "-u", "1000:1000"}, ""),
            (Arguments{"docker", "run", "-u", "1000:1000"}));
  EXPECT_EQ(redact_arguments({"--max-tokens", "128", "--tokenizer=auto"}, ""),
            (Arguments{"--max-tokens", "128", "--tokenizer=auto"}));
  EXPECT_EQ(redact_arguments({}, "/home/me"), Arguments{});
}

TEST(ShortenHome, WhereverAPathStarts) {
  EXPECT_EQ(shorten_home("/home/me/a:/home/me/b:/opt", "/home/me"), "~/a:~/b:/opt");
  EXPECT_EQ(shorten_home("/home/me", "/home/me/"), "~");
  EXPECT_EQ(shorten_home("/home/other/x,/Users/other/y", "/home/me"), "~/x,~/y");
  EXPECT_EQ(shorten_home("/var/home/ada/lib:/var/homes/x", ""), "~/lib:/var/homes/x");
  EXPECT_EQ(shorten_home("-I/home/me/include --m=/srv/me/x", "/srv/me"), "-I~/include --m=~/x");
  EXPECT_EQ(shorten_home("file:///home/me/x", "/home/me"), "file://~/x");
  EXPECT_EQ(shorten_home("/srv/meadow/x", "/srv/me"), "/srv/meadow/x");
  EXPECT_EQ(shorten_home("/mnt/home/me/x", "/home/me"), "/mnt/home/me/x");
  EXPECT_EQ(shorten_home("/usr/lib", "/"), "/usr/lib");
  EXPECT_EQ(shorten_home("/home/", ""), "/home/");
}

TEST(Redact, IdsOfGpusAreHashedAndStayComparable) {
  const std::string whole = "GPU-8932f937-d72c-4106-c12f-20bd9faed9f6";
  const std::string hashed = hashed_gpu_id(whole);
  EXPECT_TRUE(hashed.starts_with("GPU-sha256:")) << hashed;
  EXPECT_EQ(hashed_gpu_id(hashed), hashed);
  EXPECT_EQ(hashed_gpu_id("MIG-" + whole + "/1/0"), "MIG-" + hashed + "/1/0");
  EXPECT_TRUE(hashed_gpu_id("MIG-8932f937-d72c-4106-c12f-20bd9faed9f6").starts_with("MIG-sha256:"));
  EXPECT_TRUE(hashed_gpu_id("GPU-8932f937").starts_with("GPU-start:")) << "CUDA takes the start of one too";
  for (const char* plain : {"", "0", "all", "GPU-", "nvidia.com/gpu=0"}) EXPECT_EQ(hashed_gpu_id(plain), plain);
}

}  // namespace
}  // namespace varve
