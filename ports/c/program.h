/* What main.c needs once in each precision: parameters read from JSON, requests answered, synthetic networks traced. */

/* ---- Parameters from a message: the trees of docs/protocol.md ---- */

static REAL *NAME(reals)(const Json *json) {
  Tensor t = tensor_of(json);
  REAL *out = scrap(allocate(sizeof(REAL) * t.size));
  for (long i = 0; i < t.size; i++) out[i] = (REAL)real_at(&t, i);
  return out;
}

static uint8_t *NAME(spikes)(const Json *json) {
  Tensor t = tensor_of(json);
  uint8_t *out = scrap(allocate(t.size));
  for (long i = 0; i < t.size; i++) out[i] = real_at(&t, i) != 0;
  return out;
}

static NAME(Synapse) NAME(read_synapse)(const Json *json, int stem) {
  NAME(Synapse) p = {{0}};
  const Json *c = member(json, "convolution"), *n = member(json, "norm");
  Tensor weight = tensor_of(member(c, "weight"));
  if (weight.rank != 4) refuse("a convolution's weight has 4 dimensions");
  p.convolution.weight = NAME(reals)(member(c, "weight"));
  p.convolution.out = weight.shape[0], p.convolution.in_group = weight.shape[1];
  p.convolution.kh = weight.shape[2], p.convolution.kw = weight.shape[3];
  p.convolution.stride = (long)number(c, "stride"), p.convolution.padding = (long)number(c, "padding");
  p.convolution.groups = (long)number(c, "groups");
  p.norm.weight = doubles(member(n, "weight")), p.norm.bias = doubles(member(n, "bias"));
  p.norm.mean = doubles(member(n, "mean")), p.norm.variance = doubles(member(n, "variance"));
  p.norm.eps = number(n, "eps");
  if (stem && member(json, "pool")->type == OBJECT) {
    const Json *pool = member(json, "pool");
    p.pool = (long)number(pool, "kernel"), p.pool_stride = (long)number(pool, "stride");
    p.pool_padding = (long)number(pool, "padding");
  }
  return p;
}

static Neuron NAME(read_neuron)(const Json *json) {
  Neuron p = {""};
  const Json *charge = member(json, "charge"), *reset = member(json, "reset");
  const char *kind = string(charge, "kind");
  snprintf(p.key, sizeof p.key, "%s", string(json, "key"));
  p.charge = strcmp(kind, "IF") == 0 ? IF : strcmp(kind, "LIF") == 0 ? LIF : PLIF;
  if (p.charge == LIF) p.tau = number(charge, "tau");
  if (p.charge == PLIF) p.w = number(charge, "w");
  p.threshold = number(json, "threshold");
  p.soft = strcmp(string(reset, "kind"), "soft") == 0;
  if (!p.soft) p.reset = number(reset, "value");
  return p;
}

static NAME(Layer) NAME(read_layer)(const Json *json) {
  NAME(Layer) p = {NAME(read_neuron)(member(json, "neuron")), NAME(read_synapse)(member(json, "synapse"), 0)};
  return p;
}

static NAME(Dssa) NAME(read_dssa)(const Json *json) {
  NAME(Dssa) p = {0};
  p.planes = (long)number(json, "planes"), p.heads = (long)number(json, "heads");
  p.tokens = (long)number(json, "tokens");
  p.height = (long)number(member(json, "size"), "height"), p.width = (long)number(member(json, "size"), "width");
  p.in = NAME(read_neuron)(member(json, "in")), p.attn = NAME(read_neuron)(member(json, "attn"));
  p.out = NAME(read_neuron)(member(json, "out"));
  p.W = NAME(read_synapse)(member(json, "W"), 0), p.project = NAME(read_synapse)(member(json, "project"), 0);
  p.rate_x = numbers(member(json, "firingRateX")), p.rate_attn = numbers(member(json, "firingRateAttn"));
  return p;
}

static NAME(Gwsffn) NAME(read_gwsffn)(const Json *json) {
  NAME(Gwsffn) p = {NAME(read_layer)(member(json, "up")), NAME(read_layer)(member(json, "conv")),
                    NAME(read_layer)(member(json, "down"))};
  return p;
}

static NAME(Network) NAME(read_network)(const Json *json) {
  NAME(Network) p = {{{0}}};
  const Json *stages = member(json, "stages");
  long room = 0, stage = 0;
  for (const Json *s = stages->first; s != NULL; s = s->next) room += 1 + 2 * length(member(s, "blocks"));
  p.parts = scrap(allocate(sizeof(NAME(Part)) * room));
  p.stem = NAME(read_synapse)(member(json, "stem"), 1);
  for (const Json *s = stages->first; s != NULL; s = s->next, stage++) {
    const Json *downsample = member(s, "downsample");
    if (downsample->type == OBJECT) {
      NAME(Part) *part = &p.parts[p.part_count++];
      part->kind = DOWNSAMPLE, part->downsample = NAME(read_layer)(downsample);
      snprintf(part->path, sizeof part->path, "layers.%ld.0", stage);
    }
    for (const Json *b = member(s, "blocks")->first; b != NULL; b = b->next)
      for (int half = 0; half < 2; half++) {
        NAME(Part) *part = &p.parts[p.part_count++];
        part->kind = half == 0 ? DSSA : GWSFFN;
        if (half == 0) part->attention = NAME(read_dssa)(member(b, "attention"));
        else part->feed_forward = NAME(read_gwsffn)(member(b, "feedForward"));
        snprintf(part->path, sizeof part->path, "layers.%ld.%ld", stage, (long)number(b, "index") + half);
      }
  }
  Tensor classifier = tensor_of(member(json, "classifier"));
  p.classes = classifier.shape[0], p.channels = classifier.shape[1];
  p.classifier = NAME(reals)(member(json, "classifier"));
  return p;
}

static NAME(Membranes) *NAME(read_membranes)(const Json *json) {
  NAME(Membranes) *first = NULL, **last = &first;
  for (const Json *m = json->first; m != NULL; m = m->next) {
    Tensor t = tensor_of(m);
    *last = scrap(allocate(sizeof(NAME(Membranes))));
    snprintf((*last)->key, sizeof (*last)->key, "%s", m->key);
    (*last)->rank = t.rank, (*last)->size = t.size;
    memcpy((*last)->shape, t.shape, sizeof(long) * 4);
    (*last)->potential = NAME(reals)(m);
    last = &(*last)->next;
  }
  return first;
}

/* ---- Requests ---- */

static Output NAME(currents)(long rank, Shape s, REAL *data) {
  Output o = {TENSOR, 1, scrap(allocate(sizeof(Tensor))), NULL};
  Tensor t = {DTYPE, rank, {s.T, s.B, s.C, s.H, s.W}, size_of(s), scrap(data)};
  *o.items = t;
  return o;
}

static Output NAME(map)(const NAME(Membranes) *membranes) {
  Output o = {MAP, 0, NULL, NULL};
  for (const NAME(Membranes) *m = membranes; m != NULL; m = m->next) o.n++;
  o.items = scrap(allocate(sizeof(Tensor) * o.n)), o.keys = scrap(allocate(sizeof *o.keys * o.n));
  long i = 0;
  for (const NAME(Membranes) *m = membranes; m != NULL; m = m->next, i++) {
    Tensor t = {DTYPE, m->rank, {m->shape[0], m->shape[1], m->shape[2], m->shape[3]}, m->size, (void *)m->potential};
    o.items[i] = t;
    snprintf(o.keys[i], sizeof *o.keys, "%s", m->key);
  }
  return o;
}

/* A part of the network: inputs are a current and the membranes by key. */
static int NAME(part)(const char *ask, const Json *parameters, const Json *inputs, Output *outputs) {
  Tensor in = tensor_of(element(inputs, 0));
  Shape s = shape5(&in), out = s;
  REAL *x = NAME(reals)(element(inputs, 0)), *y;
  NAME(Membranes) *membranes = NAME(read_membranes)(element(inputs, 1));
  long rank = 5;
  if (strcmp(ask, "dssa") == 0) {
    NAME(Dssa) p = NAME(read_dssa)(parameters);
    y = NAME(dssa)(&p, "", s, x, &membranes, NULL);
  } else if (strcmp(ask, "gwsffn") == 0) {
    NAME(Gwsffn) p = NAME(read_gwsffn)(parameters);
    y = NAME(gwsffn)(&p, "", s, x, &membranes, NULL);
  } else if (strcmp(ask, "downsample") == 0) {
    NAME(Layer) p = NAME(read_layer)(parameters);
    y = NAME(layer)(&p, "", "activation", "conv", s, x, &out, &membranes, NULL);
  } else {
    NAME(Network) p = NAME(read_network)(parameters);
    y = NAME(respond)(&p, s, x, &membranes, NULL);
    Shape logits = {s.T, s.B, p.classes, 1, 1};
    out = logits, rank = 3;
  }
  outputs[0] = NAME(currents)(rank, out, y);
  outputs[1] = NAME(map)(membranes);
  return 2;
}

static void NAME(counted)(void *context, const char *path, double sops) {
  Output *o = context;
  snprintf(o->keys[o->n], sizeof *o->keys, "%s", path);
  ((double *)o->items)[o->n++] = sops;
}

/* Answers one request: how many outputs there are. */
static int NAME(computed)(const char *ask, const Json *p, const Json *inputs, Output *outputs) {
  Shape out;
  if (strcmp(ask, "stem") == 0 || strcmp(ask, "synapse") == 0) {
    int stem = ask[1] == 't';
    Tensor in = tensor_of(element(inputs, 0));
    NAME(Synapse) q = NAME(read_synapse)(p, stem);
    REAL *y = stem ? NAME(stem)(&q, shape5(&in), NAME(reals)(element(inputs, 0)), &out)
                   : NAME(synapse)(&q, shape5(&in), NAME(spikes)(element(inputs, 0)), &out);
    outputs[0] = NAME(currents)(5, out, y);
    return 1;
  }
  if (strcmp(ask, "fire") == 0) {
    Neuron neuron = NAME(read_neuron)(p);
    Tensor in = tensor_of(element(inputs, 0));
    const Json *before = element(inputs, 1);
    if (in.rank < 1 || in.shape[0] < 1) refuse("a current without a step");
    long neurons = in.size / in.shape[0];
    REAL *potential = scrap(allocate(sizeof(REAL) * neurons));
    if (before->type == NOTHING)
      for (long i = 0; i < neurons; i++) potential[i] = NAME(resting)(&neuron);
    else memcpy(potential, NAME(reals)(before), sizeof(REAL) * neurons);
    uint8_t *spikes = scrap(NAME(fire)(&neuron, in.shape[0], neurons, NAME(reals)(element(inputs, 0)), potential));
    Tensor fired = in, membrane = in;
    fired.dtype = UINT8, fired.data = spikes;
    membrane.dtype = DTYPE, membrane.data = (unsigned char *)potential;
    membrane.rank--, membrane.size = neurons;
    memmove(membrane.shape, membrane.shape + 1, sizeof(long) * 7);
    for (int i = 0; i < 2; i++) {
      Output o = {TENSOR, 1, scrap(allocate(sizeof(Tensor))), NULL};
      *o.items = i == 0 ? fired : membrane;
      outputs[i] = o;
    }
    return 2;
  }
  if (strcmp(ask, "hold") == 0) {
    Tensor in = tensor_of(element(inputs, 0));
    long steps = (long)p->number;
    REAL *y = NAME(hold)(steps, in.size, NAME(reals)(element(inputs, 0)));
    Output o = {TENSOR, 1, scrap(allocate(sizeof(Tensor))), NULL};
    in.dtype = DTYPE, in.data = scrap(y), in.size *= steps, in.shape[0] = steps;
    *o.items = in;
    outputs[0] = o;
    return 1;
  }
  if (strcmp(ask, "splitHeads") == 0) {
    Tensor in = tensor_of(element(inputs, 0));
    Shape s = shape5(&in);
    long heads = (long)p->number;
    Shape half = {s.T, s.B, heads, s.C / heads / 2, s.H * s.W};
    for (int which = 0; which < 2; which++)
      outputs[which] = NAME(currents)(5, half, NAME(split_heads)(heads, s, NAME(reals)(element(inputs, 0)), which));
    return 2;
  }
  if (strcmp(ask, "dstT") == 0 || strcmp(ask, "dst") == 0) {
    Tensor left = tensor_of(element(inputs, 0)), right = tensor_of(element(inputs, 1));
    Shape y = shape5(&left), x = shape5(&right); /* y: [T, B, heads, d, n] */
    REAL *values = NAME(reals)(element(inputs, 0));
    uint8_t *spikes = NAME(spikes)(element(inputs, 1));
    long positions = ask[3] == 'T' ? x.H * x.W : x.W;
    if (ask[3] == 'T') {
      Shape map = {y.T, y.B, y.C, y.W, positions};
      outputs[0] = NAME(currents)(
          5, map, NAME(dst_t)(numbers(p), y.T * y.B, y.C, y.H, y.W, positions, values, spikes));
    } else {
      Shape mixed = {y.T, y.B, y.C, y.H, positions};
      outputs[0] =
          NAME(currents)(5, mixed, NAME(dst)(numbers(p), y.T * y.B, y.C, y.H, y.W, positions, values, spikes));
    }
    return 1;
  }
  if (strcmp(ask, "mergeHeads") == 0) {
    Tensor in = tensor_of(element(inputs, 0));
    Shape s = shape5(&in), merged = {s.T, s.B, s.C * s.H, (long)number(p, "height"), (long)number(p, "width")};
    outputs[0] = NAME(currents)(5, merged, NAME(hold)(1, in.size, NAME(reals)(element(inputs, 0))));
    return 1;
  }
  if (strcmp(ask, "add") == 0) {
    Tensor in = tensor_of(element(inputs, 0));
    Output o = {TENSOR, 1, scrap(allocate(sizeof(Tensor))), NULL};
    in.data = scrap(NAME(add)(in.size, NAME(reals)(element(inputs, 0)), NAME(reals)(element(inputs, 1))));
    in.dtype = DTYPE;
    *o.items = in;
    outputs[0] = o;
    return 1;
  }
  if (strcmp(ask, "meanPool") == 0) {
    Tensor in = tensor_of(element(inputs, 0));
    Shape s = shape5(&in), means = {s.T, s.B, s.C, 1, 1};
    outputs[0] = NAME(currents)(3, means, NAME(mean_pool)(s, NAME(reals)(element(inputs, 0))));
    return 1;
  }
  if (strcmp(ask, "classify") == 0) {
    Tensor in = tensor_of(element(inputs, 0)), weight = tensor_of(p);
    if (in.rank != 3 || weight.rank != 2) refuse("classify takes [T, B, C] and [classes, C]");
    Shape logits = {in.shape[0], in.shape[1], weight.shape[0], 1, 1};
    outputs[0] = NAME(currents)(3, logits,
                                NAME(classify)(NAME(reals)(p), weight.shape[0], weight.shape[1],
                                               in.shape[0] * in.shape[1], NAME(reals)(element(inputs, 0))));
    return 1;
  }
  if (strcmp(ask, "c1") == 0 || strcmp(ask, "c2") == 0) {
    const Json *rates = member(p, ask[1] == '1' ? "firingRateX" : "firingRateAttn");
    Output o = {NUMBERS, length(rates), (Tensor *)numbers(rates), NULL};
    double terms = ask[1] == '1' ? number(p, "planes") / o.n : number(p, "tokens");
    for (long i = 0; i < o.n; i++) ((double *)o.items)[i] = head_scale(((double *)o.items)[i], terms);
    outputs[0] = o;
    return 1;
  }
  if (strcmp(ask, "sops") == 0) {
    NAME(Network) q = NAME(read_network)(member(p, "network"));
    Tensor in = tensor_of(element(inputs, 0));
    Output o = {COUNTS, 0, NULL, NULL};
    o.items = scrap(allocate(sizeof(double) * 8 * (q.part_count + 1)));
    o.keys = scrap(allocate(sizeof *o.keys * 8 * (q.part_count + 1)));
    NAME(Observer) observer = {NULL, NAME(counted), &o};
    NAME(Membranes) *membranes = NULL;
    REAL *embedded = scrap(NAME(stem)(&q.stem, shape5(&in), NAME(reals)(element(inputs, 0)), &out));
    long steps = (long)number(p, "steps");
    REAL *held = scrap(NAME(hold)(steps, size_of(out), embedded));
    out.T = steps;
    scrap(NAME(respond)(&q, out, held, &membranes, &observer));
    outputs[0] = o;
    return 1;
  }
  return NAME(part)(ask, p, inputs, outputs);
}

static void NAME(answer)(long id, const char *ask, const Json *parameters, const Json *inputs) {
  Output outputs[2];
  int n = NAME(computed)(ask, parameters, inputs, outputs);
  printf("{\"id\":%ld,\"outputs\":[", id);
  for (int i = 0; i < n; i++) {
    if (i > 0) putchar(',');
    write_output(&outputs[i]);
  }
  printf("]}\n");
}

/* ---- A synthetic network. SRF-KEYS-1, SRF-SYNTHETIC-2 ---- */

typedef struct {
  const Config *config;
  uint32_t seed;
  long learnt; /* how many numbers training changes */
} NAME(Maker);

/* Every number of a checkpoint is a float32. */
static double *NAME(made)(NAME(Maker) *maker, const char *key, enum Role role, long size, long fan_in) {
  double *data = allocate(sizeof(double) * size), bound = role == WEIGHT ? sqrt(3.0 / fan_in) : 0;
  uint32_t start = fnv1a(key) ^ hash32(maker->seed);
  int stem = strncmp(key, "prologue", 8) == 0;
  for (long i = 0; i < size; i++) {
    double r = sym(start, (uint32_t)i), value = 0;
    switch (role) {
      case WEIGHT: value = r * bound; break;
      case GAIN: value = 1 + 0.25 * r; break;
      case BIAS: value = 0.25 * r - (stem && maker->config->imagenet_stem ? 1 : 0); break;
      case MEAN: value = 0.1 * r; break;
      case VARIANCE: value = (stem ? 1 : 0.1) * (1 + 0.5 * r); break;
      case RATE_X: value = 0.1 * (1 + 0.5 * r); break;
      case RATE_ATTN: value = 0.05 * (1 + 0.5 * r); break;
      case LEAK: value = 0.5 * r; break;
    }
    data[i] = (float)value;
  }
  if (role == WEIGHT || role == GAIN || role == BIAS || role == LEAK) maker->learnt += size;
  return data;
}

static double *NAME(made_norm)(NAME(Maker) *maker, const char *at, const char *name, enum Role role, long size) {
  char key[512];
  snprintf(key, sizeof key, "%s.bn.%s", at, name);
  return NAME(made)(maker, key, role, size, 1);
}

static REAL *NAME(made_weight)(NAME(Maker) *maker, const char *at, long out, long fan_in) {
  char key[128];
  snprintf(key, sizeof key, "%s.weight", at);
  double *data = NAME(made)(maker, key, WEIGHT, out * fan_in, fan_in);
  REAL *weight = allocate(sizeof(REAL) * out * fan_in);
  for (long i = 0; i < out * fan_in; i++) weight[i] = (REAL)data[i];
  free(data);
  return weight;
}

static NAME(Synapse) NAME(made_synapse)(NAME(Maker) *maker, const char *at, const char *convolution, const char *norm,
                                        long out, long into, long kernel, long stride, long padding, long groups) {
  char key[128];
  snprintf(key, sizeof key, "%s.%s", at, convolution);
  NAME(Synapse) p = {{NULL, out, into / groups, kernel, kernel, stride, padding, groups}, {0}, 0, 0, 0};
  p.convolution.weight = NAME(made_weight)(maker, key, out, into / groups * kernel * kernel);
  snprintf(key, sizeof key, "%s.%s", at, norm);
  p.norm.weight = NAME(made_norm)(maker, key, "weight", GAIN, out);
  p.norm.bias = NAME(made_norm)(maker, key, "bias", BIAS, out);
  p.norm.mean = NAME(made_norm)(maker, key, "running_mean", MEAN, out);
  p.norm.variance = NAME(made_norm)(maker, key, "running_var", VARIANCE, out);
  p.norm.eps = 1e-5;
  return p;
}

static Neuron NAME(made_neuron)(NAME(Maker) *maker, const char *at, const char *label) {
  Neuron p = {"", maker->config->plif ? PLIF : LIF, 2, 0, 1, 0, 0};
  snprintf(p.key, sizeof p.key, "%s.%s", at, label);
  if (maker->config->plif) {
    char key[128];
    snprintf(key, sizeof key, "%s.w", p.key);
    double *w = NAME(made)(maker, key, LEAK, 1, 1);
    p.w = *w;
    free(w);
  }
  return p;
}

static NAME(Network) NAME(made_network)(NAME(Maker) *maker) {
  const Config *c = maker->config;
  NAME(Network) p = {{{0}}};
  char at[64], key[96];
  long kernel = c->imagenet_stem ? 7 : 3;
  p.stem = NAME(made_synapse)(maker, "prologue", "0", "1", c->planes[0], c->channels, kernel,
                              c->imagenet_stem ? 2 : 1, (kernel - 1) / 2, 1);
  long height = convolved(c->height, kernel, p.stem.convolution.stride, p.stem.convolution.padding);
  long width = convolved(c->width, kernel, p.stem.convolution.stride, p.stem.convolution.padding);
  if (c->imagenet_stem) {
    p.stem.pool = 3, p.stem.pool_stride = 2, p.stem.pool_padding = 1;
    height = convolved(height, 3, 2, 1), width = convolved(width, 3, 2, 1);
  }
  p.parts = allocate(sizeof(NAME(Part)) * 14);
  for (long stage = 0; stage < 3; stage++) {
    long planes = c->planes[stage], heads = c->heads[stage], patch = c->patch[stage], index = 0;
    if (stage > 0) {
      NAME(Part) *part = &p.parts[p.part_count++];
      snprintf(part->path, sizeof part->path, "layers.%ld.%ld", stage, index++);
      part->kind = DOWNSAMPLE;
      part->downsample.synapse =
          NAME(made_synapse)(maker, part->path, "conv", "norm", planes, c->planes[stage - 1], 3, 2, 1, 1);
      part->downsample.neuron = NAME(made_neuron)(maker, part->path, "activation");
      height = convolved(height, 3, 2, 1), width = convolved(width, 3, 2, 1);
    }
    for (long block = 0; block < c->depth[stage]; block++) {
      NAME(Part) *part = &p.parts[p.part_count++];
      snprintf(at, sizeof at, "layers.%ld.%ld", stage, index++);
      strcpy(part->path, at);
      part->kind = DSSA;
      NAME(Dssa) *a = &part->attention;
      a->planes = planes, a->heads = heads, a->height = height, a->width = width;
      a->tokens = (height / patch) * (width / patch);
      snprintf(key, sizeof key, "%s.firing_rate_x", at);
      a->rate_x = NAME(made)(maker, key, RATE_X, heads, 1);
      snprintf(key, sizeof key, "%s.firing_rate_attn", at);
      a->rate_attn = NAME(made)(maker, key, RATE_ATTN, heads, 1);
      a->in = NAME(made_neuron)(maker, at, "activation_in");
      a->attn = NAME(made_neuron)(maker, at, "activation_attn");
      a->out = NAME(made_neuron)(maker, at, "activation_out");
      a->W = NAME(made_synapse)(maker, at, "W", "norm", 2 * planes, planes, patch, patch, 0, 1);
      a->project = NAME(made_synapse)(maker, at, "Wproj", "norm_proj", planes, planes, 1, 1, 0, 1);
      part = &p.parts[p.part_count++];
      snprintf(at, sizeof at, "layers.%ld.%ld", stage, index++);
      strcpy(part->path, at);
      part->kind = GWSFFN;
      NAME(Gwsffn) *f = &part->feed_forward;
      long hidden = c->ratio * planes;
      f->up.neuron = NAME(made_neuron)(maker, at, "up.0");
      f->up.synapse = NAME(made_synapse)(maker, at, "up.1", "up.2", hidden, planes, 1, 1, 0, 1);
      f->conv.neuron = NAME(made_neuron)(maker, at, "conv.0.0");
      f->conv.synapse =
          NAME(made_synapse)(maker, at, "conv.0.1", "conv.0.2", hidden, hidden, 3, 1, 1, hidden / c->group_width);
      f->down.neuron = NAME(made_neuron)(maker, at, "down.0");
      f->down.synapse = NAME(made_synapse)(maker, at, "down.1", "down.2", planes, hidden, 1, 1, 0, 1);
    }
  }
  p.classes = c->classes, p.channels = c->planes[2];
  p.classifier = NAME(made_weight)(maker, "classifier", c->classes, c->planes[2]);
  return p;
}

/* ---- trace: the fields of `npx spikingresformer trace`. SRF-TRACE-1 to SRF-TRACE-4 ---- */

typedef struct {
  FILE *layers, *operations, *sops, *header, *values; /* the last two are NULL where no values are asked for */
  double total;
} NAME(Report);

static const char *NAME(comma)(FILE *file) { return ftell(file) > 0 ? "," : ""; }

static void NAME(write_shape)(FILE *file, const long *shape, long rank) {
  fprintf(file, "\"shape\":[");
  for (long i = 0; i < rank; i++) fprintf(file, "%s%ld", i == 0 ? "" : ",", shape[i]);
  fprintf(file, "]");
}

static void NAME(report)(void *context, const char *path, enum Operation operation, const long *shape, long rank,
                         const uint8_t *spikes, const REAL *currents) {
  NAME(Report) *r = context;
  char hex[65];
  long size = 1;
  for (long i = 0; i < rank; i++) size *= shape[i];
  if (spikes != NULL) sha256(spikes, (size_t)size, hex);
  else sha256(currents, sizeof(REAL) * (size_t)size, hex);
  if (operation == FIRE) {
    fprintf(r->layers, "%s{\"layer\":\"%s\",", NAME(comma)(r->layers), path);
    NAME(write_shape)(r->layers, shape, rank);
    fprintf(r->layers, ",\"spikes\":%.0f,\"sha256\":\"%s\"}", NAME(count)(spikes, size), hex);
  }
  fprintf(r->operations, "%s{\"path\":\"%s\",\"operation\":\"%s\",", NAME(comma)(r->operations), path,
          asks[operation]);
  NAME(write_shape)(r->operations, shape, rank);
  fprintf(r->operations, ",\"sha256\":\"%s\"}", hex);
  if (r->values == NULL) return;
  long begin = ftell(r->values);
  if (spikes != NULL) fwrite(spikes, 1, (size_t)size, r->values);
  else fwrite(currents, sizeof(REAL), (size_t)size, r->values);
  fprintf(r->header, "%s\"%s\":{\"dtype\":\"%s\",", NAME(comma)(r->header), path,
          spikes != NULL ? "U8" : sizeof(REAL) == 4 ? "F32" : "F64");
  NAME(write_shape)(r->header, shape, rank);
  fprintf(r->header, ",\"data_offsets\":[%ld,%ld]}", begin, ftell(r->values));
}

static void NAME(report_cost)(void *context, const char *path, double sops) {
  NAME(Report) *r = context;
  r->total += sops;
  fprintf(r->sops, "%s\"%s\":%.0f", NAME(comma)(r->sops), path, sops);
}

static void NAME(trace)(const Config *c, uint32_t seed, long batch, int frames, const char *values) {
  NAME(Maker) maker = {c, seed, 0};
  NAME(Network) p = NAME(made_network)(&maker);
  long pixels = c->channels * c->height * c->width, T = frames ? c->steps : 1;
  Shape in = {T, batch, c->channels, c->height, c->width}, s;
  REAL *image = allocate(sizeof(REAL) * size_of(in));
  uint32_t start = fnv1a("image") ^ hash32(seed);
  for (long b = 0; b < batch; b++) /* the numbers are [B, T, C, H, W], the input [T, B, C, H, W] */
    for (long t = 0; t < T; t++)
      for (long i = 0; i < pixels; i++)
        image[(t * batch + b) * pixels + i] = (REAL)(2 * sym(start, (uint32_t)((b * T + t) * pixels + i)));
  NAME(Report) r = {tmpfile(), tmpfile(), tmpfile(), values ? tmpfile() : NULL, values ? tmpfile() : NULL, 0};
  if (!r.layers || !r.operations || !r.sops || (values && (!r.header || !r.values))) refuse("no temporary file");
  NAME(Observer) observer = {NAME(report), NAME(report_cost), &r};
  NAME(Membranes) *membranes = NULL;
  REAL *current = NAME(stem)(&p.stem, in, image, &s);
  NAME(noted)(&observer, "prologue", "", STEM, s, NULL, current);
  if (!frames) {
    REAL *held = NAME(hold)(c->steps, size_of(s), current);
    s.T = c->steps, current = held;
    NAME(noted)(&observer, "hold", "", HOLD, s, NULL, current);
  }
  REAL *logits = NAME(respond)(&p, s, current, &membranes, &observer);
  long classes = c->classes, steps = s.T;
  if (c->height == c->width) printf("{\"variant\":\"%s\",\"image\":%ld,", c->name, c->height);
  else printf("{\"variant\":\"%s\",\"image\":[%ld,%ld],", c->name, c->height, c->width);
  printf("\"T\":%ld,\"classes\":%ld,\"batch\":%ld,\"seed\":%lu,\"frames\":%s,\"precision\":\"%s\",\"parameters\":%ld,\"sops\":{",
         steps, classes, batch, (unsigned long)seed, frames ? "true" : "false", name_of[DTYPE], maker.learnt);
  copy_file(r.sops, stdout);
  printf("},\"sopsTotal\":%.0f,\"layers\":[", r.total);
  copy_file(r.layers, stdout);
  printf("],\"operations\":[");
  copy_file(r.operations, stdout);
  printf("],\"membranes\":[");
  for (NAME(Membranes) *m = membranes; m != NULL; m = m->next) {
    char hex[65];
    sha256(m->potential, sizeof(REAL) * (size_t)m->size, hex);
    printf("%s{\"key\":\"%s\",", m == membranes ? "" : ",", m->key);
    NAME(write_shape)(stdout, m->shape, m->rank);
    printf(",\"sha256\":\"%s\"}", hex);
  }
  printf("],\"meanLogits\":[");
  for (long b = 0; b < batch; b++)
    for (long k = 0; k < classes; k++) { /* in float64 whatever the precision: the sum over the steps, divided by T */
      double sum = 0;
      for (long t = 0; t < steps; t++) sum += logits[(t * batch + b) * classes + k];
      printf("%s%.17g%s", k == 0 ? "[" : "", sum / steps, k < classes - 1 ? "," : b < batch - 1 ? "]," : "]");
    }
  printf("],\"logitsPerStepSum\":[");
  for (long t = 0; t < steps; t++)
    for (long b = 0; b < batch; b++) {
      double sum = 0;
      for (long k = 0; k < classes; k++) sum += logits[(t * batch + b) * classes + k];
      printf("%s%.17g%s", b == 0 ? "[" : "", sum, b < batch - 1 ? "," : t < steps - 1 ? "]," : "]");
    }
  printf("],\"top1\":[");
  for (long b = 0; b < batch; b++) {
    long best = 0;
    double most = -INFINITY;
    for (long k = 0; k < classes; k++) {
      double sum = 0;
      for (long t = 0; t < steps; t++) sum += logits[(t * batch + b) * classes + k];
      if (sum / steps > most) most = sum / steps, best = k;
    }
    printf("%s%ld", b == 0 ? "" : ",", best);
  }
  printf("]}\n");
  if (values != NULL) write_values(values, r.header, r.values);
}
