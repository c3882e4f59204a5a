// Runs PTX on the host, as far as the kernels of Varve use it: one block after the other, each thread up to the next
// barrier. Device memory is the host's. What it does not know it refuses, as a driver refuses PTX that is wrong.
#pragma once
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PTX_MOST_LINES = 512, PTX_MOST_NAMES = 128, PTX_MOST_THREADS = 1024, PTX_SHARED = 16384, PTX_NAME = 32 };

typedef enum {
  PTX_UNKNOWN,
  PTX_MOVE,
  PTX_MAD,
  PTX_WIDE,
  PTX_ADD32,
  PTX_ADD64,
  PTX_SHIFT,
  PTX_LESS,
  PTX_FMA,
  PTX_BARRIER,
  PTX_RETURN,
  PTX_BRANCH,
  PTX_PARAMETER,
  PTX_LOAD_SHARED,
  PTX_STORE_SHARED,
  PTX_LOAD,
  PTX_STORE
} PtxDoes;

static const struct {
  const char* op;
  PtxDoes does;
} ptx_ops[] = {{"cvta.to.global.u64", PTX_MOVE},
               {"mov.u32", PTX_MOVE},
               {"mov.f32", PTX_MOVE},
               {"mad.lo.u32", PTX_MAD},
               {"mul.wide.u32", PTX_WIDE},
               {"add.u32", PTX_ADD32},
               {"add.u64", PTX_ADD64},
               {"shl.b32", PTX_SHIFT},
               {"setp.lt.u32", PTX_LESS},
               {"fma.rn.f32", PTX_FMA},
               {"bar.sync", PTX_BARRIER},
               {"ret", PTX_RETURN},
               {"bra", PTX_BRANCH},
               {"ld.param.u64", PTX_PARAMETER},
               {"ld.param.u32", PTX_PARAMETER},
               {"ld.shared.f32", PTX_LOAD_SHARED},
               {"st.shared.f32", PTX_STORE_SHARED},
               {"ld.global.f32", PTX_LOAD},
               {"st.global.f32", PTX_STORE},
               {"st.global.u32", PTX_STORE}};

typedef enum { PTX_LITERAL, PTX_REGISTER, PTX_TID, PTX_CTAID, PTX_NTID } PtxKind;

// "%r4", "[%rd8+64]", "16", "%tid.x", the name of a label, of shared memory or of a parameter.
typedef struct {
  char text[PTX_NAME];
  PtxKind kind;
  uint64_t value;  // of a literal; of a register its number; of %tid and its like 0 for x, 1 for y
  uint64_t offset;
} PtxOperand;

typedef struct {
  char op[PTX_NAME];
  PtxDoes does;
  PtxOperand operand[5];
  int operands;
  int predicate;  // the register of "@%p1 …", -1 without
} PtxLine;

typedef struct {
  char name[PTX_NAME];
  char type[8];  // of a parameter
  uint64_t at;   // of a label its line, of shared memory its offset, of a parameter its number
} PtxName;

typedef struct {
  PtxLine lines[PTX_MOST_LINES];
  PtxName names[PTX_MOST_NAMES];  // parameters, shared memory, labels
  char registers[PTX_MOST_NAMES][PTX_NAME];
  int line_count, name_count, register_count, parameter_count, shared_bytes;
  char entry[PTX_NAME * 2];
} PtxModule;

typedef struct {
  unsigned x, y;
} PtxPlace;

static char* ptx_trim(char* text) {
  while (isspace((unsigned char)*text)) ++text;
  char* end = text + strlen(text);
  while (end > text && isspace((unsigned char)end[-1])) *--end = '\0';
  return text;
}

static PtxName* ptx_find(PtxModule* module, const char* name) {
  for (int i = 0; i < module->name_count; ++i) {
    if (strcmp(module->names[i].name, name) == 0) return &module->names[i];
  }
  return NULL;
}

static PtxName* ptx_add(PtxModule* module, const char* name, uint64_t at) {
  PtxName* added = &module->names[module->name_count++ % PTX_MOST_NAMES];
  snprintf(added->name, sizeof added->name, "%s", name);
  added->at = at;
  return added;
}

static int ptx_register(PtxModule* module, const char* name) {
  for (int i = 0; i < module->register_count; ++i) {
    if (strcmp(module->registers[i], name) == 0) return i;
  }
  snprintf(module->registers[module->register_count % PTX_MOST_NAMES], PTX_NAME, "%s", name);
  return module->register_count++ % PTX_MOST_NAMES;
}

static void ptx_read_parameters(PtxModule* module, char* text) {
  for (char* at = strstr(text, ".param ."); at != NULL; at = strstr(at + 1, ".param .")) {
    char type[8], name[PTX_NAME];
    if (sscanf(at, ".param .%7[a-z0-9] %31[A-Za-z0-9_]", type, name) != 2) continue;
    snprintf(ptx_add(module, name, (uint64_t)module->parameter_count++)->type, sizeof type, "%s", type);
  }
}

static void ptx_read_line(PtxModule* module, char* text) {
  PtxLine* line = &module->lines[module->line_count++ % PTX_MOST_LINES];
  memset(line, 0, sizeof *line);
  line->predicate = -1;
  if (*text == '@') {
    char predicate[PTX_NAME] = "";
    sscanf(text, "@%31s", predicate);
    line->predicate = ptx_register(module, predicate);
    text = ptx_trim(text + 1 + strlen(predicate));
  }
  sscanf(text, "%31[^ ;]", line->op);
  for (size_t i = 0; i < sizeof ptx_ops / sizeof *ptx_ops; ++i) {
    if (strcmp(ptx_ops[i].op, line->op) == 0) line->does = ptx_ops[i].does;
  }
  char* rest = text + strlen(line->op);
  for (char* part = strtok(rest, ",;"); part != NULL && line->operands < 5; part = strtok(NULL, ",;")) {
    part = ptx_trim(part);
    if (*part != '\0') snprintf(line->operand[line->operands++].text, PTX_NAME, "%s", part);
  }
}

// What an operand is, once all names are known.
static void ptx_resolve(PtxModule* module, PtxOperand* operand) {
  char base[PTX_NAME] = "";
  unsigned offset = 0;
  const char* text = operand->text;
  if (sscanf(text, "[%31[^]+]+%u]", base, &offset) >= 1) text = base;
  operand->offset = offset;
  const size_t length = strlen(text);
  const PtxName* name = ptx_find(module, text);
  if (strncmp(text, "%tid.", 5) == 0 || strncmp(text, "%ctaid.", 7) == 0 || strncmp(text, "%ntid.", 6) == 0) {
    operand->kind = text[1] == 't' ? PTX_TID : text[1] == 'c' ? PTX_CTAID : PTX_NTID;
    operand->value = text[length - 1] == 'y';
  } else if (*text == '%') {
    operand->kind = PTX_REGISTER;
    operand->value = (uint64_t)ptx_register(module, text);
  } else {
    operand->kind = PTX_LITERAL;
    operand->value = name != NULL                  ? name->at
                     : strncmp(text, "0f", 2) == 0 ? strtoull(text + 2, NULL, 16)
                                                   : strtoull(text, NULL, 0);
  }
}

// NULL where it is no PTX of the kind that is understood.
static PtxModule* ptx_parse(const char* source) {
  if (strncmp(source, ".version ", 9) != 0) return NULL;
  PtxModule* module = calloc(1, sizeof *module);
  char* copy = strdup(source);
  char* next = NULL;
  for (char* raw = strtok_r(copy, "\n", &next); raw != NULL; raw = strtok_r(NULL, "\n", &next)) {
    char* text = ptx_trim(raw);
    char name[PTX_NAME];
    int bytes = 0;
    if (strncmp(text, ".visible .entry ", 16) == 0) {
      sscanf(text + 16, "%63[A-Za-z0-9_]", module->entry);
      ptx_read_parameters(module, text);
    } else if (sscanf(text, ".shared .align 4 .b8 %31[a-z_][%d]", name, &bytes) == 2) {
      ptx_add(module, name, (uint64_t)module->shared_bytes);
      module->shared_bytes += bytes;
    } else if (*text == '.' || *text == '{' || *text == '}' || *text == '\0') {
      continue;
    } else if (text[strlen(text) - 1] == ':') {
      text[strlen(text) - 1] = '\0';
      ptx_add(module, text, (uint64_t)module->line_count);
    } else {
      ptx_read_line(module, text);
    }
  }
  free(copy);
  for (int i = 0; i < module->line_count && i < PTX_MOST_LINES; ++i) {
    for (int k = 0; k < module->lines[i].operands; ++k) ptx_resolve(module, &module->lines[i].operand[k]);
  }
  const int fits = module->line_count < PTX_MOST_LINES && module->name_count < PTX_MOST_NAMES &&
                   module->register_count < PTX_MOST_NAMES && module->shared_bytes <= PTX_SHARED &&
                   module->entry[0] != '\0';
  if (fits) return module;
  free(module);
  return NULL;
}

typedef struct {
  PtxModule* module;
  PtxPlace thread, block, size;
  uint64_t* registers;
  char* shared;
  void** parameters;
  int at;    // the line that comes next
  int done;  // it returned
} PtxThread;

static uint64_t ptx_value(const PtxThread* thread, const PtxOperand* operand) {
  switch (operand->kind) {
    case PTX_REGISTER:
      return thread->registers[operand->value];
    case PTX_TID:
      return operand->value ? thread->thread.y : thread->thread.x;
    case PTX_CTAID:
      return operand->value ? thread->block.y : thread->block.x;
    case PTX_NTID:
      return operand->value ? thread->size.y : thread->size.x;
    default:
      return operand->value;
  }
}

static float ptx_float(uint64_t bits) {
  const uint32_t low = (uint32_t)bits;
  float value;
  memcpy(&value, &low, sizeof value);
  return value;
}

static uint64_t ptx_bits(float value) {
  uint32_t low;
  memcpy(&low, &value, sizeof low);
  return low;
}

static void ptx_set(PtxThread* thread, const PtxLine* line, uint64_t value) {
  if (line->operand[0].kind == PTX_REGISTER) thread->registers[line->operand[0].value] = value;
}

static void ptx_load(PtxThread* thread, const PtxLine* line, const char* memory) {
  uint32_t word = 0;
  memcpy(&word, memory + ptx_value(thread, &line->operand[1]) + line->operand[1].offset, sizeof word);
  ptx_set(thread, line, word);
}

static void ptx_store(PtxThread* thread, const PtxLine* line, char* memory) {
  const uint32_t word = (uint32_t)ptx_value(thread, &line->operand[1]);
  memcpy(memory + ptx_value(thread, &line->operand[0]) + line->operand[0].offset, &word, sizeof word);
}

static int ptx_load_parameter(PtxThread* thread, const PtxLine* line) {
  char name[PTX_NAME];
  if (sscanf(line->operand[1].text, "[%31[^]]]", name) != 1) return 0;
  const PtxName* parameter = ptx_find(thread->module, name);
  if (parameter == NULL || strcmp(parameter->type, line->op + strlen("ld.param.")) != 0) return 0;
  const void* value = thread->parameters[parameter->at];
  ptx_set(thread, line, strcmp(parameter->type, "u64") == 0 ? *(const uint64_t*)value : *(const uint32_t*)value);
  return 1;
}

static uint64_t ptx_result(PtxDoes does, const uint64_t in[4]) {
  switch (does) {
    case PTX_MAD:
      return (uint32_t)((uint32_t)in[0] * (uint32_t)in[1] + (uint32_t)in[2]);
    case PTX_WIDE:
      return (uint64_t)(uint32_t)in[0] * (uint32_t)in[1];
    case PTX_ADD32:
      return (uint32_t)(in[0] + in[1]);
    case PTX_ADD64:
      return in[0] + in[1];
    case PTX_SHIFT:
      return (uint32_t)((uint32_t)in[0] << in[1]);
    case PTX_LESS:
      return (uint32_t)in[0] < (uint32_t)in[1];
    case PTX_FMA:
      return ptx_bits(ptx_float(in[0]) * ptx_float(in[1]) + ptx_float(in[2]));  // of whole numbers: exact
    default:
      return in[0];
  }
}

// Up to a barrier or the end; 0 where a line is not known.
static int ptx_run_thread(PtxThread* thread) {
  while (thread->at < thread->module->line_count) {
    const PtxLine* line = &thread->module->lines[thread->at++];
    uint64_t in[4] = {0};
    if (line->predicate >= 0 && thread->registers[line->predicate] == 0) continue;
    switch (line->does) {
      case PTX_UNKNOWN:
        return 0;
      case PTX_BARRIER:
        return 1;
      case PTX_RETURN:
        thread->done = 1;
        return 1;
      case PTX_BRANCH:
        if (ptx_find(thread->module, line->operand[0].text) == NULL) return 0;
        thread->at = (int)line->operand[0].value;
        break;
      case PTX_PARAMETER:
        if (!ptx_load_parameter(thread, line)) return 0;
        break;
      case PTX_LOAD_SHARED:
      case PTX_LOAD:
        ptx_load(thread, line, line->does == PTX_LOAD ? NULL : thread->shared);
        break;
      case PTX_STORE_SHARED:
      case PTX_STORE:
        ptx_store(thread, line, line->does == PTX_STORE ? NULL : thread->shared);
        break;
      default:
        for (int i = 1; i < line->operands; ++i) in[i - 1] = ptx_value(thread, &line->operand[i]);
        ptx_set(thread, line, ptx_result(line->does, in));
    }
  }
  thread->done = 1;
  return 1;
}

static int ptx_run_block(PtxModule* module, PtxPlace block, PtxPlace size, void** parameters) {
  static char shared[PTX_SHARED];
  static uint64_t registers[PTX_MOST_THREADS][PTX_MOST_NAMES];
  static PtxThread threads[PTX_MOST_THREADS];
  const unsigned count = size.x * size.y;
  if (count > PTX_MOST_THREADS) return 0;
  memset(shared, 0x5a, sizeof shared);
  for (unsigned i = 0; i < count; ++i) {
    threads[i] = (PtxThread){module, {i % size.x, i / size.x}, block, size, registers[i], shared, parameters, 0, 0};
  }
  for (unsigned done = 0; done < count;) {
    done = 0;
    for (unsigned i = 0; i < count; ++i) {
      if (!threads[i].done && !ptx_run_thread(&threads[i])) return 0;
      done += (unsigned)threads[i].done;
    }
  }
  return 1;
}
