/** Mistakes that are put into the port in C, one at a time. */

/** A mistake: text of spikingresformer.h, what takes its place, and the compiler's flags where they are the mistake. */
export type Mistake = readonly [name: string, mistake: string, from: string, to: string, flags?: readonly string[]]

/** The mistakes: of rounding, then of structure. */
export const mistakes: readonly Mistake[] = [
  ['fma-flags', 'compiled with contraction to FMA', '', '', ['-std=c99', '-O2', '-ffp-contract=fast', '-mfma']],
  ['fast-math', 'compiled with -ffast-math', '', '', ['-std=c99', '-O3', '-ffast-math', '-march=native']],
  [
    'fma-norm',
    'the affine map is one FMA',
    'REAL scaled = sums[co] * gain[co];',
    'REAL scaled = 0; (void)scaled; result[((frame * c->out + co) * out.H + oy) * out.W + ox] = (REAL)fma((double)sums[co], (double)gain[co], (double)shift[co]); continue;',
  ],
  [
    'stem-double',
    "the stem's products are not rounded",
    'REAL product = pixel * from[ci * c->out + i];\n                    to[i] += product;',
    'to[i] = (REAL)((double)to[i] + (double)pixel * from[ci * c->out + i]);',
  ],
  [
    'classify-double',
    "the classifier's products are not rounded",
    'REAL product = weight[k * channels + c] * x[sample * channels + c];\n        sum += product;',
    'sum = (REAL)((double)sum + (double)weight[k * channels + c] * x[sample * channels + c]);',
  ],
  [
    'one-by-one',
    'spikes are summed one by one',
    'if (waiting == NULL) {\n                    waiting = row;',
    'for (long i = 0; i < out_group; i++) to[i] += row[i];\n                  continue;\n                  if (waiting == NULL) {\n                    waiting = row;',
  ],
  [
    'fours',
    'neighbours are four',
    'for (long first = 0; first < c->in_group; first += EIGHT) {',
    'enum { EIGHT = 4 };\n              for (long first = 0; first < c->in_group; first += EIGHT) {',
  ],
  [
    'product-one-by-one',
    "the attention's terms are summed one by one",
    'if (waiting < 0) {',
    'for (long r = 0; r < rows; r++) sums[r] += y[r * row + m * column];\n        continue;\n        if (waiting < 0) {',
  ],
  [
    'product-fours',
    "the attention's neighbours are four",
    'for (long first = 0; first < terms; first += EIGHT) {',
    'enum { EIGHT = 4 };\n    for (long first = 0; first < terms; first += EIGHT) {',
  ],
  [
    'columns-first',
    'kernel columns come before rows',
    'for (long ky = 0; ky < c->kh; ky++)\n          for (long kx = 0; kx < c->kw; kx++) {\n            long y',
    'for (long kx = 0; kx < c->kw; kx++)\n          for (long ky = 0; ky < c->kh; ky++) {\n            long y',
  ],
  [
    'shift-rounded-gain',
    'the shift is of the rounded gain',
    'double product = norm->mean[channel] * g;',
    'double product = norm->mean[channel] * (double)(float)g;',
  ],
  [
    'gain-float',
    'the gain is computed in float32',
    'double g = norm->weight[channel] / sqrt(norm->variance[channel] + norm->eps);',
    'double g = (float)norm->weight[channel] / sqrtf((float)(norm->variance[channel] + norm->eps));',
  ],
  [
    'eps',
    'eps is 1e-3',
    'sqrt(norm->variance[channel] + norm->eps)',
    'sqrt(norm->variance[channel] + norm->eps * 100)',
  ],
  [
    'scale-float',
    'the scale is from a float32 square root',
    'return 1 / sqrt(rate * terms);',
    'return 1 / sqrtf((float)(rate * terms));',
  ],
  ['tie', 'fires above the threshold only', 'int spike = h >= threshold;', 'int spike = h > threshold;'],
  ['soft', 'the reset is always soft', 'p->soft ? h - threshold : rest;', 'h - threshold;'],
  ['hard', 'the reset is always hard', 'p->soft ? h - threshold : rest;', 'rest;'],
  [
    'undecayed',
    'the input does not decay',
    'REAL drive = x - above;\n        REAL charge = p->charge == LIF ? drive / leak : drive * leak;\n        h = v + charge;',
    'h = v - above / leak + x;',
  ],
  ['reciprocal', 'divides by tau as times 1 / tau', 'drive / leak : drive * leak', 'drive * (1 / leak) : drive * leak'],
  [
    'one-fraction',
    'charges as a weighted mean',
    'h = v + charge;',
    'h = p->charge == LIF ? (v * (leak - 1) + x + rest) / leak : v + charge;',
  ],
  ['rest-zero', 'a membrane begins at 0', 'return p->soft ? 0 : (REAL)p->reset;', '(void)p;\n  return 0;'],
  [
    'library-exp',
    'the sigmoid is in float32',
    'double quotient = top.high / bottom.high;',
    'return 1 / (1 + expf((float)-x));\n  double quotient = top.high / bottom.high;',
  ],
  [
    'global-halves',
    'y is split into global halves',
    'memcpy(half + head * rows, data + (2 * head + which) * rows',
    'memcpy(half + head * rows, data + (head / heads * 2 * heads + which * heads + head % heads) * rows',
  ],
  ['first-head-scale', "every head has the first one's scale", '(REAL)scale[head % heads]', '(REAL)scale[0]'],
  ['pool-zero', "the pool's padding is 0", 'REAL largest = -INFINITY;', 'REAL largest = 0;'],
  ['mean-reciprocal', 'the mean multiplies by 1 / n', 'sum / (REAL)positions', 'sum * (1 / (REAL)positions)'],
  [
    'mean-double',
    'the mean is summed in double',
    'REAL sum = 0;\n    for (long at',
    'double sum = 0;\n    for (long at',
  ],
  [
    'no-residual',
    'attention lacks its residual',
    'return NAME(residual)(at, "residual", s, result, input, o);',
    'return result;',
  ],
  [
    'no-inner-residual',
    'the feed-forward network lacks u',
    'g = NAME(residual)(at, "conv.residual", hidden, g, u, o);',
    '',
  ],
  ['tokens-224', 'n is that of another image', '(double)p->tokens);', '(double)p->tokens * 49);'],
  ['planes-not-d', 'c1 takes all channels for d', '(double)p->planes / p->heads', '(double)p->planes'],
  [
    'membrane-lost',
    'a membrane begins anew at every chunk',
    'if (strcmp(m->key, p->key) == 0) return m->potential;',
    'if (strcmp(m->key, p->key) == 0) {\n      for (long i = 0; i < m->size; i++) m->potential[i] = NAME(resting)(p);\n      return m->potential;\n    }',
  ],
  [
    'tail-lost',
    'the last channels beyond eights are left out',
    'for (long ci = first; ci < first + EIGHT && ci < c->in_group; ci++) {',
    'for (long ci = first; first + EIGHT <= c->in_group && ci < first + EIGHT; ci++) {',
  ],
]
