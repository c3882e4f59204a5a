#include "report/html/well_formed_test.h"

#include <gtest/gtest.h>

#include <vector>

namespace varve {

namespace {
class Checker {
 public:
  explicit Checker(std::string_view page) : page_(page) {}

  std::string check() {
    while (at_ < page_.size() && problem_.empty()) {
      if (page_[at_] == '<') {
        read_tag();
      } else {
        read_character();
      }
    }
    if (problem_.empty() && !open_.empty()) fail("never closed: " + open_.back());
    return problem_;
  }

 private:
  void fail(const std::string& what) {
    if (problem_.empty()) problem_ = what + " at: " + std::string(page_.substr(at_ > 30 ? at_ - 30 : 0, 90));
  }
  bool starts(std::string_view text) const { return page_.substr(at_).starts_with(text); }

  void read_character() {
    const char c = page_[at_];
    if (c == '>') fail("bare >");
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 && c != '\n') fail("control character");
    if (c == '&') {
      bool known = false;
      for (const std::string_view entity : {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"})
        known = known || starts(entity);
      if (!known) fail("bare &");
    }
    ++at_;
  }

  std::string read_name() {
    const std::size_t begin = at_;
    while (at_ < page_.size() && (std::isalnum(static_cast<unsigned char>(page_[at_])) || page_[at_] == '-')) ++at_;
    if (at_ == begin) fail("no name");
    return std::string(page_.substr(begin, at_ - begin));
  }

  void read_tag() {
    if (starts("<!DOCTYPE html>")) {
      at_ += 15;
      return;
    }
    ++at_;
    const bool closes = at_ < page_.size() && page_[at_] == '/';
    if (closes) ++at_;
    const std::string name = read_name();
    if (closes) {
      if (open_.empty() || open_.back() != name) return fail("</" + name + "> closes nothing");
      open_.pop_back();
      if (!starts(">")) return fail("no > after </" + name);
      ++at_;
      return;
    }
    read_attributes(name);
  }

  void read_attributes(const std::string& name) {
    while (problem_.empty()) {
      if (starts(" />")) {
        at_ += 3;
        return;
      }
      if (starts(">")) {
        ++at_;
        open_.push_back(name);
        return;
      }
      if (!starts(" ")) return fail("<" + name + " is malformed");
      ++at_;
      read_name();
      if (!starts("=\"")) return fail("attribute without a quoted value");
      at_ += 2;
      while (at_ < page_.size() && page_[at_] != '"' && problem_.empty()) {
        if (page_[at_] == '<') return fail("< in an attribute");
        read_character();
      }
      ++at_;
    }
  }

  std::string_view page_;
  std::size_t at_ = 0;
  std::vector<std::string> open_;
  std::string problem_;
};
}  // namespace

std::string why_not_well_formed(std::string_view page) { return Checker(page).check(); }

TEST(WellFormed, CheckerFindsWhatIsWrong) {
  EXPECT_EQ(why_not_well_formed("<!DOCTYPE html>\n<p a=\"1\">x &amp; y<br /></p>"), "");
  EXPECT_NE(why_not_well_formed("<p><b></p></b>"), "");
  EXPECT_NE(why_not_well_formed("<p>"), "");
  EXPECT_NE(why_not_well_formed("<p>a & b</p>"), "");
  EXPECT_NE(why_not_well_formed("<p a=1></p>"), "");
  EXPECT_NE(why_not_well_formed("<p>\x1b</p>"), "");
}

}  // namespace varve
