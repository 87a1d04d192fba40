# The operators of Graph and their derivatives. Shapes: N = B*T rows of tokens; hidden states are [N,width], heads [B,H,T,d].
# A derivative takes the gradient of the result, adds to those of the parameters (gw, gb; None where they are frozen) and returns that of the input.

# 0 or 1/(1-p): what dropout multiplies by.
def dropout_mask(x: Tensor, p: float, random: Generator) -> Tensor:
  return torch.div_(torch.bernoulli_(torch.empty_like(x), 1. - p, generator=random), 1. - p)

def add_column_sums(g: Tensor, gb: Tensor) -> None:
  gb.add_(torch.sum(g, [0], False, dtype=6))

def layer_norm_backward(g: Tensor, x: Tensor, mean: Tensor, deviation: Tensor, w: Tensor, b: Tensor, gw: Optional[Tensor], gb: Optional[Tensor]) -> Tensor:
  dx, dw, db = torch.native_layer_norm_backward(g, x, [x.size(1)], mean, deviation, w, b, [True, True, True])
  if gw is not None:
    gw.add_(dw)
  if gb is not None:
    gb.add_(db)
  return dx

def rms_norm(x: Tensor, w: Tensor, eps: float) -> Tuple[Tensor, Tensor]:
  r = torch.rsqrt(torch.mean(x * x, [1], True) + eps)
  return (x * r * w, r)

def rms_norm_backward(g: Tensor, x: Tensor, r: Tensor, w: Tensor, gw: Optional[Tensor]) -> Tensor:
  n = x * r
  if gw is not None:
    gw.add_(torch.sum(g * n, [0]))
  gn = g * w
  return (gn - n * torch.mean(gn * n, [1], True)) * r

def quick_gelu(x: Tensor) -> Tensor:
  return x * torch.sigmoid(x * 1.702)

def quick_gelu_backward(g: Tensor, x: Tensor) -> Tensor:
  s = torch.sigmoid(x * 1.702)
  return g * (s + x * s * (1. - s) * 1.702)

def embedding_backward(g: Tensor, ids: Tensor, padding: int, gw: Tensor) -> None:
  gw.add_(torch.embedding_dense_backward(g, ids, gw.size(0), padding, False))

def rows_backward(g: Tensor, rows: Tensor, x: Tensor) -> Tensor:
  return torch.index_copy_(torch.zeros_like(x), 0, rows, g)

# Rotary positions in halves. cosine, sine [N,d/2]; sine is negated for the derivative.
def rotary(x: Tensor, heads: int, cosine: Tensor, sine: Tensor) -> Tensor:
  y = x.view([x.size(0), heads, 2, -1])
  a = torch.select(y, 2, 0)
  b = torch.select(y, 2, 1)
  c = torch.to(torch.unsqueeze(cosine, 1), x.dtype)
  s = torch.to(torch.unsqueeze(sine, 1), x.dtype)
  return torch.view(torch.stack([a * c - b * s, b * c + a * s], 2), [x.size(0), -1])

# [B*T,H*d] -> [B,H,T,d] and back.
def split_heads(x: Tensor, b: int, heads: int) -> Tensor:
  return torch.transpose(torch.view(x, [b, -1, heads, x.size(1) // heads]), 1, 2)

def join_heads(x: Tensor) -> Tensor:
  return torch.reshape(torch.transpose(x, 1, 2), [x.size(0) * x.size(2), x.size(1) * x.size(3)])

# Each head of keys or values serves several heads of queries.
def repeat_heads(x: Tensor, times: int) -> Tensor:
  if times == 1:
    y = x
  else:
    b, h, t, d = torch.size(x)
    y = torch.reshape(torch.expand(torch.unsqueeze(x, 2), [b, h, times, t, d]), [b, h * times, t, d])
  return y

def sum_heads(g: Tensor, times: int) -> Tensor:
  if times == 1:
    y = g
  else:
    b, h, t, d = torch.size(g)
    y = torch.sum(torch.view(g, [b, h // times, times, t, d]), [2])
  return y

# What is added to the scores [B,1,T,S]: large negative numbers where a query must not look; None if a flag says as much. mask [B,S] has 1 for real tokens, or is empty. A row that must not look at all looks everywhere.
def score_bias(mask: Tensor, b: int, t: int, causal: bool) -> Optional[Tensor]:
  bias = annotate(Optional[Tensor], None)
  if torch.numel(mask) > 0:
    s = torch.size(mask, 1)
    keys = torch.view((1. - torch.to(mask, 6)) * -1.0e30, [b, 1, 1, s])
    if causal:
      bias = torch.clamp(keys + torch.triu(torch.full([t, s], -1.0e30), 1), -1.0e30)
    else:
      bias = torch.expand(keys, [b, 1, t, s])
  return bias

# The fused kernel, which keeps the logarithms of the sums instead of the weights.
def flash_attention(q: Tensor, k: Tensor, v: Tensor, causal: bool, bias: Optional[Tensor], scale: float) -> Tuple[Tensor, Tensor]:
  return torch._scaled_dot_product_flash_attention_for_cpu(q, k, v, 0., causal and bias is None, attn_mask=bias, scale=scale)

def flash_attention_backward(g: Tensor, q: Tensor, k: Tensor, v: Tensor, y: Tensor, sums: Tensor, causal: bool, bias: Optional[Tensor], scale: float) -> Tuple[Tensor, Tensor, Tensor]:
  return torch._scaled_dot_product_flash_attention_for_cpu_backward(g, q, k, v, y, sums, 0., causal and bias is None, attn_mask=bias, scale=scale)

# The weights [B,H,T,S] in float32; position [1,H,T,S] is added to the scores.
def attention_weights(q: Tensor, k: Tensor, causal: bool, bias: Optional[Tensor], position: Optional[Tensor], scale: float) -> Tensor:
  scores = torch.to(torch.matmul(q * scale, torch.transpose(k, 2, 3)), 6)
  if position is not None:
    scores.add_(position)
  if bias is not None:
    scores.add_(bias)
  elif causal:
    scores.add_(torch.triu(torch.full([q.size(2), k.size(2)], -1.0e30), 1))
  return torch._softmax(scores, -1, False)

# Gradient of the scores. g: of the weights.
def attention_weights_backward(g: Tensor, weights: Tensor) -> Tensor:
  return torch._softmax_backward_data(torch.to(g, 6), weights, -1, 6)

# Relative positions [1,H,T,S] from a table [buckets,H]; buckets [T*S].
def position_bias(w: Tensor, buckets: Tensor, t: int) -> Tensor:
  return torch.unsqueeze(torch.permute(torch.view(torch.embedding(w, buckets), [t, -1, w.size(1)]), [2, 0, 1]), 0)

def position_bias_backward(g: Tensor, buckets: Tensor, gw: Tensor) -> None:
  d = torch.reshape(torch.permute(torch.select(g, 0, 0), [1, 2, 0]), [-1, gw.size(1)])
  gw.add_(torch.embedding_dense_backward(d, buckets, gw.size(0), -1, False))

# The sum of the cross entropies of softmax(h w^T + b) and the likeliest labels, or the sum and its derivative; so many rows at a time that the logits stay small.
def rows_at_a_time(w: Tensor) -> int:
  return max(64, 4194304 // w.size(0))

# Smoothing e: (1 - e) times the target's -log p plus e times the mean of all labels' -log p, which is the target's plus e times what its logit has above the mean.
def smoothed(z: Tensor, target: Tensor, e: float) -> Tensor:
  loss = torch.zeros([], dtype=7)
  if e > 0.:
    loss = torch.sum(torch.gather(z, 1, target) - torch.mean(z, [1], True), dtype=7) * e
  return loss

def cross_entropy(h: Tensor, w: Tensor, b: Optional[Tensor], targets: Tensor, e: float) -> Tuple[Tensor, Tensor]:
  loss = torch.zeros([], dtype=7)
  predictions = torch.empty_like(targets)
  step = __torch__.rows_at_a_time(w)
  for i in range((h.size(0) + step - 1) // step):
    z = torch.to(__torch__.product(torch.slice(h, 0, i * step, (i + 1) * step), w, b), 6)
    target = torch.unsqueeze(torch.slice(targets, 0, i * step, (i + 1) * step), 1)
    loss = loss - torch.sum(torch.gather(torch._log_softmax(z, 1, False), 1, target), dtype=7) + __torch__.smoothed(z, target, e)
    torch.slice(predictions, 0, i * step, (i + 1) * step).copy_(torch.argmax(z, 1))
  return (loss, predictions)

# The sum of -log p; through logarithms of softmax only where p is too small for a float.
def surprise(p: Tensor, target: Tensor, z: Tensor) -> Tensor:
  picked = torch.gather(p, 1, target)
  if bool(torch.min(picked) > 1.0e-30):
    logs = torch.log(picked)
  else:
    logs = torch.gather(torch._log_softmax(z, 1, False), 1, target)
  return -torch.sum(logs, dtype=7)

def cross_entropy_backward(h: Tensor, w: Tensor, b: Optional[Tensor], targets: Tensor, e: float, gw: Optional[Tensor], gb: Optional[Tensor]) -> Tuple[Tensor, Tensor]:
  loss = torch.zeros([], dtype=7)
  dh = torch.empty_like(h)
  step = __torch__.rows_at_a_time(w)
  for i in range((h.size(0) + step - 1) // step):
    x = torch.slice(h, 0, i * step, (i + 1) * step)
    target = torch.unsqueeze(torch.slice(targets, 0, i * step, (i + 1) * step), 1)
    z = torch.to(__torch__.product(x, w, b), 6)
    p = torch._softmax(z, 1, False)
    loss = loss + __torch__.surprise(p, target, z) + __torch__.smoothed(z, target, e)
    p.scatter_add_(1, target, torch.full([x.size(0), 1], e - 1.))
    if e > 0.:
      p.sub_(e / w.size(0))
    if gb is not None:
      __torch__.add_column_sums(p, gb)
    d = torch.to(p, h.dtype)
    if gw is not None:
      __torch__.add_product(gw, d, x)
    torch.slice(dh, 0, i * step, (i + 1) * step).copy_(__torch__.product(d, torch.t(w), None))
  return (loss, dh)

# Matrix products: x w^T + b, and g += a^T b.
def product_mkl(x: Tensor, w: Tensor, b: Optional[Tensor]) -> Tensor:
  return torch.linear(x, w, b)

def add_product_mkl(g: Tensor, a: Tensor, b: Tensor) -> None:
  g.addmm_(torch.t(a), b)

def product_onednn(x: Tensor, w: Tensor, b: Optional[Tensor]) -> Tensor:
  return ops.mkldnn._linear_pointwise(x, w, b, "none", [], "")

def add_product_onednn(g: Tensor, a: Tensor, b: Tensor) -> None:
  g.add_(ops.mkldnn._linear_pointwise(torch.t(a), torch.t(b), None, "none", [], ""))

def add_product_bfloat16(g: Tensor, a: Tensor, b: Tensor) -> None:
  g.add_(torch.matmul(torch.t(a), b))
