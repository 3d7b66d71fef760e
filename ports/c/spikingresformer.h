/*
 * SpikingResformer in C99: every operation, the two blocks and the network, equal to the reference to the last bit.
 *
 * Precision is one macro: define REAL as float or double before including this file; to have both in one program,
 * include it twice with another NAME each time (serve.c does). The only header it needs is the standard library's.
 *
 * Compile with contraction off, or products and sums are fused into FMAs and the bits change:
 *     cc -std=c99 -O2 -ffp-contract=off
 *
 * Values are row-major with a leading time axis, [T, B, C, H, W]. The requirement each part meets is named beside it;
 * they are numbered in docs/specification.md.
 */
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef REAL
#define REAL float
#endif
#ifndef NAME
#define NAME(name) name
#endif

#ifndef SPIKINGRESFORMER_H
#define SPIKINGRESFORMER_H

#if !defined(FLT_EVAL_METHOD) || FLT_EVAL_METHOD != 0
#error "float and double must be computed as float and double: on x86 use SSE2, not x87"
#endif

/* How many neighbouring inputs have their active terms added two by two. SRF-SUM-2 */
enum { EIGHT = 8 };

enum Charge { IF, LIF, PLIF };
enum Operation { STEM, HOLD, FIRE, SYNAPSE, SPLIT_HEADS, DST_T, DST, MERGE_HEADS, ADD, MEAN_POOL, CLASSIFY };

enum Kind { DSSA, GWSFFN, DOWNSAMPLE };

typedef struct {
  char key[96]; /* the authors' layer key */
  enum Charge charge;
  double tau; /* of LIF */
  double w;   /* of PLIF */
  double threshold;
  int soft;
  double reset; /* of a hard reset */
} Neuron;

/* A map of height x width positions at every step, sample and channel. */
typedef struct {
  long T, B, C, H, W;
} Shape;

static long size_of(Shape s) { return s.T * s.B * s.C * s.H * s.W; }

/* The output size of a convolution or pool along one side. SRF-GEOMETRY-1 */
static long convolved(long size, long kernel, long stride, long padding) {
  return (size + 2 * padding - kernel) / stride + 1;
}

static void *allocate(size_t bytes) {
  void *memory = calloc(bytes > 0 ? bytes : 1, 1);
  if (memory == NULL) {
    fprintf(stderr, "out of memory\n");
    exit(1);
  }
  return memory;
}

/*
 * Exponential and sigmoid by float64 additions, subtractions, multiplications and divisions in this order, so that they
 * are the same on every machine: a library's exp may choose its last bit. SRF-FUNCTIONS-1, SRF-FUNCTIONS-2
 */
typedef struct {
  double high, low; /* an unrounded sum: high is the sum rounded, low what rounding left out */
} Sum;

static Sum sum_of(double a, double b) { /* for |a| >= |b| or a = 0 */
  double high = a + b, back = high - a;
  Sum s = {high, b - back};
  return s;
}

static double upper(double a) { /* the upper 26 bits */
  double scaled = a * 134217729.0, rest = scaled - a;
  return scaled - rest;
}

static double remainder_of(double a, double q, double d) { /* a - q d, for q near a / d */
  double product = q * d, q1 = upper(q), d1 = upper(d), q2 = q - q1, d2 = d - d1;
  return a - product - (q1 * d1 - product + q1 * d2 + q2 * d1 + q2 * d2);
}

/* e^x = 2^k (high + low), for |x| below 750. */
static Sum exponential(double x, int *k) {
  static const double factorials[] = {2, 6, 24, 120, 720, 5040, 40320, 362880, 3628800, 39916800, 479001600, 6227020800.0};
  double doublings = x * 1.4426950408889634, whole = floor(doublings);
  *k = (int)whole + (doublings - whole >= 0.5); /* the nearest whole number, a half up */
  double head = x - *k * 0.6931471803691238, tail = *k * 1.9082149292705877e-10, r = head - tail, series = 0;
  for (int i = 11; i >= 0; i--) series = 1 / factorials[i] + r * series;
  Sum slope = sum_of(head, r * r * series - tail), e = sum_of(1, slope.high);
  e.low += slope.low;
  return e;
}

static double sigmoid(double x) {
  int k;
  if (x > 40) return 1;
  if (x != x) return x;
  if (x < -40) { /* e^x itself, to less than half a unit; 0 below the smallest number */
    if (x < -746) return 0;
    Sum e = exponential(x, &k);
    int half = k / 2;
    return (e.high + e.low) * ldexp(1, half) * ldexp(1, k - half);
  }
  Sum e = exponential(-fabs(x), &k), top = {1, 0}, one, bottom;
  e.high = ldexp(e.high, k), e.low = ldexp(e.low, k);
  one = sum_of(1, e.high);
  bottom.high = one.high, bottom.low = one.low + e.low;
  if (x < 0) top = e;
  double quotient = top.high / bottom.high;
  double left = remainder_of(top.high, quotient, bottom.high) + top.low - quotient * bottom.low;
  return quotient + left / bottom.high;
}

/* The scale of one head, c = 1 / sqrt(f m). SRF-SCALE-1 */
static double head_scale(double rate, double terms) { return 1 / sqrt(rate * terms); }

#endif

typedef struct {
  REAL *weight; /* [out, in / groups, kh, kw] */
  long out, in_group, kh, kw, stride, padding, groups;
} NAME(Convolution);

typedef struct {
  double *weight, *bias, *mean, *variance; /* one a channel, as they are in the checkpoint */
  double eps;
} NAME(Norm);

typedef struct {
  NAME(Convolution) convolution;
  NAME(Norm) norm;
  long pool, pool_stride, pool_padding; /* of a stem; pool 0 where there is none */
} NAME(Synapse);

typedef struct {
  Neuron neuron;
  NAME(Synapse) synapse;
} NAME(Layer);

typedef struct {
  long heads, height, width, tokens, planes;
  Neuron in, attn, out;
  NAME(Synapse) W, project;
  double *rate_x, *rate_attn; /* one a head */
} NAME(Dssa);

typedef struct {
  NAME(Layer) up, conv, down;
} NAME(Gwsffn);

typedef struct {
  char path[64]; /* layers.L.B */
  enum Kind kind;
  NAME(Dssa) attention;
  NAME(Gwsffn) feed_forward;
  NAME(Layer) downsample;
} NAME(Part);

typedef struct {
  NAME(Synapse) stem;
  NAME(Part) *parts;
  long part_count;
  REAL *classifier; /* [classes, channels] */
  long classes, channels;
} NAME(Network);

/* The membrane potentials of a network between chunks, by neuron key; a neuron that is not in it is at rest. */
typedef struct NAME(Membranes) {
  char key[96];
  long shape[4], rank, size;
  REAL *potential;
  struct NAME(Membranes) *next;
} NAME(Membranes);

/* Whoever wants to see what each operation takes and gives: a trace, a ledger. */
typedef struct {
  void (*note)(void *context, const char *path, enum Operation operation, const long *shape, long rank,
               const uint8_t *spikes, const REAL *currents);
  void (*cost)(void *context, const char *path, double sops);
  void *context;
} NAME(Observer);

/* ---- Batch norm as one affine map a channel: computed in double, rounded once. SRF-NORM-1, SRF-NORM-2 ---- */

static void NAME(affine)(const NAME(Norm) *norm, long channel, REAL *gain, REAL *shift) {
  double g = norm->weight[channel] / sqrt(norm->variance[channel] + norm->eps);
  double product = norm->mean[channel] * g; /* the unrounded gain */
  *gain = (REAL)g;
  *shift = (REAL)(norm->bias[channel] - product);
}

/* ---- Convolutions ---- */

/* Weights as [kernel row, kernel column, input channel of a group, output channel], the order they are added in. */
static REAL *NAME(packed)(const NAME(Convolution) *c) {
  REAL *rows = allocate(sizeof(REAL) * c->out * c->in_group * c->kh * c->kw);
  for (long co = 0; co < c->out; co++)
    for (long ci = 0; ci < c->in_group; ci++)
      for (long tap = 0; tap < c->kh * c->kw; tap++)
        rows[(tap * c->in_group + ci) * c->out + co] = c->weight[(co * c->in_group + ci) * c->kh * c->kw + tap];
  return rows;
}

/* Every sum of a convolution begins at 0 and ends in the norm: sum * gain, rounded, + shift, rounded. SRF-NORM-3 */
static Shape NAME(output_shape)(const NAME(Convolution) *c, Shape in) {
  Shape out = {in.T, in.B, c->out, convolved(in.H, c->kh, c->stride, c->padding),
               convolved(in.W, c->kw, c->stride, c->padding)};
  return out;
}

/* BN(Conv(s)), s spikes; or, where spikes is NULL, BN(Conv(image)). SRF-SUM-1 to SRF-SUM-4 */
static REAL *NAME(convolve)(const NAME(Synapse) *p, Shape in, const uint8_t *spikes, const REAL *image) {
  const NAME(Convolution) *c = &p->convolution;
  Shape out = NAME(output_shape)(c, in);
  REAL *result = allocate(sizeof(REAL) * size_of(out));
  REAL *rows = NAME(packed)(c), *sums = allocate(sizeof(REAL) * c->out);
  REAL *gain = allocate(sizeof(REAL) * c->out), *shift = allocate(sizeof(REAL) * c->out);
  long out_group = c->out / c->groups, area = in.H * in.W;
  for (long co = 0; co < c->out; co++) NAME(affine)(&p->norm, co, &gain[co], &shift[co]);
  for (long frame = 0; frame < in.T * in.B; frame++)
    for (long oy = 0; oy < out.H; oy++)
      for (long ox = 0; ox < out.W; ox++) {
        for (long co = 0; co < c->out; co++) sums[co] = 0;
        for (long ky = 0; ky < c->kh; ky++)
          for (long kx = 0; kx < c->kw; kx++) {
            long y = oy * c->stride + ky - c->padding, x = ox * c->stride + kx - c->padding;
            if (y < 0 || y >= in.H || x < 0 || x >= in.W) continue; /* the padding has no terms */
            const REAL *tap = rows + (ky * c->kw + kx) * c->in_group * c->out;
            for (long group = 0; group < c->groups; group++) {
              REAL *to = sums + group * out_group;
              const REAL *from = tap + group * out_group;
              long start = (frame * in.C + group * c->in_group) * area + y * in.W + x;
              if (spikes == NULL) { /* real numbers one by one: the product rounded, then the sum */
                for (long ci = 0; ci < c->in_group; ci++) {
                  REAL pixel = image[start + ci * area];
                  for (long i = 0; i < out_group; i++) {
                    REAL product = pixel * from[ci * c->out + i];
                    to[i] += product;
                  }
                }
                continue;
              }
              for (long first = 0; first < c->in_group; first += EIGHT) { /* spikes two by two among eight */
                const REAL *waiting = NULL;
                for (long ci = first; ci < first + EIGHT && ci < c->in_group; ci++) {
                  if (!spikes[start + ci * area]) continue;
                  const REAL *row = from + ci * c->out;
                  if (waiting == NULL) {
                    waiting = row;
                    continue;
                  }
                  for (long i = 0; i < out_group; i++) {
                    REAL two = waiting[i] + row[i];
                    to[i] += two;
                  }
                  waiting = NULL;
                }
                if (waiting != NULL)
                  for (long i = 0; i < out_group; i++) to[i] += waiting[i];
              }
            }
          }
        for (long co = 0; co < c->out; co++) {
          REAL scaled = sums[co] * gain[co];
          result[((frame * c->out + co) * out.H + oy) * out.W + ox] = scaled + shift[co];
        }
      }
  free(rows), free(sums), free(gain), free(shift);
  return result;
}

/* The largest value of each window; the padding never wins, and 0 is larger than -0. SRF-STEM-2 */
static REAL *NAME(max_pool)(long kernel, long stride, long padding, Shape in, const REAL *x, Shape *out) {
  Shape o = {in.T, in.B, in.C, convolved(in.H, kernel, stride, padding), convolved(in.W, kernel, stride, padding)};
  REAL *result = allocate(sizeof(REAL) * size_of(o));
  for (long plane = 0; plane < in.T * in.B * in.C; plane++)
    for (long oy = 0; oy < o.H; oy++)
      for (long ox = 0; ox < o.W; ox++) {
        REAL largest = -INFINITY;
        for (long y = oy * stride - padding; y < oy * stride - padding + kernel; y++)
          for (long xx = ox * stride - padding; xx < ox * stride - padding + kernel; xx++)
            if (y >= 0 && y < in.H && xx >= 0 && xx < in.W) {
              REAL value = x[(plane * in.H + y) * in.W + xx];
              if (value > largest || (value == largest && !signbit(value))) largest = value;
            }
        result[(plane * o.H + oy) * o.W + ox] = largest;
      }
  *out = o;
  return result;
}

/* pool(BN(Conv(image))). SRF-STEM-1 */
static REAL *NAME(stem)(const NAME(Synapse) *p, Shape in, const REAL *image, Shape *out) {
  Shape embedded = NAME(output_shape)(&p->convolution, in);
  REAL *current = NAME(convolve)(p, in, NULL, image);
  *out = embedded;
  if (p->pool == 0) return current;
  REAL *pooled = NAME(max_pool)(p->pool, p->pool_stride, p->pool_padding, embedded, current, out);
  free(current);
  return pooled;
}

static REAL *NAME(synapse)(const NAME(Synapse) *p, Shape in, const uint8_t *spikes, Shape *out) {
  *out = NAME(output_shape)(&p->convolution, in);
  return NAME(convolve)(p, in, spikes, NULL);
}

/* ---- The neuron ---- */

/* Where a membrane starts: the value of a hard reset, 0 with a soft one. SRF-FIRE-5 */
static REAL NAME(resting)(const Neuron *p) { return p->soft ? 0 : (REAL)p->reset; }

/* Charge, spike, reset, step by step; `potential` is the membrane before and after. SRF-FIRE-1 to SRF-FIRE-4 */
static uint8_t *NAME(fire)(const Neuron *p, long T, long neurons, const REAL *current, REAL *potential) {
  uint8_t *spikes = allocate(T * neurons);
  REAL rest = NAME(resting)(p), threshold = (REAL)p->threshold;
  REAL leak = (REAL)(p->charge == PLIF ? sigmoid(p->w) : p->tau);
  for (long t = 0; t < T; t++)
    for (long i = 0; i < neurons; i++) {
      REAL v = potential[i], x = current[t * neurons + i], h;
      if (p->charge == IF) {
        h = v + x;
      } else {
        REAL above = v - rest;
        REAL drive = x - above;
        REAL charge = p->charge == LIF ? drive / leak : drive * leak;
        h = v + charge;
      }
      int spike = h >= threshold;
      spikes[t * neurons + i] = (uint8_t)spike;
      potential[i] = !spike ? h : p->soft ? h - threshold : rest;
    }
  return spikes;
}

/* ---- Attention ---- */

/* y1 and y2: the first and the last d rows of each head, [T, B, heads, d, n] both. SRF-SPLIT-1 */
static REAL *NAME(split_heads)(long heads, Shape y, const REAL *data, int which) {
  long rows = y.C / heads / 2 * y.H * y.W;
  REAL *half = allocate(sizeof(REAL) * size_of(y) / 2);
  for (long head = 0; head < y.T * y.B * heads; head++)
    memcpy(half + head * rows, data + (2 * head + which) * rows, sizeof(REAL) * rows);
  return half;
}

/*
 * The products of one head: out[r, at] = scale * sum over the active terms m of value(r, m), two by two among eight.
 * `spikes` is [terms, positions]; value(r, m) is y[r * row + m * column]. SRF-SUM-2, SRF-SCALE-3
 */
static void NAME(product)(long terms, long positions, long rows, const uint8_t *spikes, const REAL *y, long row,
                          long column, REAL scale, REAL *out) {
  REAL *sums = allocate(sizeof(REAL) * rows);
  for (long at = 0; at < positions; at++) {
    for (long r = 0; r < rows; r++) sums[r] = 0;
    for (long first = 0; first < terms; first += EIGHT) {
      long waiting = -1;
      for (long m = first; m < first + EIGHT && m < terms; m++) {
        if (!spikes[m * positions + at]) continue;
        if (waiting < 0) {
          waiting = m;
          continue;
        }
        for (long r = 0; r < rows; r++) {
          REAL two = y[r * row + waiting * column] + y[r * row + m * column];
          sums[r] += two;
        }
        waiting = -1;
      }
      if (waiting >= 0)
        for (long r = 0; r < rows; r++) sums[r] += y[r * row + waiting * column];
    }
    for (long r = 0; r < rows; r++) out[r * positions + at] = sums[r] * scale;
  }
  free(sums);
}

/* attn = (y^T x) scale, [T, B, heads, n, HW]; y is [T, B, heads, d, n]. SRF-DSTT-1 */
static REAL *NAME(dst_t)(const double *scale, long frames, long heads, long d, long n, long positions, const REAL *y,
                         const uint8_t *x) {
  REAL *attn = allocate(sizeof(REAL) * frames * heads * n * positions);
  for (long head = 0; head < frames * heads; head++)
    NAME(product)(d, positions, n, x + head * d * positions, y + head * d * n, 1, n, (REAL)scale[head % heads],
                  attn + head * n * positions);
  return attn;
}

/* out = (y attn) scale, [T, B, heads, d, HW]. SRF-DST-1 */
static REAL *NAME(dst)(const double *scale, long frames, long heads, long d, long n, long positions, const REAL *y,
                       const uint8_t *attn) {
  REAL *out = allocate(sizeof(REAL) * frames * heads * d * positions);
  for (long head = 0; head < frames * heads; head++)
    NAME(product)(n, positions, d, attn + head * n * positions, y + head * d * n, n, 1, (REAL)scale[head % heads],
                  out + head * d * positions);
  return out;
}

/* ---- Layout, residual, head ---- */

/* The same current at each of `steps` steps. SRF-HOLD-1 */
static REAL *NAME(hold)(long steps, long size, const REAL *current) {
  REAL *held = allocate(sizeof(REAL) * steps * size);
  for (long t = 0; t < steps; t++) memcpy(held + t * size, current, sizeof(REAL) * size);
  return held;
}

static REAL *NAME(add)(long size, const REAL *a, const REAL *b) {
  REAL *sum = allocate(sizeof(REAL) * size);
  for (long i = 0; i < size; i++) sum[i] = a[i] + b[i];
  return sum;
}

/* The sum over the positions, row-major, then one division. SRF-HEAD-1 */
static REAL *NAME(mean_pool)(Shape in, const REAL *x) {
  long planes = in.T * in.B * in.C, positions = in.H * in.W;
  REAL *means = allocate(sizeof(REAL) * planes);
  for (long plane = 0; plane < planes; plane++) {
    REAL sum = 0;
    for (long at = 0; at < positions; at++) sum += x[plane * positions + at];
    means[plane] = sum / (REAL)positions;
  }
  return means;
}

/* weight x, channel by channel: the product rounded, then the sum. SRF-HEAD-2 */
static REAL *NAME(classify)(const REAL *weight, long classes, long channels, long samples, const REAL *x) {
  REAL *logits = allocate(sizeof(REAL) * samples * classes);
  for (long sample = 0; sample < samples; sample++)
    for (long k = 0; k < classes; k++) {
      REAL sum = 0;
      for (long c = 0; c < channels; c++) {
        REAL product = weight[k * channels + c] * x[sample * channels + c];
        sum += product;
      }
      logits[sample * classes + k] = sum;
    }
  return logits;
}

/* ---- The network: the operations above, wired ---- */

static void NAME(noted)(const NAME(Observer) *o, const char *at, const char *label, enum Operation operation, Shape s,
                        const uint8_t *spikes, const REAL *currents) {
  if (o == NULL || o->note == NULL) return;
  char path[160];
  snprintf(path, sizeof path, "%s%s%s", at, *at && *label ? "." : "", label);
  long shape[5] = {s.T, s.B, s.C, s.H, s.W};
  o->note(o->context, path, operation, shape, operation == MEAN_POOL || operation == CLASSIFY ? 3 : 5, spikes, currents);
}

static void NAME(costs)(const NAME(Observer) *o, const char *at, const char *label, double sops) {
  if (o == NULL || o->cost == NULL) return;
  char path[160];
  snprintf(path, sizeof path, "%s.%s", at, label);
  o->cost(o->context, path, sops);
}

/* The synaptic operations of a convolution: the outputs that each spike reaches. SRF-COST-1 */
static double NAME(convolution_sops)(const NAME(Convolution) *c, Shape in, const uint8_t *spikes) {
  Shape out = NAME(output_shape)(c, in);
  double sops = 0;
  for (long y = 0; y < in.H; y++)
    for (long x = 0; x < in.W; x++) {
      long reached = 0, active = 0;
      for (long ky = 0; ky < c->kh; ky++)
        for (long kx = 0; kx < c->kw; kx++) {
          long oy = y + c->padding - ky, ox = x + c->padding - kx;
          if (oy >= 0 && oy % c->stride == 0 && oy / c->stride < out.H && ox >= 0 && ox % c->stride == 0 &&
              ox / c->stride < out.W)
            reached++;
        }
      for (long plane = 0; plane < in.T * in.B * in.C; plane++) active += spikes[(plane * in.H + y) * in.W + x];
      sops += (double)active * reached * (c->out / c->groups);
    }
  return sops;
}

/* The potential kept under a neuron's key; one that is not there is made, at rest. SRF-FIRE-5 */
static REAL *NAME(membrane)(NAME(Membranes) **membranes, const Neuron *p, Shape s) {
  for (NAME(Membranes) *m = *membranes; m != NULL; m = m->next)
    if (strcmp(m->key, p->key) == 0) return m->potential;
  NAME(Membranes) *fresh = allocate(sizeof *fresh);
  strcpy(fresh->key, p->key);
  fresh->rank = 4;
  fresh->shape[0] = s.B, fresh->shape[1] = s.C, fresh->shape[2] = s.H, fresh->shape[3] = s.W;
  fresh->size = s.B * s.C * s.H * s.W;
  fresh->potential = allocate(sizeof(REAL) * fresh->size);
  for (long i = 0; i < fresh->size; i++) fresh->potential[i] = NAME(resting)(p);
  while (*membranes != NULL) membranes = &(*membranes)->next;
  *membranes = fresh;
  return fresh->potential;
}

static uint8_t *NAME(fired)(const Neuron *p, const char *at, const char *label, Shape s, const REAL *current,
                            NAME(Membranes) **membranes, const NAME(Observer) *o) {
  uint8_t *spikes = NAME(fire)(p, s.T, size_of(s) / s.T, current, NAME(membrane)(membranes, p, s));
  NAME(noted)(o, at, label, FIRE, s, spikes, NULL);
  return spikes;
}

static REAL *NAME(transmitted)(const NAME(Synapse) *p, const char *at, const char *label, Shape in,
                               const uint8_t *spikes, Shape *out, const NAME(Observer) *o) {
  REAL *current = NAME(synapse)(p, in, spikes, out);
  NAME(noted)(o, at, label, SYNAPSE, *out, NULL, current);
  if (o != NULL && o->cost != NULL) NAME(costs)(o, at, label, NAME(convolution_sops)(&p->convolution, in, spikes));
  return current;
}

static double NAME(count)(const uint8_t *spikes, long size) {
  double sum = 0;
  for (long i = 0; i < size; i++) sum += spikes[i];
  return sum;
}

static REAL *NAME(residual)(const char *at, const char *label, Shape s, REAL *a, const REAL *b,
                            const NAME(Observer) *o) {
  REAL *sum = NAME(add)(size_of(s), a, b);
  free(a);
  NAME(noted)(o, at, label, ADD, s, NULL, sum);
  return sum;
}

/* Dual spike self-attention with its residual. SRF-DSSA-1 to SRF-DSSA-4 */
static REAL *NAME(dssa)(const NAME(Dssa) *p, const char *at, Shape s, const REAL *input, NAME(Membranes) **membranes,
                        const NAME(Observer) *o) {
  long d = s.C / p->heads, positions = s.H * s.W, frames = s.T * s.B, n;
  double *c1 = allocate(sizeof(double) * p->heads), *c2 = allocate(sizeof(double) * p->heads);
  for (long head = 0; head < p->heads; head++) {
    c1[head] = head_scale(p->rate_x[head], (double)p->planes / p->heads); /* SRF-SCALE-1 */
    c2[head] = head_scale(p->rate_attn[head], (double)p->tokens);         /* SRF-SCALE-2 */
  }
  Shape projected;
  uint8_t *x = NAME(fired)(&p->in, at, "activation_in", s, input, membranes, o);
  REAL *y = NAME(transmitted)(&p->W, at, "W", s, x, &projected, o);
  n = projected.H * projected.W;
  REAL *y1 = NAME(split_heads)(p->heads, projected, y, 0), *y2 = NAME(split_heads)(p->heads, projected, y, 1);
  free(y);
  Shape half = {s.T, s.B, p->heads, d, n}, map = {s.T, s.B, p->heads, n, positions};
  Shape mixed = {s.T, s.B, p->heads, d, positions};
  NAME(noted)(o, at, "split.0", SPLIT_HEADS, half, NULL, y1);
  NAME(noted)(o, at, "split.1", SPLIT_HEADS, half, NULL, y2);
  REAL *scores = NAME(dst_t)(c1, frames, p->heads, d, n, positions, y1, x);
  NAME(noted)(o, at, "matmul1", DST_T, map, NULL, scores);
  NAME(costs)(o, at, "matmul1", n * NAME(count)(x, size_of(s)));
  free(x), free(y1);
  uint8_t *attn = NAME(fired)(&p->attn, at, "activation_attn", map, scores, membranes, o);
  free(scores);
  REAL *mix = NAME(dst)(c2, frames, p->heads, d, n, positions, y2, attn);
  NAME(noted)(o, at, "matmul2", DST, mixed, NULL, mix);
  NAME(costs)(o, at, "matmul2", d * NAME(count)(attn, size_of(map)));
  free(attn), free(y2), free(c1), free(c2);
  NAME(noted)(o, at, "merge", MERGE_HEADS, s, NULL, mix); /* [T, B, heads d, H, W]: the same numbers. SRF-MERGE-1 */
  uint8_t *out = NAME(fired)(&p->out, at, "activation_out", s, mix, membranes, o);
  free(mix);
  REAL *result = NAME(transmitted)(&p->project, at, "Wproj", s, out, &projected, o);
  free(out);
  return NAME(residual)(at, "residual", s, result, input, o);
}

/* A neuron and the synapses it drives: BN(Conv(SN(x))). */
static REAL *NAME(layer)(const NAME(Layer) *p, const char *at, const char *neuron, const char *synapse, Shape s,
                         const REAL *x, Shape *out, NAME(Membranes) **membranes, const NAME(Observer) *o) {
  uint8_t *spikes = NAME(fired)(&p->neuron, at, neuron, s, x, membranes, o);
  REAL *current = NAME(transmitted)(&p->synapse, at, synapse, s, spikes, out, o);
  free(spikes);
  return current;
}

/* The group-wise spiking feed-forward network with its residuals. SRF-GWSFFN-1 */
static REAL *NAME(gwsffn)(const NAME(Gwsffn) *p, const char *at, Shape s, const REAL *x, NAME(Membranes) **membranes,
                          const NAME(Observer) *o) {
  Shape hidden, same;
  REAL *u = NAME(layer)(&p->up, at, "up.0", "up.1", s, x, &hidden, membranes, o);
  REAL *g = NAME(layer)(&p->conv, at, "conv.0.0", "conv.0.1", hidden, u, &same, membranes, o);
  g = NAME(residual)(at, "conv.residual", hidden, g, u, o);
  free(u);
  REAL *y = NAME(layer)(&p->down, at, "down.0", "down.1", hidden, g, &same, membranes, o);
  free(g);
  return NAME(residual)(at, "residual", s, y, x, o);
}

/* The stem's current to the logits [T, B, classes]. SRF-NETWORK-1 */
static REAL *NAME(respond)(const NAME(Network) *p, Shape s, const REAL *current, NAME(Membranes) **membranes,
                           const NAME(Observer) *o) {
  REAL *x = NAME(hold)(1, size_of(s), current), *next;
  for (long i = 0; i < p->part_count; i++) {
    const NAME(Part) *part = &p->parts[i];
    Shape out = s;
    if (part->kind == DSSA) next = NAME(dssa)(&part->attention, part->path, s, x, membranes, o);
    else if (part->kind == GWSFFN) next = NAME(gwsffn)(&part->feed_forward, part->path, s, x, membranes, o);
    else next = NAME(layer)(&part->downsample, part->path, "activation", "conv", s, x, &out, membranes, o);
    free(x);
    x = next, s = out;
  }
  REAL *pooled = NAME(mean_pool)(s, x);
  Shape means = {s.T, s.B, s.C, 1, 1}, logits = {s.T, s.B, p->classes, 1, 1};
  free(x);
  NAME(noted)(o, "pool", "", MEAN_POOL, means, NULL, pooled);
  REAL *result = NAME(classify)(p->classifier, p->classes, p->channels, s.T * s.B, pooled);
  free(pooled);
  NAME(noted)(o, "classifier", "", CLASSIFY, logits, NULL, result);
  return result;
}
