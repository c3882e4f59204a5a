#include <nlohmann/json.hpp>

#include "model/answers/check_result.h"
#include "model/json/documents.h"
#include "model/json/json_parts.h"
#include "model/words/names.h"

namespace varve {

namespace {
template <class Enum>
std::string word(Enum value) {
  return std::string(to_string(value));
}
}  // namespace

Json consumer_verdict_to_json(const ConsumerVerdict& consumer) {
  Json answers = Json::array();
  for (const ConsumerAnswer& answer : consumer.answers) {
    answers.push_back({{"question", word(answer.question)}, {"state", word(answer.state)}, {"detail", answer.detail}});
  }
  Json json{{"kind", word(consumer.kind)},
            {"name", consumer.name},
            {"state", word(consumer.state)},
            {"answers", std::move(answers)}};
  set_text(json, "environment", consumer.environment);
  if (consumer.regime) json["regime"] = word(*consumer.regime);
  if (consumer.outcome) json["outcome"] = word(*consumer.outcome);
  return json;
}

ConsumerVerdict consumer_verdict_from(const Fields& fields) {
  ConsumerVerdict consumer{.kind = fields.word("kind", consumer_kind_from),
                           .name = fields.required_text("name"),
                           .environment = fields.text("environment"),
                           .state = fields.word("state", check_state_from),
                           .regime = fields.optional_word("regime", regime_from),
                           .outcome = fields.optional_word("outcome", outcome_from),
                           .answers = {}};
  fields.each("answers", [&](const Fields& row) {
    consumer.answers.push_back({.question = row.word("question", question_from),
                                .state = row.word("state", check_state_from),
                                .detail = row.text("detail")});
  });
  return consumer;
}

namespace {
Json candidate_to_json(const CauseCandidate& candidate) {
  Json json{{"layer", word(candidate.layer)},
            {"state", word(candidate.state)},
            {"leads", candidate.leads},
            {"cause", candidate.cause},
            {"fix", candidate.fix}};
  set_text(json, "category", word(candidate.category));
  set_text(json, "because", candidate.because);
  set_text(json, "decide", candidate.decide);
  return json;
}

CauseCandidate candidate_from(const Fields& row) {
  return {.layer = row.word("layer", layer_from),
          .category = row.optional_word("category", fault_category_from).value_or(FaultCategory::none),
          .state = row.word("state", candidate_state_from),
          .cause = row.text("cause"),
          .fix = row.text("fix"),
          .because = row.text("because"),
          .decide = row.text("decide"),
          .leads = row.flag("leads", false)};
}

Json error_to_json(const ExplainedError& error) {
  Json json{{"pattern", error.pattern}, {"line", error.line},   {"times", error.times},
            {"text", error.text},       {"cause", error.cause}, {"fix", error.fix}};
  json["standing"] = word(error.standing);
  if (error.follows != 0) json["follows"] = error.follows;
  for (const CauseCandidate& candidate : error.candidates) json["candidates"].push_back(candidate_to_json(candidate));
  set_text(json, "category", word(error.category));
  set_text(json, "explained_by", error.explained_by);
  set_text(json, "correction", error.correction);
  set_text(json, "source", error.source);
  return json;
}

ExplainedError error_from(const Fields& row) {
  ExplainedError error{.pattern = row.required_text("pattern"),
                       .line = row.integer("line"),
                       .text = row.text("text"),
                       .category = row.optional_word("category", fault_category_from).value_or(FaultCategory::none),
                       .cause = row.text("cause"),
                       .fix = row.text("fix"),
                       .explained_by = row.text("explained_by"),
                       .correction = row.text("correction"),
                       .times = row.integer("times", 1),
                       .source = row.text("source"),
                       .standing = row.optional_word("standing", cause_standing_from).value_or(CauseStanding::stated),
                       .candidates = {},
                       .follows = row.integer("follows")};
  row.each("candidates", [&](const Fields& one) { error.candidates.push_back(candidate_from(one)); });
  return error;
}

Json proof_to_json(const JitProof& proof) {
  Json json{{"path", proof.path},
            {"entry", proof.entry},
            {"gpu", proof.gpu},
            {"compiled", proof.compiled},
            {"seconds", finite_or_null(proof.seconds)}};
  set_text(json, "log", proof.log);
  return json;
}

JitProof proof_from(const Fields& row) {
  return {.path = row.required_text("path"),
          .entry = row.text("entry"),
          .gpu = row.text("gpu"),
          .compiled = row.flag("compiled", false),
          .log = row.text("log"),
          .seconds = row.number("seconds")};
}

Json text_to_json(const TextAccount& text) {
  Json parts = Json::array(), conflicts = Json::array(), unstated = Json::array();
  for (const TextPart& part : text.parts) {
    parts.push_back({{"kind", part.kind}, {"first", part.first}, {"last", part.last}});
  }
  for (const TextConflict& conflict : text.conflicts) {
    conflicts.push_back({{"id", conflict.id},
                         {"first", conflict.first},
                         {"other", conflict.other},
                         {"first_line", conflict.first_line},
                         {"other_line", conflict.other_line}});
  }
  for (const TextQuestion& question : text.unstated) {
    unstated.push_back({{"what", question.what}, {"command", question.command}});
  }
  Json json{{"lines", text.lines},
            {"bytes", text.bytes},
            {"parts", std::move(parts)},
            {"conflicts", std::move(conflicts)},
            {"unstated", std::move(unstated)}};
  if (text.is_cut) json["is_cut"] = true;
  if (!text.others.empty()) json["others"] = text.others;
  return json;
}

TextAccount text_from(const Fields& fields) {
  TextAccount text{.lines = fields.integer("lines"),
                   .bytes = fields.integer("bytes"),
                   .is_cut = fields.flag("is_cut", false),
                   .others = fields.texts("others")};
  fields.each("parts", [&](const Fields& row) {
    text.parts.push_back({row.required_text("kind"), row.integer("first"), row.integer("last")});
  });
  fields.each("conflicts", [&](const Fields& row) {
    text.conflicts.push_back({row.required_text("id"), row.text("first"), row.text("other"), row.integer("first_line"),
                              row.integer("other_line")});
  });
  fields.each("unstated", [&](const Fields& row) {
    text.unstated.push_back({row.required_text("what"), row.text("command")});
  });
  return text;
}
}  // namespace

Json to_json(const Check& check) {
  Json chain = Json::array(), consumers = Json::array(), untold = Json::array();
  for (const ChainLink& link : check.chain) {
    chain.push_back({{"layer", word(link.layer)}, {"state", word(link.state)}, {"detail", link.detail}});
  }
  for (const ConsumerVerdict& consumer : check.consumers) consumers.push_back(consumer_verdict_to_json(consumer));
  for (const UntoldRule& rule : check.untold) {
    untold.push_back({{"rule", rule.rule}, {"fact", rule.fact}, {"reason", rule.reason}});
  }
  Json json{{"schema", kCheckSchema},
            {"checked_at", check.checked_at},
            {"tool", tool_to_json(check.tool_version)},
            {"subject", check.subject},
            {"data_date", check.data_date},
            {"chain", std::move(chain)},
            {"consumers", std::move(consumers)},
            {"findings", findings_to_json(check.findings)},
            {"untold", std::move(untold)}};
  set_text(json, "machine", check.machine);
  if (check.first_broken) json["first_broken"] = word(*check.first_broken);
  for (const ExplainedError& error : check.errors) json["errors"].push_back(error_to_json(error));
  if (check.log) {
    json["log"] = {{"lines", check.log->lines},
                   {"bytes", check.log->bytes},
                   {"is_cut", check.log->is_cut},
                   {"looked_for", check.log->looked_for}};
    set_text(json["log"], "outside", check.log->outside);
  }
  for (const Drift& drift : check.drift) {
    json["drift"].push_back({{"id", drift.change.id},
                             {"before", fact_to_json(drift.change.before)},
                             {"after", fact_to_json(drift.change.after)},
                             {"matters", drift.matters}});
  }
  for (const JitProof& proof : check.proofs) json["proofs"].push_back(proof_to_json(proof));
  if (!check.advice.empty()) json["advice"] = check.advice;
  if (check.text) json["text"] = text_to_json(*check.text);
  return json;
}

Check check_from(const Fields& fields) {
  Check check{.checked_at = fields.required_text("checked_at"),
              .tool_version = fields.object("tool").required_text("version"),
              .subject = fields.required_text("subject"),
              .machine = fields.text("machine"),
              .data_date = fields.text("data_date"),
              .findings = findings_from(fields, "findings"),
              .advice = fields.texts("advice")};
  fields.each("chain", [&](const Fields& row) {
    check.chain.push_back({.layer = row.word("layer", layer_from),
                           .state = row.word("state", check_state_from),
                           .detail = row.text("detail")});
  });
  if (fields.has("first_broken")) check.first_broken = fields.word("first_broken", layer_from);
  fields.each("consumers", [&](const Fields& row) { check.consumers.push_back(consumer_verdict_from(row)); });
  fields.each("untold", [&](const Fields& row) {
    check.untold.push_back({.rule = row.required_text("rule"), .fact = row.text("fact"), .reason = row.text("reason")});
  });
  fields.each("errors", [&](const Fields& row) { check.errors.push_back(error_from(row)); });
  if (fields.has("log")) {
    const Fields log = fields.object("log");
    check.log = LogSummary{.lines = log.integer("lines"),
                           .bytes = log.integer("bytes"),
                           .is_cut = log.flag("is_cut", false),
                           .looked_for = log.integer("looked_for"),
                           .outside = log.text("outside")};
  }
  fields.each("drift", [&](const Fields& row) {
    check.drift.push_back({.change = {.id = row.required_text("id"),
                                      .before = fact_from(row.object("before")),
                                      .after = fact_from(row.object("after"))},
                           .matters = row.flag("matters", false)});
  });
  fields.each("proofs", [&](const Fields& row) { check.proofs.push_back(proof_from(row)); });
  if (fields.has("text")) check.text = text_from(fields.object("text"));
  return check;
}

}  // namespace varve
