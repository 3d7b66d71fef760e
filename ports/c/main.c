/*
 * The program around spikingresformer.h: SRF's process protocol, traces of synthetic networks, and vectors replayed.
 *
 *     cc -std=c99 -O2 -ffp-contract=off -o spikingresformer main.c -lm
 *     ./spikingresformer serve --precision float32          answers the judge (docs/protocol.md)
 *     ./spikingresformer trace ti --synthetic 7 --image-size 64
 *     ./spikingresformer replay DIR                         the files of `npx spikingresformer vectors DIR`
 *
 * This file has what does not depend on the precision: JSON, base64, SHA-256, the synthetic numbers, the variants.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

/* ---- Faults: a sentence, and back to whoever can answer with it ---- */

static jmp_buf whence;
static char fault[512];

static void refuse(const char *format, ...) {
  va_list list;
  va_start(list, format);
  vsnprintf(fault, sizeof fault, format, list);
  va_end(list);
  longjmp(whence, 1);
}

/* ---- The network, once in each precision ---- */

#define REAL float
#define NAME(name) name##_float32
#include "spikingresformer.h"
#undef REAL
#undef NAME
#define REAL double
#define NAME(name) name##_float64
#include "spikingresformer.h"
#undef REAL
#undef NAME

/* ---- Memory that lasts for one request ---- */

static struct Scrap {
  void *memory;
  struct Scrap *next;
} *scraps;

static void *scrap(void *memory) {
  struct Scrap *s = allocate(sizeof *s);
  s->memory = memory, s->next = scraps, scraps = s;
  return memory;
}

static void sweep(void) {
  while (scraps != NULL) {
    struct Scrap *s = scraps;
    scraps = s->next;
    free(s->memory), free(s);
  }
}

/* ---- JSON: a value and its members, read in place ---- */

typedef struct Json {
  enum { NOTHING, BOOLEAN, NUMBER, STRING, LIST, OBJECT } type;
  char *key; /* of a member of an object */
  char *text; /* of a string */
  double number;
  struct Json *first, *next;
} Json;

static char *read_string(char **at) {
  char *from = ++*at, *to = from, *start = from;
  for (; *from != '"'; from++) {
    if (*from == '\0') refuse("a string does not end");
    if (*from != '\\') *to++ = *from;
    else switch (*++from) {
        case 'n': *to++ = '\n'; break;
        case 't': *to++ = '\t'; break;
        case 'r': *to++ = '\r'; break;
        case 'b': *to++ = '\b'; break;
        case 'f': *to++ = '\f'; break;
        case 'u': refuse("no name here needs \\u"); break;
        case '\0': refuse("a string does not end"); break;
        default: *to++ = *from;
      }
  }
  *at = from + 1;
  *to = '\0';
  return start;
}

static void skip(char **at) { *at += strspn(*at, " \t\r\n"); }

static Json *read_json(char **at, int depth) {
  Json *value = scrap(allocate(sizeof *value));
  if (depth > 64) refuse("nested too deep");
  skip(at);
  char open = **at;
  if (open == '{' || open == '[') {
    Json **last = &value->first;
    value->type = open == '{' ? OBJECT : LIST;
    char close = open == '{' ? '}' : ']';
    ++*at, skip(at);
    while (**at != close) {
      char *key = NULL;
      if (open == '{') {
        if (**at != '"') refuse("an object's key is not a string");
        key = read_string(at);
        skip(at);
        if (*(*at)++ != ':') refuse("no colon behind \"%.40s\"", key);
      }
      Json *member = read_json(at, depth + 1);
      member->key = key;
      *last = member, last = &member->next;
      skip(at);
      if (**at == ',') ++*at, skip(at);
      else if (**at != close) refuse("no comma and no end");
    }
    ++*at;
  } else if (open == '"') {
    value->type = STRING, value->text = read_string(at);
  } else if (strncmp(*at, "null", 4) == 0) {
    *at += 4;
  } else if (strncmp(*at, "true", 4) == 0) {
    value->type = BOOLEAN, value->number = 1, *at += 4;
  } else if (strncmp(*at, "false", 5) == 0) {
    value->type = BOOLEAN, *at += 5;
  } else {
    char *end;
    value->type = NUMBER, value->number = strtod(*at, &end);
    if (end == *at) refuse("not JSON: %.40s", *at);
    *at = end;
  }
  return value;
}

static Json *member(const Json *object, const char *key) {
  if (object->type == OBJECT)
    for (Json *m = object->first; m != NULL; m = m->next)
      if (strcmp(m->key, key) == 0) return m;
  refuse("no \"%s\"", key);
  return NULL;
}

static double number(const Json *object, const char *key) {
  Json *m = member(object, key);
  if (m->type != NUMBER) refuse("\"%s\" is not a number", key);
  return m->number;
}

static const char *string(const Json *object, const char *key) {
  Json *m = member(object, key);
  if (m->type != STRING) refuse("\"%s\" is not a string", key);
  return m->text;
}

static long length(const Json *list) {
  long n = 0;
  for (Json *m = list->first; m != NULL; m = m->next) n++;
  return n;
}

static const Json *element(const Json *list, long i) {
  const Json *m = list->first;
  while (m != NULL && i-- > 0) m = m->next;
  if (m == NULL) refuse("too few inputs");
  return m;
}

/* A list of numbers. */
static double *numbers(const Json *list) {
  double *values = scrap(allocate(sizeof(double) * length(list)));
  long i = 0;
  for (Json *m = list->first; m != NULL; m = m->next) values[i++] = m->number;
  return values;
}

/* ---- Base64 and tensors ---- */

static const char digits64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static unsigned char *decode64(const char *text, long *bytes) {
  static signed char value[256];
  if (value['B'] == 0) {
    memset(value, -1, sizeof value);
    for (int i = 0; i < 64; i++) value[(unsigned char)digits64[i]] = (signed char)i;
  }
  size_t n = strlen(text);
  unsigned char *out = allocate(n / 4 * 3 + 3);
  uint32_t bits = 0;
  int have = 0;
  long size = 0;
  for (size_t i = 0; i < n && text[i] != '='; i++) {
    if (value[(unsigned char)text[i]] < 0) refuse("data is not base64");
    bits = bits << 6 | (uint32_t)value[(unsigned char)text[i]];
    if ((have += 6) >= 8) out[size++] = (unsigned char)(bits >> (have -= 8));
  }
  *bytes = size;
  return out;
}

static void encode64(FILE *to, const unsigned char *data, long bytes) {
  for (long i = 0; i < bytes; i += 3) {
    uint32_t a = data[i], b = i + 1 < bytes ? data[i + 1] : 0, c = i + 2 < bytes ? data[i + 2] : 0;
    uint32_t bits = a << 16 | b << 8 | c;
    putc(digits64[bits >> 18], to), putc(digits64[bits >> 12 & 63], to);
    putc(i + 1 < bytes ? digits64[bits >> 6 & 63] : '=', to), putc(i + 2 < bytes ? digits64[bits & 63] : '=', to);
  }
}

/* Numbers as they came, little-endian as this machine is. */
typedef struct {
  enum { FLOAT32, FLOAT64, UINT8 } dtype;
  long rank, shape[8], size;
  unsigned char *data;
} Tensor;

static const long width_of[] = {4, 8, 1};
static const char *const name_of[] = {"float32", "float64", "uint8"};

static Tensor read_tensor(const Json *json) {
  Tensor t = {FLOAT32, 0, {0}, 1, NULL};
  const char *dtype = string(json, "dtype");
  while (strcmp(dtype, name_of[t.dtype]) != 0)
    if (t.dtype == UINT8) refuse("unknown dtype %.40s", dtype);
    else t.dtype++;
  for (Json *m = member(json, "shape")->first; m != NULL; m = m->next) {
    if (t.rank == 8 || m->number < 0 || m->number > 1e9) refuse("a shape like no other");
    t.shape[t.rank++] = (long)m->number;
    t.size *= (long)m->number;
  }
  long bytes;
  t.data = decode64(string(json, "data"), &bytes);
  if (bytes != t.size * width_of[t.dtype]) {
    free(t.data);
    refuse("%ld bytes of data, %ld of shape", bytes, t.size * width_of[t.dtype]);
  }
  return t;
}

/* Tensors kept under a name. */
static struct Kept {
  char name[96];
  Tensor tensor;
  struct Kept *next;
} *kept;

static void forget(const char *name) {
  for (struct Kept **k = &kept; *k != NULL; k = &(*k)->next)
    if (strcmp((*k)->name, name) == 0) {
      struct Kept *gone = *k;
      *k = gone->next;
      free(gone->tensor.data), free(gone);
      return;
    }
}

static void keep(const char *name, Tensor tensor) {
  struct Kept *k = allocate(sizeof *k);
  snprintf(k->name, sizeof k->name, "%s", name);
  k->tensor = tensor, k->next = kept, kept = k;
}

/* A tensor in a message: itself, or the name it was sent under. */
static Tensor tensor_of(const Json *json) {
  for (Json *m = json->first; json->type == OBJECT && m != NULL; m = m->next)
    if (strcmp(m->key, "name") == 0) {
      for (struct Kept *k = kept; k != NULL; k = k->next)
        if (m->type == STRING && strcmp(k->name, m->text) == 0) return k->tensor;
      refuse("no tensor is kept under that name");
    }
  Tensor t = read_tensor(json);
  scrap(t.data);
  return t;
}

static double real_at(const Tensor *t, long i) {
  if (t->dtype == FLOAT32) return ((const float *)t->data)[i];
  if (t->dtype == FLOAT64) return ((const double *)t->data)[i];
  return t->data[i];
}

static double *doubles(const Json *json) {
  Tensor t = tensor_of(json);
  double *out = scrap(allocate(sizeof(double) * t.size));
  for (long i = 0; i < t.size; i++) out[i] = real_at(&t, i);
  return out;
}

static Shape shape5(const Tensor *t) {
  if (t->rank != 5) refuse("%ld dimensions where there should be 5", t->rank);
  Shape s = {t->shape[0], t->shape[1], t->shape[2], t->shape[3], t->shape[4]};
  return s;
}

static void write_tensor(int dtype, long rank, const long *shape, const void *data) {
  long size = 1;
  printf("{\"dtype\":\"%s\",\"shape\":[", name_of[dtype]);
  for (long i = 0; i < rank; i++) {
    size *= shape[i];
    printf("%s%ld", i == 0 ? "" : ",", shape[i]);
  }
  printf("],\"data\":\"");
  encode64(stdout, data, size * width_of[dtype]);
  printf("\"}");
}

/* ---- SHA-256 (FIPS 180-4) ---- */

static const uint32_t rounds[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t turned(uint32_t x, int by) { return x >> by | x << (32 - by); }

static void sha256(const void *data, size_t bytes, char hex[65]) {
  uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  size_t blocks = (bytes + 8) / 64 + 1;
  for (size_t block = 0; block < blocks; block++) {
    unsigned char chunk[64] = {0};
    size_t from = block * 64;
    if (from < bytes) memcpy(chunk, (const unsigned char *)data + from, bytes - from < 64 ? bytes - from : 64);
    if (bytes >= from && bytes < from + 64) chunk[bytes - from] = 0x80;
    if (block == blocks - 1)
      for (int i = 0; i < 8; i++) chunk[56 + i] = (unsigned char)((uint64_t)bytes * 8 >> (56 - 8 * i));
    uint32_t w[64], v[8];
    for (int i = 0; i < 16; i++)
      w[i] = (uint32_t)chunk[4 * i] << 24 | (uint32_t)chunk[4 * i + 1] << 16 | (uint32_t)chunk[4 * i + 2] << 8 |
             chunk[4 * i + 3];
    for (int i = 16; i < 64; i++) {
      uint32_t s0 = turned(w[i - 15], 7) ^ turned(w[i - 15], 18) ^ w[i - 15] >> 3;
      uint32_t s1 = turned(w[i - 2], 17) ^ turned(w[i - 2], 19) ^ w[i - 2] >> 10;
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    memcpy(v, h, sizeof h);
    for (int i = 0; i < 64; i++) {
      uint32_t s1 = turned(v[4], 6) ^ turned(v[4], 11) ^ turned(v[4], 25);
      uint32_t t1 = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + rounds[i] + w[i];
      uint32_t s0 = turned(v[0], 2) ^ turned(v[0], 13) ^ turned(v[0], 22);
      uint32_t t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
      memmove(v + 1, v, sizeof(uint32_t) * 7);
      v[4] += t1;
      v[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++) h[i] += v[i];
  }
  for (int i = 0; i < 8; i++) sprintf(hex + 8 * i, "%08x", (unsigned)h[i]);
}

/* ---- Synthetic numbers: the same in every language. SRF-SYNTHETIC-1 to SRF-SYNTHETIC-3 ---- */

static uint32_t fnv1a(const char *text) {
  uint32_t hash = 0x811c9dc5;
  for (; *text; text++) hash = (hash ^ (unsigned char)*text) * 0x01000193;
  return hash;
}

static uint32_t hash32(uint32_t x) {
  x ^= x >> 16, x *= 0x21f0aaad;
  x ^= x >> 15, x *= 0xd35a2d97;
  return x ^ x >> 15;
}

static double sym(uint32_t start, uint32_t i) { return (hash32(start ^ hash32(i)) >> 8) / 8388608.0 - 1; }

enum Role { WEIGHT, GAIN, BIAS, MEAN, VARIANCE, RATE_X, RATE_ATTN, LEAK };

/* ---- The variants. SRF-CONFIG-1 ---- */

typedef struct {
  const char *name;
  long height, width, channels, imagenet_stem, planes[3], heads[3], patch[3], depth[3], ratio, group_width, classes, plif,
      steps;
} Config;

static const Config variants[] = {
    {"ti", 224, 224, 3, 1, {64, 192, 384}, {1, 3, 6}, {4, 2, 1}, {1, 2, 3}, 4, 64, 1000, 0, 4},
    {"s", 224, 224, 3, 1, {64, 256, 512}, {1, 4, 8}, {4, 2, 1}, {1, 2, 3}, 4, 64, 1000, 0, 4},
    {"m", 224, 224, 3, 1, {64, 384, 768}, {1, 6, 12}, {4, 2, 1}, {1, 2, 3}, 4, 64, 1000, 0, 4},
    {"l", 224, 224, 3, 1, {128, 512, 1024}, {2, 8, 16}, {4, 2, 1}, {1, 2, 3}, 4, 64, 1000, 0, 4},
    {"cifar", 32, 32, 3, 0, {64, 192, 384}, {1, 3, 6}, {4, 2, 1}, {1, 2, 3}, 4, 64, 10, 0, 4},
    {"dvsg", 64, 64, 3, 0, {32, 96, 192}, {1, 3, 6}, {4, 2, 1}, {1, 2, 3}, 4, 32, 11, 1, 16},
    {"digits", 16, 16, 1, 0, {16, 32, 64}, {1, 2, 4}, {4, 2, 1}, {1, 2, 3}, 4, 16, 10, 0, 4},
};

/* ---- Requests and what they give ---- */

/* What the judge may ask for; the first are in the order of enum Operation. */
static const char *const asks[] = {"stem", "hold", "fire", "synapse", "splitHeads", "dstT", "dst", "mergeHeads",
                                   "add", "meanPool", "classify", "dssa", "gwsffn", "downsample", "network", "c1",
                                   "c2", "sops"};

/* An output: a tensor, the membranes by key, a list of numbers, or counts by path. */
typedef struct {
  enum { TENSOR, MAP, NUMBERS, COUNTS } kind;
  long n;
  Tensor *items; /* or numbers */
  char (*keys)[160];
} Output;

static void write_output(const Output *o) {
  if (o->kind == TENSOR) {
    write_tensor(o->items->dtype, o->items->rank, o->items->shape, o->items->data);
    return;
  }
  putchar(o->kind == NUMBERS ? '[' : '{');
  for (long i = 0; i < o->n; i++) {
    if (i > 0) putchar(',');
    if (o->kind != NUMBERS) printf("\"%s\":", o->keys[i]);
    if (o->kind == MAP) write_tensor(o->items[i].dtype, o->items[i].rank, o->items[i].shape, o->items[i].data);
    else printf("%.17g", ((double *)o->items)[i]);
  }
  putchar(o->kind == NUMBERS ? ']' : '}');
}

static void copy_file(FILE *from, FILE *to) {
  char chunk[4096];
  size_t n;
  rewind(from);
  while ((n = fread(chunk, 1, sizeof chunk, from)) > 0) fwrite(chunk, 1, n, to);
  fclose(from);
}

/* A safetensors file: the length of its header, the header, padded to a multiple of 8, and the tensors' bytes. */
static void write_values(const char *path, FILE *header, FILE *bytes) {
  FILE *to = fopen(path, "wb");
  if (to == NULL) refuse("%s cannot be written", path);
  long length = ftell(header) + 2, padded = (length + 7) / 8 * 8;
  for (int i = 0; i < 8; i++) fputc((int)(((unsigned long)padded >> 8 * i) & 255), to);
  fputc('{', to);
  copy_file(header, to);
  fputc('}', to);
  for (long i = length; i < padded; i++) fputc(' ', to);
  copy_file(bytes, to);
  if (ferror(to) | fclose(to)) refuse("%s cannot be written", path);
}

/* ---- What is written once for each precision ---- */

#define REAL float
#define NAME(name) name##_float32
#define DTYPE FLOAT32
#include "program.h"
#undef REAL
#undef NAME
#undef DTYPE
#define REAL double
#define NAME(name) name##_float64
#define DTYPE FLOAT64
#include "program.h"

/* ---- replay: vectors are requests whose tensors lie in a safetensors file ---- */

static unsigned char *read_file(const char *folder, const char *name, long *size) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "rb");
  if (file == NULL) refuse("%s cannot be read", path);
  fseek(file, 0, SEEK_END);
  *size = ftell(file);
  rewind(file);
  unsigned char *bytes = scrap(allocate((size_t)*size + 1));
  if (fread(bytes, 1, (size_t)*size, file) != (size_t)*size) refuse("%s cannot be read", path);
  fclose(file);
  return bytes;
}

/* The first element in which two tensors differ, -1 where none does; shapes that differ are told apart before. */
static long first_difference(const Tensor *a, const Tensor *b) {
  for (long i = 0; i < a->size; i++)
    if (memcmp(a->data + i * width_of[a->dtype], b->data + i * width_of[b->dtype], (size_t)width_of[a->dtype]) != 0)
      return i;
  return -1;
}

static int differs(const char *name, const char *what, const Tensor *mine, const Tensor *right) {
  int same = mine->dtype == right->dtype && mine->rank == right->rank;
  for (long i = 0; same && i < mine->rank; i++) same = mine->shape[i] == right->shape[i];
  long at = same ? first_difference(mine, right) : -1;
  if (same && at < 0) return 0;
  if (!same) printf("%s: %s has another shape or type\n", name, what);
  else printf("%s: %s[%ld] = %.17g, should be %.17g\n", name, what, at, real_at(mine, at), real_at(right, at));
  return 1;
}

/* Replays one vector: 0 where every output is equal to the last bit. */
static int replay_one(const char *folder, const char *name) {
  long size;
  unsigned char *file = read_file(folder, name, &size);
  uint64_t header = 0;
  for (int i = 7; i >= 0; i--) header = header << 8 | file[i];
  if (size < 8 || header > (uint64_t)size - 8) refuse("%s is no safetensors file", name);
  char *text = scrap(allocate(header + 1));
  memcpy(text, file + 8, header);
  Json *json = read_json(&text, 0), *metadata = member(json, "__metadata__");
  while (kept != NULL) forget(kept->name);
  for (Json *m = json->first; m != NULL; m = m->next) {
    if (m == metadata) continue;
    const char *dtype = string(m, "dtype");
    double *range = numbers(member(m, "data_offsets"));
    Tensor t = {strcmp(dtype, "F32") == 0 ? FLOAT32 : strcmp(dtype, "F64") == 0 ? FLOAT64 : UINT8, 0, {0}, 1, NULL};
    for (Json *extent = member(m, "shape")->first; extent != NULL; extent = extent->next)
      t.shape[t.rank++] = (long)extent->number, t.size *= (long)extent->number;
    t.data = allocate((size_t)(range[1] - range[0]));
    memcpy(t.data, file + 8 + header + (long)range[0], (size_t)(range[1] - range[0]));
    keep(m->key, t);
  }
  const char *fields[] = {"parameters", "inputs", "outputs"};
  Json *read[3];
  for (int i = 0; i < 3; i++) {
    char *field = member(metadata, fields[i])->text;
    read[i] = read_json(&field, 0);
  }
  Output outputs[2];
  int single = strcmp(string(metadata, "precision"), "float32") == 0, wrong = 0;
  int n = (single ? computed_float32 : computed_float64)(string(metadata, "operation"), read[0], read[1], outputs);
  for (int i = 0; i < n; i++) {
    const Json *right = element(read[2], i);
    char what[256];
    snprintf(what, sizeof what, "output %d", i);
    if (outputs[i].kind == NUMBERS) {
      Tensor mine = {FLOAT64, 1, {outputs[i].n}, outputs[i].n, (unsigned char *)outputs[i].items};
      Tensor t = tensor_of(right);
      wrong |= differs(name, what, &mine, &t);
    } else if (outputs[i].kind == MAP) {
      for (const Json *m = right->first; m != NULL; m = m->next)
        for (long j = 0; j <= outputs[i].n; j++) {
          if (j == outputs[i].n) refuse("%s: no membrane %s", name, m->key);
          if (strcmp(outputs[i].keys[j], m->key) != 0) continue;
          Tensor t = tensor_of(m);
          snprintf(what, sizeof what, "membrane %.200s", m->key);
          wrong |= differs(name, what, &outputs[i].items[j], &t);
          break;
        }
    } else {
      Tensor t = tensor_of(right);
      wrong |= differs(name, what, outputs[i].items, &t);
    }
  }
  return wrong;
}

static int replay(const char *folder) {
  long size, all = 0, equal = 0;
  char *text = (char *)read_file(folder, "manifest.json", &size), names[512][96];
  for (Json *m = member(read_json(&text, 0), "vectors")->first; m != NULL && all < 512; m = m->next)
    snprintf(names[all++], sizeof *names, "%s", string(m, "file"));
  sweep();
  for (long i = 0; i < all; i++, sweep()) equal += replay_one(folder, names[i]) == 0;
  printf("%ld of %ld vectors equal\n", equal, all);
  return equal == all && all > 0 ? 0 : 1;
}

/* ---- serve: one request a line, one answer a line ---- */

static char *read_line(FILE *from) {
  static char *line;
  static size_t room;
  size_t size = 0;
  for (;;) {
    if (room - size < 2) line = realloc(line, room = room * 2 + 65536);
    if (line == NULL) return NULL;
    if (fgets(line + size, (int)(room - size > 1 << 30 ? 1 << 30 : room - size), from) == NULL)
      return size > 0 ? line : NULL;
    size += strlen(line + size);
    if (size > 0 && line[size - 1] == '\n') return line;
  }
}

static int serve(int precision) {
  static char buffer[1 << 16];
  setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
  for (char *line; (line = read_line(stdin)) != NULL; sweep(), fflush(stdout)) {
    volatile long id = -1;
    if (setjmp(whence) != 0) { /* an error is an answer; nothing of the answer was written before it */
      for (char *c = fault; *c; c++)
        if (*c == '"' || *c == '\\' || (unsigned char)*c < ' ') *c = '\'';
      printf("{\"id\":%ld,\"error\":\"%s\"}\n", (long)id, fault);
      continue;
    }
    Json *message = read_json(&line, 0);
    id = (long)number(message, "id");
    const char *ask = string(message, "ask");
    if (strcmp(ask, "hello") == 0) {
      printf("{\"id\":%ld,\"protocol\":1,\"name\":\"spikingresformer.h, C99\",\"precision\":\"%s\",\"operations\":[", id,
             name_of[precision]);
      for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) printf("%s\"%s\"", i == 0 ? "" : ",", asks[i]);
      printf("]}\n");
    } else if (strcmp(ask, "keep") == 0) {
      const char *name = string(message, "name");
      forget(name);
      keep(name, read_tensor(member(message, "tensor")));
      printf("{\"id\":%ld}\n", id);
    } else if (strcmp(ask, "forget") == 0) {
      forget(string(message, "name"));
      printf("{\"id\":%ld}\n", id);
    } else {
      int known = 0;
      for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) known |= strcmp(ask, asks[i]) == 0;
      if (!known) {
        printf("{\"id\":%ld,\"missing\":true}\n", id);
        continue;
      }
      (precision == FLOAT32 ? answer_float32 : answer_float64)(id, ask, member(message, "parameters"),
                                                               member(message, "inputs"));
    }
  }
  return 0;
}

/* ---- The command line ---- */

static const char *option(int argc, char **argv, const char *name) {
  for (int i = 2; i + 1 < argc; i++)
    if (strcmp(argv[i], name) == 0) return argv[i + 1];
  return NULL;
}

static int flag(int argc, char **argv, const char *name) {
  for (int i = 2; i < argc; i++)
    if (strcmp(argv[i], name) == 0) return 1;
  return 0;
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "", *text;
  if (setjmp(whence) != 0) {
    fprintf(stderr, "%s\n", fault);
    return 1;
  }
  if (strcmp(what, "serve") == 0) {
    text = option(argc, argv, "--precision");
    return serve(text != NULL && strcmp(text, "float64") == 0 ? FLOAT64 : FLOAT32);
  }
  if (strcmp(what, "replay") == 0 && argc > 2) return replay(argv[2]);
  if (strcmp(what, "trace") == 0 && argc > 2)
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
      if (strcmp(variants[i].name, argv[2]) != 0) continue;
      Config config = variants[i];
      long batch = (text = option(argc, argv, "--batch")) ? atol(text) : 1;
      if ((text = option(argc, argv, "--image-size"))) {
        config.height = config.width = atol(text);
        if (strchr(text, 'x')) config.width = atol(strchr(text, 'x') + 1);
      }
      if ((text = option(argc, argv, "--steps"))) config.steps = atol(text);
      if ((text = option(argc, argv, "--classes"))) config.classes = atol(text);
      uint32_t seed = (text = option(argc, argv, "--synthetic")) ? (uint32_t)strtoul(text, NULL, 10) : 7;
      text = option(argc, argv, "--precision");
      int single = text != NULL && strcmp(text, "float32") == 0, frames = flag(argc, argv, "--frames");
      (single ? trace_float32 : trace_float64)(&config, seed, batch, frames, option(argc, argv, "--values"));
      return 0;
    }
  fprintf(stderr, "usage: spikingresformer serve [--precision float32|float64]\n"
                  "       spikingresformer trace VARIANT [--synthetic SEED] [--image-size N] [--steps T] [--classes K]\n"
                  "                        [--batch B] [--frames] [--precision float32|float64] [--values FILE]\n"
                  "       spikingresformer replay DIR\n");
  return 2;
}
