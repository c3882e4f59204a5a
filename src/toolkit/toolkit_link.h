#pragma once
#include <string>

#include "base/result.h"
#include "world/files.h"

namespace varve {

// What stands where the link is to be.
enum class LinkPlace {
  nothing,
  toolkit_link,       // leads to a toolkit
  other_link,         // leads to something else, or nowhere
  alternatives_link,  // leads into /etc/alternatives: update-alternatives keeps it
  directory,
  other,  // a file or anything else
};

struct LinkPlan {
  std::string link;    // absolute
  std::string target;  // the toolkit it will lead to
  std::string text;    // what will stand in it: relative where the link that stands there is
  LinkPlace place = LinkPlace::nothing;
  std::string before;    // the text of a link that stands there
  bool already = false;  // it leads to the target
};

// Looks, touches nothing. Error: the folder of the link is not there, or what stands there was not made to lead to a
// toolkit by hand or by an installer, and `force` is not set. Something that is neither a link nor a directory is never
// replaced. The root of `files` must be that of this machine.
Result<LinkPlan> plan_toolkit_link(const Files& files, const std::string& link, const std::string& target, bool force);

struct LinkMove {
  std::string kept;  // where the directory that stood there is now; empty: there was none
};

// Makes the link so. A reader finds the old or the new one at any moment, also when the program dies in between; runs
// at the same time wait for one another (a lock on the folder, for ten seconds at most). What stands there is exchanged
// for the new link and looked at again: when it is not what the plan saw, it is put back. A directory is kept beside
// the link under a name of its own.
Result<LinkMove> move_toolkit_link(const LinkPlan& plan);

}  // namespace varve
